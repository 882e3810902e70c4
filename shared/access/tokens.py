"""JWTs: Ed25519 only, short-lived, checked for everything that RFC 8725 and RFC 9068 ask.

A token is refused with one constant answer, whatever is wrong with it.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from shared.access.rates import parse_rate
from shared.access.scopes import granted
from shared.access.secrets import key_bytes, random_text
from shared.env import Env, SecretMissing
from shared.errors import Invalid, Unauthorized
from shared.models import Principal
from shared.store.keys import KeyRecord

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LONGEST_S = 900
LEEWAY_S = 30
MOST_BYTES = 4096
AUDIENCE = "cryptointel-api"
REQUIRED = ["exp", "iat", "nbf", "iss", "aud", "sub", "jti"]
# The signature's 64 bytes in the one way to write them: no padding, no stray bits in the last digit.
COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]{85}[AQgw]", re.ASCII)
SIGNING_KEYS = ("jwt-signing-key", "jwt-signing-key-previous")  # the first signs, both verify


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair under the id that tokens name."""

    kid: str
    private: Ed25519PrivateKey
    public: Ed25519PublicKey
    x: str  # the public key as a JWK writes it


def refused() -> Unauthorized:
    return Unauthorized("the token is not valid")


def mint(env: Env, key: KeyRecord, ttl_s: int = LONGEST_S, scopes: Iterable[str] | None = None) -> str:
    """A token that stands for a key for `ttl_s` seconds (at most 900), with its scopes or fewer."""
    import jwt

    if not 1 <= ttl_s <= LONGEST_S:
        raise Invalid(f"ttl: {ttl_s!r} is not between 1 and {LONGEST_S} seconds")
    wanted = key.scopes if scopes is None else frozenset(scopes)
    if extra := sorted(scope for scope in wanted if not granted(key.scopes, scope)):
        raise Invalid(f"scopes: the key does not have {', '.join(extra)}")
    now = env.now() // 1000
    claims = {
        "iss": issuer(env),
        "aud": AUDIENCE,
        "sub": key.id,
        "jti": random_text(),
        "iat": now,
        "nbf": now,
        "exp": now + ttl_s,
        "user_id": key.owner,
        "scopes": sorted(wanted),
        "rate_limit": key.rate_limit,
    }
    signer = signing_keys(env)[0]
    return jwt.encode(claims, signer.private, "EdDSA", headers={"kid": signer.kid, "typ": "at+jwt"})


def verify(env: Env, token: str) -> Principal:
    """The principal a token speaks for; raises Unauthorized, and nothing else, for any other text."""
    import jwt

    if len(token) > MOST_BYTES or not COMPACT.fullmatch(token):
        raise refused()
    try:
        header = jwt.get_unverified_header(token)
        key = next((k for k in signing_keys(env) if k.kid == header.get("kid")), None)
        if key is None or header.get("typ") != "at+jwt" or set(header) != {"alg", "kid", "typ"}:
            raise refused()
        claims = jwt.decode(
            token,
            key.public,
            algorithms=["EdDSA"],
            # The clock is env.now(): times are checked below, all of them.
            options={
                "require": REQUIRED,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "strict_aud": True,
            },
            audience=AUDIENCE,
            issuer=issuer(env),
        )
    except (jwt.PyJWTError, ValueError, RecursionError, TypeError):
        raise refused() from None
    return principal_of(claims, env.now() // 1000)


def principal_of(claims: dict[str, Any], now: int) -> Principal:
    """Check the times and types of signed claims; `now` in seconds."""
    issued, starts, ends = (claims[name] for name in ("iat", "nbf", "exp"))
    if any(type(t) is not int for t in (issued, starts, ends)):
        raise refused()
    if not (0 < ends - issued <= LONGEST_S and starts < ends):
        raise refused()
    if max(issued, starts) > now + LEEWAY_S or ends <= now - LEEWAY_S:
        raise refused()
    subject, user, rate = (claims.get(name) for name in ("sub", "user_id", "rate_limit"))
    scopes = claims.get("scopes")
    if not isinstance(subject, str) or not isinstance(user, str) or not isinstance(rate, str):
        raise refused()
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise refused()
    try:
        parse_rate(rate)
    except Invalid:
        raise refused() from None
    return Principal(subject, "jwt", frozenset(scopes), rate, user, ends * 1000)


def jwks(env: Env) -> dict[str, Any]:
    """The public keys as RFC 7517 writes them."""
    return {
        "keys": [
            {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": k.kid, "x": k.x}
            for k in signing_keys(env)
        ]
    }


def issuer(env: Env) -> str:
    return env.settings.public_base_url


def signing_keys(env: Env) -> tuple[SigningKey, ...]:
    """The keys of this process, read once; the first one signs."""
    keys: tuple[SigningKey, ...] | None = env.memory.get("signing keys")
    if keys is None:
        keys = tuple(read_keys(env))
        env.memory["signing keys"] = keys
    return keys


def read_keys(env: Env) -> Iterable[SigningKey]:
    for name in SIGNING_KEYS:
        try:
            text = env.secrets.get(name)
        except SecretMissing:
            if name == SIGNING_KEYS[0]:
                raise
            continue
        yield signing_key(name, text)


def signing_key(name: str, text: bytes) -> SigningKey:
    """A key from its secret: PEM, or the 32 bytes of the seed as base64 or hex."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if text.startswith(b"-----BEGIN"):
        try:
            private = load_pem_private_key(text, None)
        except ValueError:
            private = None
        if not isinstance(private, Ed25519PrivateKey):
            raise SecretMissing(f"secret {name} is not an Ed25519 key in PEM")
    else:
        private = Ed25519PrivateKey.from_private_bytes(key_bytes(name, text))
    public = private.public_key()
    x = urlsafe_b64encode(public.public_bytes_raw()).decode().rstrip("=")
    # RFC 7638: the thumbprint of the key's required members, in this order, without white space.
    thumbprint = sha256(orjson.dumps({"crv": "Ed25519", "kty": "OKP", "x": x})).digest()
    return SigningKey(urlsafe_b64encode(thumbprint)[:16].decode(), private, public, x)
