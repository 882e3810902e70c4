"""API keys: `cik_<env>_<43 base62 digits of 32 random bytes><6 base62 digits of their CRC32>`.

The checksum lets a server (and a secret scanner) refuse a mistyped or invented key without a look-up.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from zlib import crc32

from shared.access.rates import parse_rate
from shared.access.scopes import RATES, allowed_scopes
from shared.env import Env
from shared.errors import Conflict, Invalid, NotFound
from shared.store import keys as stored
from shared.store import users
from shared.store.keys import KeyRecord

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ENVIRONMENTS = {"development": "dev", "staging": "stg", "production": "prod"}
KEY = re.compile(r"cik_(dev|stg|prod)_[0-9A-Za-z]{43}[0-9A-Za-z]{6}", re.ASCII)
KEY_LENGTHS = (57, 58)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with its record; `key` is shown once and exists nowhere else."""

    key: str
    record: KeyRecord


def new_id() -> str:
    return f"key_{os.urandom(8).hex()}"


def base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(DIGITS[digit])
    return "".join(reversed(digits))


def checksum(text: str) -> str:
    return base62(crc32(text.encode()), 6)


def generate(environment: str) -> str:
    """A new key for an environment by its long name (`development`)."""
    body = f"cik_{ENVIRONMENTS[environment]}_{base62(int.from_bytes(os.urandom(32)), 43)}"
    return body + checksum(body)


def well_formed(key: str) -> bool:
    """Whether format and checksum are right; needs no database."""
    if len(key) not in KEY_LENGTHS or not KEY.fullmatch(key):
        return False
    return checksum(key[:-6]) == key[-6:]


def hash_of(key: str) -> bytes:
    """256 random bits need no slow hash."""
    return sha256(key.encode()).digest()


def shown(key: str) -> str:
    """What listings show of a key: its prefix and four digits."""
    return key[: key.rindex("_") + 5]


async def create(
    env: Env,
    *,
    owner: str,
    level: str,
    name: str = "",
    scopes: Iterable[str] | None = None,
    rate_limit: str | None = None,
    expires_at: int | None = None,
) -> NewKey:
    """Make a key for a user, by name or id. Raises Invalid or NotFound; scopes default to the level's."""
    user = await users.by_name(env.db, owner) or await users.by_id(env.db, owner)
    if user is None:
        raise NotFound(f"there is no user {owner!r}")
    rate = rate_limit or RATES.get(level, "")
    granted = allowed_scopes(level, user.role, scopes)
    parse_rate(rate)
    if expires_at is not None and expires_at <= env.now():
        raise Invalid("expires_at: is in the past")
    key = generate(env.settings.environment)
    record = KeyRecord(
        id=new_id(),
        prefix=shown(key),
        name=name,
        owner=user.id,
        level=level,
        scopes=granted,
        rate_limit=rate,
        created_at=env.now(),
        expires_at=expires_at,
        role=user.role,
    )
    await stored.add(env.db, record, hash_of(key))
    return NewKey(key, record)


async def find(env: Env, key: str) -> KeyRecord | None:
    """The record of a key that may be used now. A wrong checksum or environment costs no query."""
    if not well_formed(key) or key.split("_")[1] != ENVIRONMENTS[env.settings.environment]:
        return None
    record = await stored.by_hash(env.db, hash_of(key))
    return record if record and record.valid(env.now()) else None


async def every(env: Env, owner: str | None = None) -> list[KeyRecord]:
    """All keys, or those of one user by id; oldest first."""
    return await stored.every(env.db, owner)


async def rotate(env: Env, key_id: str, *, overlap_s: float = 0) -> NewKey:
    """A new key with the rights of an old one, which lives for `overlap_s` more seconds."""
    old = await stored.by_id(env.db, key_id)
    if old is None:
        raise NotFound(f"there is no key {key_id!r}")
    if not old.valid(env.now()):
        raise Conflict(f"{key_id} is revoked or expired: create a new key")
    if not 0 <= overlap_s <= 30 * 86_400:
        raise Invalid("overlap_s: is not between 0 and 30 days")
    key = generate(env.settings.environment)
    record = replace(
        old,
        id=new_id(),
        prefix=shown(key),
        created_at=env.now(),
        rotated_from=old.id,
        last_used_at=None,
    )
    until = env.now() + round(overlap_s * 1000)
    await stored.replace(env.db, old.id, until, record, hash_of(key))
    forget(env)
    return NewKey(key, record)


async def revoke(env: Env, key_id: str) -> None:
    """Make a key useless: here at once, in other replicas within a second. Raises NotFound."""
    if not await stored.revoke(env.db, key_id, env.now()) and await stored.by_id(env.db, key_id) is None:
        raise NotFound(f"there is no key {key_id!r}")
    forget(env)


def forget(env: Env) -> None:
    """Drop what this process remembers of identities, so that a change counts at once."""
    env.memory.pop("identities", None)
