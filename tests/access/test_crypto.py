"""Fields at rest, and the secrets a new installation gets."""

from __future__ import annotations

import stat
from base64 import b64decode, urlsafe_b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from shared.access import crypto
from shared.access.secrets import key_bytes, make_secrets
from shared.env import SecretMissing, Secrets


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    make_secrets(tmp_path / "s")
    return Secrets(tmp_path / "s")


def test_make_secrets_writes_what_is_missing_and_overwrites_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "s"
    assert make_secrets(folder) == ["jwt-signing-key", "field-key", "session-key"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert len(b64decode(file.read_bytes())) == 32
    assert len(set(before.values())) == 3
    (folder / "field-key").unlink()
    assert make_secrets(folder) == ["field-key"]
    after = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert after.pop("field-key") != before.pop("field-key")
    assert after == before


@pytest.mark.parametrize("text", [b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", b"00" * 32, bytes(32)])
def test_a_key_may_be_written_in_three_ways(text: bytes) -> None:
    assert key_bytes("x", text) == bytes(32)
    with pytest.raises(SecretMissing, match="secret x is not 32 bytes"):
        key_bytes("x", text[:-1])


@pytest.mark.parametrize("text", ["whsec_abc", "", "é😀\x00", "x" * 100_000])
def test_a_field_comes_back(secrets: Secrets, text: str) -> None:
    stored = crypto.encrypt(secrets, "webhooks", "secret", "01", text)
    assert crypto.decrypt(secrets, "webhooks", "secret", "01", stored) == text
    assert stored != crypto.encrypt(secrets, "webhooks", "secret", "01", text)


def test_the_form_is_open_to_any_aes_gcm(secrets: Secrets) -> None:
    stored = crypto.encrypt(secrets, "webhooks", "secret", "01", "whsec_abc")
    version, kid, nonce, sealed = stored.split("|")
    assert (version, kid) == ("v1", crypto.current_key(secrets))
    assert kid == crypto.key_of(stored)
    key = b64decode((secrets.folder / "field-key").read_bytes())
    assert len(key) * 8 in AES.key_sizes
    raw = [urlsafe_b64decode(part + "==") for part in (nonce, sealed)]
    assert len(raw[0]) == 12
    assert AESGCM(key).decrypt(raw[0], raw[1], b"webhooks|secret|01") == b"whsec_abc"
    assert "abc" not in stored


@pytest.mark.parametrize(
    "place", [("webhooks", "secret", "02"), ("webhooks", "url", "01"), ("users", "secret", "01")]
)
def test_a_field_opens_only_where_it_belongs(secrets: Secrets, place: tuple[str, str, str]) -> None:
    stored = crypto.encrypt(secrets, "webhooks", "secret", "01", "whsec_abc")
    with pytest.raises(crypto.Undecipherable) as found:
        crypto.decrypt(secrets, *place, stored)
    assert "abc" not in str(found.value)


def test_what_was_altered_does_not_open(secrets: Secrets) -> None:
    stored = crypto.encrypt(secrets, "t", "c", "1", "whsec_abc")
    _, kid, nonce, sealed = stored.split("|")
    for text in (
        "",
        "|||",
        "v1",
        stored + "|x",
        f"v2|{kid}|{nonce}|{sealed}",
        f"v1|other|{nonce}|{sealed}",
        f"v1|{kid}||{sealed}",
        f"v1|{kid}|{nonce}|",
        f"v1|{kid}|{nonce}|{sealed[:-4]}",
        f"v1|{kid}|{nonce}|A{sealed[1:]}" if sealed[0] != "A" else f"v1|{kid}|{nonce}|B{sealed[1:]}",
        f"v1|{kid}|{nonce}|é",
    ):
        with pytest.raises(crypto.Undecipherable):
            crypto.decrypt(secrets, "t", "c", "1", text)


def test_the_key_rotates(secrets: Secrets) -> None:
    old = crypto.encrypt(secrets, "t", "c", "1", "secret")
    (secrets.folder / "field-key").rename(secrets.folder / "field-key-previous")
    make_secrets(secrets.folder)
    assert crypto.decrypt(secrets, "t", "c", "1", old) == "secret"
    new = crypto.encrypt(secrets, "t", "c", "1", "secret")
    assert crypto.key_of(new) == crypto.current_key(secrets) != crypto.key_of(old)
    (secrets.folder / "field-key-previous").unlink()
    with pytest.raises(crypto.Undecipherable):
        crypto.decrypt(secrets, "t", "c", "1", old)
    assert crypto.decrypt(secrets, "t", "c", "1", new) == "secret"
