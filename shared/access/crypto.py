"""Fields encrypted at rest: AES-256-GCM as `v1|kid|nonce|ciphertext`, bound to its place in the database."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from shared.access.secrets import key_bytes
from shared.env import SecretMissing, Secrets
from shared.errors import Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEYS = ("field-key", "field-key-previous")  # the first encrypts, both decrypt
NONCE_BYTES = 12


class Undecipherable(Problem):
    """A stored secret that no key of ours opens: altered, moved to another row, or of a lost key."""


def encrypt(secrets: Secrets, table: str, column: str, row_id: str, text: str) -> str:
    """Encrypt a field; it can be read back only under the same table, column and row."""
    kid, cipher = cipher_of(KEYS[0], secrets.get(KEYS[0]))
    nonce = os.urandom(NONCE_BYTES)
    sealed = cipher.encrypt(nonce, text.encode(), place(table, column, row_id))
    return "|".join(("v1", kid, encoded(nonce), encoded(sealed)))


def decrypt(secrets: Secrets, table: str, column: str, row_id: str, stored: str) -> str:
    """Read a field back; raises Undecipherable, which says where but never what."""
    from cryptography.exceptions import InvalidTag

    where = f"{table}.{column} of {row_id}"
    try:
        version, kid, nonce, sealed = stored.split("|")
        cipher = ciphers(secrets)[kid] if version == "v1" else None
        if cipher is None:
            raise Undecipherable(f"{where}: written by a newer version")
        opened = cipher.decrypt(decoded(nonce), decoded(sealed), place(table, column, row_id))
    except (ValueError, KeyError, InvalidTag) as error:
        raise Undecipherable(f"{where} cannot be decrypted with the field-key") from error
    return opened.decode()


def key_of(stored: str) -> str:
    """The id of the key a field was encrypted with."""
    return stored.split("|")[1]


def current_key(secrets: Secrets) -> str:
    """The id of the key that encrypts now: fields of another are due for encryption anew."""
    return cipher_of(KEYS[0], secrets.get(KEYS[0]))[0]


def ciphers(secrets: Secrets) -> dict[str, AESGCM]:
    found = [cipher_of(KEYS[0], secrets.get(KEYS[0]))]
    try:
        found.append(cipher_of(KEYS[1], secrets.get(KEYS[1])))
    except SecretMissing:
        return dict(found)
    return dict(found)


@lru_cache(maxsize=8)
def cipher_of(name: str, text: bytes) -> tuple[str, AESGCM]:
    """Key id and cipher of a secret."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key = key_bytes(name, text)
    return sha256(b"kid" + key).hexdigest()[:8], AESGCM(key)


def place(table: str, column: str, row_id: str) -> bytes:
    return f"{table}|{column}|{row_id}".encode()


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
