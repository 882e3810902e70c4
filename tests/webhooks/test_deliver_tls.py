"""Over TLS the certificate must name the host, whatever address the guard pinned."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from webhooks_support import Receiver, raise_signals

from shared.store import deliveries
from shared.webhooks import endpoints, wire
from shared.webhooks.deliver import deliver

HOST = "hooks.example"


def certificate(folder: Path) -> Path:
    """Key and self-signed certificate for HOST in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    file = folder / "tls.pem"
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none)
    file.write_bytes(private + built.public_bytes(pem))
    return file


@pytest.fixture
async def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A receiver that speaks TLS, whose certificate our context trusts."""
    file = certificate(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    receiver = Receiver()
    receiver.server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=serving)
    receiver.url = f"https://{HOST}:{receiver.server.sockets[0].getsockname()[1]}/hook"
    trusting = ssl.create_default_context(cafile=str(file))
    monkeypatch.setattr(wire, "tls_context", lambda: trusting)
    yield receiver
    await receiver.stop()


async def to_loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


async def test_a_trusted_certificate_for_the_host(hooks_env: Any, secure: Any) -> None:
    await endpoints.create(hooks_env, "ann", secure.url)
    await raise_signals(hooks_env, 8)
    assert (await deliver(hooks_env, linger=0, lookup=to_loopback))["delivered"] == 8
    assert {got.headers["host"] for got in secure.got} == {secure.url.split("/")[2]}


@pytest.mark.parametrize("wrong", ["host", "issuer"])
async def test_any_other_certificate_gets_nothing(
    hooks_env: Any, secure: Any, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    url = secure.url.replace(HOST, "other.example") if wrong == "host" else secure.url
    if wrong == "issuer":
        monkeypatch.setattr(wire, "tls_context", ssl.create_default_context)
    hook = (await endpoints.create(hooks_env, "ann", url)).webhook
    await raise_signals(hooks_env)
    assert (await deliver(hooks_env, linger=0, lookup=to_loopback))["delivered"] == 0
    assert secure.got == []
    [delivery] = await deliveries.log(hooks_env.db, hook.id)
    assert (delivery.log[0].error or "").startswith("certificate: ")
