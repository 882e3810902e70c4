"""What we sign, verified by libraries nobody here wrote, in receivers on loopback (W2, W3)."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks.webhooks
import svix.webhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from webhooks_support import Got, raise_signals

from shared.models import DAY
from shared.webhooks import endpoints
from shared.webhooks.deliver import deliver

VERIFY = Path(__file__).parent / "verify"
PYTHON = [standardwebhooks.webhooks.Webhook, svix.webhooks.Webhook]
REFUSED = (standardwebhooks.webhooks.WebhookVerificationError, svix.webhooks.WebhookVerificationError)


@pytest.fixture
def live_env(hooks_env: Any) -> Any:
    """Receivers accept five minutes of difference: the clock must be the real one."""
    hooks_env.now = lambda: time.time_ns() // 1_000_000
    return hooks_env


@asynccontextmanager
async def node_receiver(**keys: str | None) -> AsyncIterator[tuple[str, asyncio.StreamReader]]:
    """URL and output of a Node process that verifies."""
    if not shutil.which("node") or not (VERIFY / "node_modules").is_dir():
        pytest.skip("no verifiers: npm ci --ignore-scripts --prefix tests/webhooks/verify")
    process = await asyncio.create_subprocess_exec(
        "node", "receiver.mjs", json.dumps(keys), cwd=VERIFY, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}/hook", process.stdout
    finally:
        process.terminate()
        await process.wait()


def verify_v1a(public_key: str, got: Got) -> None:
    key = Ed25519PublicKey.from_public_bytes(b64decode(public_key.removeprefix("whpk_")))
    headers = got.headers
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + got.body
    for one in headers["webhook-signature"].split(" "):
        if one.startswith("v1a,"):
            key.verify(b64decode(one[4:]), content)
            return
    raise AssertionError("no v1a signature")


@pytest.mark.parametrize("verifier", PYTHON, ids=["standardwebhooks", "svix"])
async def test_python_verifiers(live_env: Any, receiver: Any, verifier: Any) -> None:
    target = await receiver()
    created = await endpoints.create(live_env, "ann", target.url)
    await raise_signals(live_env)
    assert (await deliver(live_env, linger=0))["delivered"] == 1
    [got] = target.got
    assert "🚀".encode() in got.body
    verifier(created.secret).verify(got.body, got.headers)
    with pytest.raises(REFUSED):
        verifier(created.secret).verify(got.body.replace(b"BTC", b"ETH"), got.headers)


async def test_v1a_by_cryptography(live_env: Any, receiver: Any) -> None:
    target = await receiver()
    created = await endpoints.create(live_env, "ann", target.url, scheme="v1a")
    assert created.secret is None
    assert created.webhook.public_key
    await raise_signals(live_env)
    await deliver(live_env, linger=0)
    verify_v1a(created.webhook.public_key, target.got[0])


@pytest.mark.parametrize("scheme", ["v1", "v1a"])
async def test_node_verifiers(live_env: Any, scheme: str) -> None:
    created = await endpoints.create(live_env, "ann", "http://127.0.0.1:9999/", scheme=scheme)
    hook = created.webhook
    keys = {"secret": created.secret} if scheme == "v1" else {"publicKey": hook.public_key}
    async with node_receiver(**keys) as (url, said):
        await endpoints.change(live_env, "ann", hook.id, url=url)
        [event] = await raise_signals(live_env)
        assert (await deliver(live_env, linger=0))["delivered"] == 1
        line = json.loads(await said.readline())
    expected = ["standardwebhooks", "svix"] if scheme == "v1" else ["node:crypto"]
    assert line == {"id": event, "found": dict.fromkeys(expected, "verified")}


async def test_rotation_signs_with_both_until_the_overlap_ends(live_env: Any, receiver: Any) -> None:
    """Symmetric → Ed25519 → symmetric: every key that still counts verifies, old ones stop."""
    start, ahead = live_env.now(), 0
    live_env.now = lambda: start + ahead
    target = await receiver()
    first = await endpoints.create(live_env, "ann", target.url)
    id = first.webhook.id
    second = await endpoints.rotate(live_env, "ann", id, scheme="v1a")
    third = await endpoints.rotate(live_env, "ann", id, scheme="v1", overlap=3000)
    await raise_signals(live_env)
    await deliver(live_env, linger=0)
    [got] = target.got
    signatures = got.headers["webhook-signature"]
    assert [one.partition(",")[0] for one in signatures.split(" ")] == ["v1", "v1", "v1a"]
    for verifier in PYTHON:
        for secret in (first.secret, third.secret):
            verifier(secret).verify(got.body, got.headers)
    verify_v1a(second.webhook.public_key or "", got)

    ahead = 3000
    await raise_signals(live_env, prefix="01SECOND")
    await deliver(live_env, linger=0)
    kinds = [one.partition(",")[0] for one in target.got[1].headers["webhook-signature"].split(" ")]
    assert kinds == ["v1", "v1"]
    ahead = DAY
    await raise_signals(live_env, prefix="01THIRD")
    await deliver(live_env, linger=0)
    assert " " not in target.got[2].headers["webhook-signature"]
