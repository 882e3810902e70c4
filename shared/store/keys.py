"""API keys by the sha256 of the key; the key itself is never stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from shared.platform.d1 import D1Database, D1PreparedStatement

SQL_ADD = """INSERT INTO api_keys (id, hash, prefix, name, owner, level, scopes, rate_limit, created_at,
expires_at, rotated_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
COLUMNS = """k.id, k.prefix, k.name, k.owner, k.level, k.scopes, k.rate_limit, k.created_at,
k.expires_at, k.revoked_at, k.rotated_from, k.last_used_at, u.role, u.disabled_at"""
WITH_OWNER = "FROM api_keys AS k JOIN users AS u ON u.id = k.owner"
SQL_BY_HASH = f"SELECT {COLUMNS} {WITH_OWNER} WHERE k.hash = ?"
SQL_BY_ID = f"SELECT {COLUMNS} {WITH_OWNER} WHERE k.id = ?"
SQL_OF_OWNER = f"SELECT {COLUMNS} {WITH_OWNER} WHERE k.owner = ? ORDER BY k.created_at, k.id"
SQL_ALL = f"""SELECT {COLUMNS}
FROM users AS u CROSS JOIN api_keys AS k ON k.owner = u.id ORDER BY k.created_at, k.id"""
SQL_REVOKE = "UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL"
SQL_EXPIRE = """UPDATE api_keys SET expires_at = ?2
WHERE id = ?1 AND (expires_at IS NULL OR expires_at > ?2)"""
SQL_USED = "UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key without its secret; `role` and `disabled_at` are its owner's."""

    id: str
    prefix: str
    name: str
    owner: str
    level: str
    scopes: frozenset[str]
    rate_limit: str
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    rotated_from: str | None = None
    last_used_at: int | None = None
    role: str = "service"
    disabled_at: int | None = None

    def valid(self, now: int) -> bool:
        """Neither revoked nor expired, and its owner may still come in."""
        expired = self.expires_at is not None and self.expires_at <= now
        return not expired and self.revoked_at is None and self.disabled_at is None


def record_of(row: dict[str, Any]) -> KeyRecord:
    return KeyRecord(**{**row, "scopes": frozenset(orjson.loads(row["scopes"]))})


def add_statement(db: D1Database, record: KeyRecord, key_hash: bytes) -> D1PreparedStatement:
    scopes = orjson.dumps(sorted(record.scopes)).decode()
    return db.prepare(SQL_ADD).bind(
        record.id,
        key_hash,
        record.prefix,
        record.name,
        record.owner,
        record.level,
        scopes,
        record.rate_limit,
        record.created_at,
        record.expires_at,
        record.rotated_from,
    )


async def add(db: D1Database, record: KeyRecord, key_hash: bytes) -> None:
    await add_statement(db, record, key_hash).run()


async def by_hash(db: D1Database, key_hash: bytes) -> KeyRecord | None:
    row = await db.prepare(SQL_BY_HASH).bind(key_hash).first()
    return record_of(row) if row else None


async def by_id(db: D1Database, key_id: str) -> KeyRecord | None:
    row = await db.prepare(SQL_BY_ID).bind(key_id).first()
    return record_of(row) if row else None


async def every(db: D1Database, owner: str | None = None) -> list[KeyRecord]:
    """All keys, oldest first, or those of one user; revoked and expired ones too."""
    statement = db.prepare(SQL_OF_OWNER).bind(owner) if owner else db.prepare(SQL_ALL)
    return [record_of(row) for row in (await statement.all()).results]


async def revoke(db: D1Database, key_id: str, now: int) -> bool:
    """False when there is no such key or it was revoked before."""
    return (await db.prepare(SQL_REVOKE).bind(key_id, now).run()).meta.changes == 1


async def replace(db: D1Database, old: str, until: int, record: KeyRecord, key_hash: bytes) -> None:
    """Add a key and let the old one live until then at most, in one transaction."""
    await db.batch([add_statement(db, record, key_hash), db.prepare(SQL_EXPIRE).bind(old, until)])


async def used(db: D1Database, times: Iterable[tuple[str, int]]) -> None:
    """Note when keys were last used: [(id, ms), …]."""
    statements = [db.prepare(SQL_USED).bind(key_id, at) for key_id, at in times]
    if statements:
        await db.batch(statements)
