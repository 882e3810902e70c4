"""Standard Webhooks 1.0.0 signatures: v1 (HMAC-SHA256) and v1a (Ed25519) over `id.timestamp.body`.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Sequence

Signer = Callable[[bytes], str]
SYMMETRIC, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
SECRET_BYTES = 32  # the specification allows 24 to 64


def new_secret() -> str:
    """A shared secret, `whsec_…`."""
    return SYMMETRIC + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def new_key_pair() -> tuple[str, str]:
    """An Ed25519 key pair, `whsk_…` and `whpk_…`: seed and public key, public key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    return PRIVATE + b64encode(key.private_bytes_raw() + public).decode(), PUBLIC + b64encode(public).decode()


def signer(secret: str) -> Signer:
    """What signs with this secret, its prefix says how; ValueError for anything that is not one."""
    try:
        if secret.startswith(SYMMETRIC):
            return symmetric(b64decode(secret.removeprefix(SYMMETRIC), validate=True))
        if secret.startswith(PRIVATE):
            return asymmetric(b64decode(secret.removeprefix(PRIVATE), validate=True))
    except BadBase64 as error:
        raise ValueError("a webhook secret is not base64") from error
    raise ValueError("a webhook secret starts with whsec_ or whsk_")


def symmetric(key: bytes) -> Signer:
    if not 16 <= len(key) <= 64:  # the specification asks for 24, a published vector has 18
        raise ValueError(f"a webhook secret has 16 to 64 bytes, not {len(key)}")
    return lambda content: "v1," + b64encode(hmac.digest(key, content, "sha256")).decode()


def asymmetric(key: bytes) -> Signer:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if len(key) not in (32, 64):
        raise ValueError(f"an Ed25519 webhook key has 32 or 64 bytes, not {len(key)}")
    private = Ed25519PrivateKey.from_private_bytes(key[:32])
    return lambda content: "v1a," + b64encode(private.sign(content)).decode()


def headers(signers: Sequence[Signer], id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers. Signatures are parted by exactly one space: PyPI's verifier fails on two."""
    content = b"%s.%d.%s" % (id.encode(), timestamp, body)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join([sign(content) for sign in signers]),
    }
