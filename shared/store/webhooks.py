"""Webhook endpoints, their secrets (encrypted), and which of them have something due."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.store.outbox import cancel_statement

if TYPE_CHECKING:
    from shared.platform.d1 import D1Database

COLUMNS = (
    "w.id, w.owner, w.url, w.secret, w.scheme, w.public_key, w.event_types, w.symbols, w.created_at,"
    " w.failing_since, w.paused_until, w.disabled_at, w.disabled_reason"
)
SQL_ADD = """
INSERT INTO webhooks (id, owner, url, secret, scheme, public_key, event_types, symbols, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
SQL_GET = f"SELECT {COLUMNS} FROM webhooks w WHERE w.id = ?"
SQL_OF_OWNER = f"SELECT {COLUMNS} FROM webhooks w WHERE w.owner = ? ORDER BY w.id"
SQL_SUBSCRIBED = """
SELECT w.id FROM webhooks w
WHERE w.owner = ? AND w.disabled_at IS NULL AND w.id <> ?
  AND EXISTS (SELECT 1 FROM json_each(w.event_types) WHERE value = ?)"""
SQL_CHANGE = "UPDATE webhooks SET url = ?, event_types = ?, symbols = ? WHERE id = ?"
SQL_DELETE = "DELETE FROM webhooks WHERE id = ?"
SQL_ROTATE = "UPDATE webhooks SET secret = ?, scheme = ?, public_key = ? WHERE id = ? AND secret = ?"
SQL_KEEP_OLD = """
INSERT INTO webhook_secrets (id, webhook, secret, expires_at)
SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM webhooks WHERE id = ?2 AND secret = ?5)"""
SQL_DROP_OLD = """
DELETE FROM webhook_secrets WHERE webhook = ?1 AND (expires_at <= ?2 OR id NOT IN
  (SELECT id FROM webhook_secrets WHERE webhook = ?1 ORDER BY expires_at DESC, id DESC LIMIT ?3))"""
SQL_OLD = (
    "SELECT id, secret FROM webhook_secrets WHERE webhook = ? AND expires_at > ? ORDER BY expires_at DESC"
)
SQL_ENABLE = """
UPDATE webhooks SET disabled_at = NULL, disabled_reason = NULL, failing_since = NULL, paused_until = 0
WHERE id = ?"""
SQL_DISABLE = "UPDATE webhooks SET disabled_at = ?, disabled_reason = ? WHERE id = ? AND disabled_at IS NULL"
SQL_FAILING = "UPDATE webhooks SET failing_since = coalesce(failing_since, ?) WHERE id = ?"
SQL_WORKS = "UPDATE webhooks SET failing_since = NULL, paused_until = 0 WHERE id = ?"
SQL_PAUSE = "UPDATE webhooks SET paused_until = max(paused_until, ?) WHERE id = ?"
SQL_SERVING = f"""
SELECT {COLUMNS} FROM webhooks w JOIN users u ON u.id = w.owner AND u.disabled_at IS NULL
WHERE w.disabled_at IS NULL AND w.paused_until <= ?1 AND EXISTS (SELECT 1 FROM deliveries d
  WHERE d.webhook = w.id AND d.status = 'pending' AND d.next_at <= ?1 AND d.lease_until <= ?1)"""
SQL_NEXT_DUE = """
SELECT min((SELECT max(d.next_at, d.lease_until, w.paused_until) FROM deliveries d
  WHERE d.webhook = w.id AND d.status = 'pending' ORDER BY d.next_at LIMIT 1))
FROM webhooks w JOIN users u ON u.id = w.owner AND u.disabled_at IS NULL
WHERE w.disabled_at IS NULL AND w.id NOT IN (SELECT value FROM json_each(?))"""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One endpoint as stored: `secret` is encrypted, the lists are tuples, instants milliseconds."""

    id: str
    owner: str
    url: str
    secret: str
    scheme: str
    public_key: str | None
    event_types: tuple[str, ...]
    symbols: tuple[str, ...]
    created_at: int
    failing_since: int | None = None
    paused_until: int = 0
    disabled_at: int | None = None
    disabled_reason: str | None = None


def webhook(row: tuple[Any, ...]) -> Webhook:
    types, symbols = (tuple(json.loads(text)) for text in row[6:8])
    return Webhook(*(*row[:6], types, symbols, *row[8:]))


async def add(db: D1Database, new: Webhook) -> None:
    types, symbols = json.dumps(new.event_types), json.dumps(new.symbols)
    values = (new.id, new.owner, new.url, new.secret, new.scheme, new.public_key, types, symbols)
    await db.prepare(SQL_ADD).bind(*values, new.created_at).run()


async def get(db: D1Database, id: str) -> Webhook | None:
    rows = await db.prepare(SQL_GET).bind(id).raw()
    return webhook(rows[0]) if rows else None


async def of_owner(db: D1Database, owner: str) -> list[Webhook]:
    return [webhook(row) for row in await db.prepare(SQL_OF_OWNER).bind(owner).raw()]


async def subscribed(db: D1Database, failed: Webhook, type: str) -> list[str]:
    """Other enabled webhooks of the same owner that ask for this type by name."""
    rows = await db.prepare(SQL_SUBSCRIBED).bind(failed.owner, failed.id, type).raw()
    return [row[0] for row in rows]


async def change(db: D1Database, id: str, url: str, types: tuple[str, ...], symbols: tuple[str, ...]) -> None:
    await db.prepare(SQL_CHANGE).bind(url, json.dumps(types), json.dumps(symbols), id).run()


async def delete(db: D1Database, id: str) -> None:
    """With its secrets, deliveries and attempts."""
    await db.prepare(SQL_DELETE).bind(id).run()


async def rotate(
    db: D1Database, old: Webhook, new: Webhook, kept: tuple[str, str, int], now: int, keep: int
) -> bool:
    """Put the new secret in place and keep the old one as `(id, ciphertext, expires_at)`, at most `keep`.

    False where somebody else rotated since `old` was read.
    """
    id, secret, expires_at = kept
    changed = await db.batch(
        [
            db.prepare(SQL_KEEP_OLD).bind(id, old.id, secret, expires_at, old.secret),
            db.prepare(SQL_ROTATE).bind(new.secret, new.scheme, new.public_key, old.id, old.secret),
            db.prepare(SQL_DROP_OLD).bind(old.id, now, keep),
        ]
    )
    return bool(changed[1].meta.changes)


async def old_secrets(db: D1Database, id: str, now: int) -> list[tuple[str, str]]:
    """(row id, ciphertext) of secrets that still sign, newest first."""
    return await db.prepare(SQL_OLD).bind(id, now).raw()


async def enable(db: D1Database, id: str) -> None:
    await db.prepare(SQL_ENABLE).bind(id).run()


async def disable(db: D1Database, id: str, now: int, reason: str) -> bool:
    """Stop sending and cancel what waits; False where it was disabled already."""
    changed = await db.batch([db.prepare(SQL_DISABLE).bind(now, reason, id), cancel_statement(db, id)])
    return bool(changed[0].meta.changes)


async def failing(db: D1Database, id: str, since: int) -> None:
    await db.prepare(SQL_FAILING).bind(since, id).run()


async def works(db: D1Database, id: str) -> None:
    await db.prepare(SQL_WORKS).bind(id).run()


async def pause(db: D1Database, id: str, until: int) -> None:
    await db.prepare(SQL_PAUSE).bind(until, id).run()


async def serving(db: D1Database, now: int) -> list[Webhook]:
    """Endpoints that may be called and have a delivery due that nobody holds."""
    return [webhook(row) for row in await db.prepare(SQL_SERVING).bind(now).raw()]


async def next_due(db: D1Database, without: Iterable[str] = ()) -> int | None:
    """About when the next delivery is due: the first in line of each endpoint counts, some left out."""
    rows = await db.prepare(SQL_NEXT_DUE).bind(json.dumps(list(without))).raw()
    return rows[0][0] if rows else None
