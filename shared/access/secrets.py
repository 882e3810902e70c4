"""The secrets a new installation needs, made once and never overwritten; and how they are read."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

from shared.env import SecretMissing


def random_key() -> bytes:
    """256 random bits as base64 text."""
    return b64encode(os.urandom(32))


def random_text() -> str:
    """256 random bits for a URL or a cookie: 43 characters."""
    return urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")


SECRETS: dict[str, Callable[[], bytes]] = {
    "jwt-signing-key": random_key,  # the seed of an Ed25519 key
    "field-key": random_key,  # AES-256 for fields encrypted at rest
    "session-key": random_key,  # signs what the dashboard keeps in the browser
}


def make_secrets(folder: Path) -> list[str]:
    """Write the missing secrets (files 600 in a folder 700); return their names."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = []
    for name, make in SECRETS.items():
        try:
            file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(file, "wb") as out:
            out.write(make() + b"\n")
        made.append(name)
    return made


def key_bytes(name: str, text: bytes) -> bytes:
    """The 32 bytes of a secret written as base64, hex or as they are; raises SecretMissing."""
    for read in (as_hex, b64decode, bytes):
        try:
            data = read(text)
        except ValueError:
            continue
        if len(data) == 32:
            return data
    raise SecretMissing(f"secret {name} is not 32 bytes as base64 or hex: remove it and run `make secrets`")


def as_hex(text: bytes) -> bytes:
    return bytes.fromhex(text.decode())
