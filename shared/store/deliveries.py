"""The delivery log: what was sent to an endpoint and how it answered, to read and to replay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from shared.platform.d1 import D1Database

SQL_LOG = """
SELECT d.event, o.type, o.symbol, o.at, d.status, d.attempts, d.next_at
FROM deliveries d JOIN outbox o ON o.id = d.event
WHERE d.webhook = ?1 AND d.event < ?2 ORDER BY d.event DESC LIMIT ?3"""
SQL_ATTEMPTS = """
SELECT a.event, a.attempt, a.at, a.duration_ms, a.status_code, a.error, a.response
FROM json_each(?2) e CROSS JOIN delivery_attempts a
WHERE a.webhook = ?1 AND a.event = e.value ORDER BY a.event, a.attempt"""
SQL_REPLAY = """
UPDATE deliveries SET status = 'pending', step = 0, next_at = ?3, lease_token = lease_token + 1,
  lease_until = 0
WHERE event = ?1 AND webhook = ?2"""
SQL_RECOVER = """
UPDATE deliveries SET status = 'pending', step = 0, next_at = ?3
WHERE webhook = ?1 AND status IN ('exhausted', 'cancelled')
  AND event IN (SELECT id FROM outbox WHERE at >= ?2)"""
SQL_BACKLOG = """
SELECT (SELECT count(*) FROM outbox WHERE dispatched_at IS NULL),
  (SELECT count(*) FROM deliveries WHERE status = 'pending')"""
LAST = "~"  # sorts behind every ULID


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of the endpoint; `status_code` is None where there was no answer."""

    attempt: int
    at: int
    duration_ms: int
    status_code: int | None
    error: str | None
    response: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one endpoint; `next_at` counts where `status` is pending."""

    event: str
    type: str
    symbol: str | None
    at: int
    status: str
    attempts: int
    next_at: int
    log: tuple[Attempt, ...]


async def log(db: D1Database, webhook: str, *, before: str | None = None, limit: int = 100) -> list[Delivery]:
    """Newest events first; `before` is the last event of the page before."""
    rows = await db.prepare(SQL_LOG).bind(webhook, before or LAST, limit).raw()
    events = orjson.dumps([row[0] for row in rows]).decode()
    attempts: dict[str, list[Attempt]] = {}
    for event, *fields in await db.prepare(SQL_ATTEMPTS).bind(webhook, events).raw():
        attempts.setdefault(event, []).append(Attempt(*fields))
    return [Delivery(*(*row, tuple(attempts.get(row[0], ())))) for row in rows]


async def replay(db: D1Database, webhook: str, event: str, now: int) -> bool:
    """Send this event again from the start of the schedule; False where it never was for this webhook."""
    return bool((await db.prepare(SQL_REPLAY).bind(event, webhook, now).run()).meta.changes)


async def recover(db: D1Database, webhook: str, since: int, now: int) -> int:
    """Send again what failed for good, or was cancelled, among the events since then; how many."""
    return (await db.prepare(SQL_RECOVER).bind(webhook, since, now).run()).meta.changes


async def backlog(db: D1Database) -> tuple[int, int]:
    """Events not fanned out yet, deliveries not settled yet."""
    rows = await db.prepare(SQL_BACKLOG).raw()
    return rows[0][0], rows[0][1]
