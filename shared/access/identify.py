"""Who asks: a key or JWT in a header, or a session cookie. Never a query parameter: URLs are logged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from shared.access import keys, sessions
from shared.access.scopes import granted, require, role_scopes
from shared.env import Env
from shared.errors import Unauthorized
from shared.models import Principal
from shared.store import keys as stored
from shared.store.keys import KeyRecord

__all__ = ["ANONYMOUS", "credential", "identify", "identify_cached", "identify_token", "require"]

Headers = Iterable[tuple[bytes, bytes]]  # as ASGI gives them: names in lower case

ANONYMOUS = Principal("anonymous", "anonymous", frozenset(), "100/hour")
TRUSTED_MS = 1000  # how long a look-up is believed: another replica may have revoked the key
MOST = 20_000  # identities remembered

# sha256 of the token → (until when it is believed, who it is or None for nobody)
Known = dict[bytes, tuple[int, Principal | None]]


def known(env: Env) -> Known:
    found: Known = env.memory.setdefault("identities", {})
    return found


def credential(headers: Headers) -> bytes | None:
    """The key or JWT of `Authorization: Bearer …` or `X-API-Key`; raises Unauthorized for another scheme."""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.partition(b" ")
            token = token.strip()
            if scheme.lower() != b"bearer" or not token or b" " in token:
                raise Unauthorized("Authorization must be: Bearer <API key or JWT>")
            return token
        if name == b"x-api-key":
            return value.strip()
    return None


def identify_cached(env: Env, token: bytes) -> Principal | None:
    """Who a token was within the last second; None means: not known, ask `identify`."""
    entry = known(env).get(sha256(token).digest())
    return entry[1] if entry is not None and entry[0] > env.now() else None


async def identify(env: Env, headers: Headers) -> Principal:
    """The principal of a request, ANONYMOUS without credentials. Raises Unauthorized or KVUnavailable."""
    headers = list(headers)
    token = credential(headers)
    if token is not None:
        return await identify_token(env, token)
    cookie = sessions.session_cookie(headers)
    return await sessions.identify(env, cookie) if cookie else ANONYMOUS


async def identify_token(env: Env, token: bytes) -> Principal:
    """The principal of a key or JWT; raises Unauthorized with one constant text."""
    digest = sha256(token).digest()
    entry = known(env).get(digest)
    if entry is None or entry[0] <= env.now():
        principal = await look_up(env, token)
        entry = remember(env, digest, principal)
    if entry[1] is None:
        raise Unauthorized("the API key or token is not valid")
    return entry[1]


def remember(env: Env, digest: bytes, principal: Principal | None) -> tuple[int, Principal | None]:
    """Believe it for a second, and no longer than the credential itself lives."""
    until = env.now() + TRUSTED_MS
    if principal is not None and principal.expires_at is not None:
        until = min(until, principal.expires_at)
    found = known(env)
    if len(found) >= MOST:
        found.clear()
    found[digest] = (until, principal)
    return found[digest]


async def look_up(env: Env, token: bytes) -> Principal | None:
    try:
        text = token.decode("ascii")
    except UnicodeDecodeError:
        return None
    if text.startswith("cik_"):
        record = await keys.find(env, text)
        return of_key(record) if record else None
    if text.count(".") == 2:
        return await of_token(env, token, text)
    return None


def of_key(record: KeyRecord) -> Principal:
    """A key as a principal: what it was given, less what its owner's role no longer has."""
    return Principal(
        record.id,
        "key",
        shared_scopes(record.scopes, role_scopes(record.role)),
        record.rate_limit,
        record.owner,
        record.expires_at,
    )


async def of_token(env: Env, token: bytes, text: str) -> Principal | None:
    """A JWT as a principal, while the key it stands for is valid; the signature is checked once."""
    verified: dict[bytes, Principal] = env.memory.setdefault("verified tokens", {})
    digest = sha256(token).digest()
    principal = verified.get(digest)
    if principal is None or (principal.expires_at or 0) <= env.now():
        from shared.access import tokens

        try:
            principal = tokens.verify(env, text)
        except Unauthorized:
            return None
        if len(verified) >= MOST:
            verified.clear()
        verified[digest] = principal
    record = await stored.by_id(env.db, principal.id)
    if record is None or not record.valid(env.now()):
        return None
    return replace(principal, scopes=shared_scopes(principal.scopes, of_key(record).scopes))


def shared_scopes(asked: frozenset[str], given: frozenset[str]) -> frozenset[str]:
    return frozenset(scope for scope in asked if granted(given, scope))
