"""Tokens that are almost right, each wrong in one way (RFC 8725)."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.access.tokens import signing_key

HEADERS: dict[str, dict[str, Any]] = {
    "no kid": {"kid": None},
    "unknown kid": {"kid": "other"},
    "kid path": {"kid": "../../../../dev/null"},
    "kid sql": {"kid": "' UNION SELECT 'x' --"},
    "kid of 10 kB": {"kid": "x" * 10_000},
    "kid list": {"kid": ["a"]},
    "jku": {"jku": "LISTENER/keys"},
    "x5u": {"x5u": "LISTENER/keys"},
    "jwk": {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}},
    "crit": {"crit": ["exp"]},
    "typ JWT": {"typ": "JWT"},
    "typ refresh": {"typ": "rt+jwt"},
    "alg none": {"alg": "none"},
    "alg HS256": {"alg": "HS256"},
}
CLAIMS: dict[str, dict[str, Any]] = {
    "aud missing": {"aud": None},
    "aud longer": {"aud": "cryptointel-api-2"},
    "aud list": {"aud": ["cryptointel-api"]},
    "iss missing": {"iss": None},
    "iss part": {"iss": "http://127.0.0.1"},
    "exp missing": {"exp": None},
    "exp past": {"exp": 1_000},
    "exp 1e308": {"exp": 1e308},
    "exp text": {"exp": "9999999999"},
    "exp true": {"exp": True},
    "exp in a day": {"exp": 4_000_000_000},
    "iat future": {"iat": 4_000_000_000},
    "nbf future": {"nbf": 4_000_000_000},
    "sub missing": {"sub": None},
    "sub unknown": {"sub": "key_0000000000000000"},
    "jti missing": {"jti": None},
    "scopes text": {"scopes": "admin:*"},
}


def encoded(data: bytes | dict[str, Any]) -> str:
    raw = json.dumps(data).encode() if isinstance(data, dict) else data
    return urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=="))
    return found


def changed(whole: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**whole, **change}.items() if value is not None}


def mutants(token: str, secrets: Path, key_id: str, listener: str) -> Iterator[tuple[str, str]]:
    """Named mutants of a good token; those with a right signature are signed by the server's own key.

    `listener` is a URL that some of them offer keys at.
    """
    head, body, signature = token.split(".")
    header, claims = decoded(head), decoded(body)
    assert claims["sub"] == key_id
    own = signing_key("jwt-signing-key", (secrets / "jwt-signing-key").read_bytes().strip())

    def signed(header: Any, claims: Any, private: Ed25519PrivateKey = own.private) -> str:
        text = f"{encoded(header)}.{encoded(claims)}"
        return f"{text}.{encoded(private.sign(text.encode()))}"

    for name, change in HEADERS.items():
        told = {k: v.replace("LISTENER", listener) if isinstance(v, str) else v for k, v in change.items()}
        yield name, signed(changed(header, told), claims)
    for name, change in CLAIMS.items():
        yield name, signed(header, changed(claims, change))
    yield "unsigned", f"{encoded({**header, 'alg': 'none'})}.{body}."
    yield "nOnE", f"{encoded({**header, 'alg': 'nOnE'})}.{body}."
    yield "other key", signed(header, claims, Ed25519PrivateKey.generate())
    raw = own.public.public_bytes_raw()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    for name, secret in (
        ("raw", raw),
        ("PEM", own.public.public_bytes(serialization.Encoding.PEM, info)),
        ("DER", own.public.public_bytes(serialization.Encoding.DER, info)),
    ):
        text = f"{encoded({**header, 'alg': 'HS256'})}.{body}"
        yield (
            f"HS256 with the public key as {name}",
            f"{text}.{encoded(hmac.digest(secret, text.encode(), sha256))}",
        )
    yield "padded", f"{token}="
    yield "no signature", f"{head}.{body}"
    yield "empty signature", f"{head}.{body}."
    yield "cut signature", token[:-2]
    yield "claims swapped", f"{head}.{encoded({**claims, 'scopes': ['admin:*']})}.{signature}"
    yield "four parts", f"{token}.{signature}"
    yield "nested", f"{head}.{encoded(b'[' * 10_000)}.{signature}"
    yield "nested deeper", f"{head}.{encoded(b'[' * 100_000)}.{signature}"
    yield "2 MB", f"{head}.{'A' * 2_000_000}.{signature}"
    yield "not ASCII", "Bearer.é.x"
