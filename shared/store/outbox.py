"""Events on their way to webhooks: written with what they tell, fanned out, leased, logged, replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from shared.platform.d1 import D1Database, D1PreparedStatement

PAYLOAD_MAX = 20_000  # bytes; Standard Webhooks 1.0.0
SQL_ADD = "INSERT OR IGNORE INTO outbox (id, type, symbol, at, payload) VALUES (?, ?, ?, ?, ?)"
SQL_ADD_ADDRESSED = """
INSERT OR IGNORE INTO outbox (id, type, at, payload, dispatched_at) VALUES (?1, ?2, ?3, ?4, ?3)"""
SQL_ADDRESS = (
    "INSERT OR IGNORE INTO deliveries (event, webhook, next_at) SELECT ?1, value, ?2 FROM json_each(?3)"
)
# To the owner's own webhooks that ask for it, and to nobody else's: it is never fanned out.
SQL_ADD_OWNED = """
INSERT OR IGNORE INTO outbox (id, type, symbol, at, payload, dispatched_at) VALUES (?1, ?2, ?3, ?4, ?5, ?4)"""
SQL_ADDRESS_OWNED = """
INSERT OR IGNORE INTO deliveries (event, webhook, next_at)
SELECT ?1, w.id, ?2 FROM webhooks w WHERE w.owner = ?3 AND w.disabled_at IS NULL
  AND (w.event_types = '[]' OR ?4 IN (SELECT value FROM json_each(w.event_types)))
  AND (w.symbols = '[]' OR ?5 IN (SELECT value FROM json_each(w.symbols)))"""
SQL_PENDING = "SELECT 1 FROM outbox WHERE dispatched_at IS NULL LIMIT 1"
SQL_FAN_OUT = """
INSERT OR IGNORE INTO deliveries (event, webhook, next_at)
SELECT o.id, w.id, ?1 + ?3 FROM (SELECT id, type, symbol FROM outbox WHERE dispatched_at IS NULL
  ORDER BY id LIMIT ?2) o
CROSS JOIN webhooks w JOIN users u ON u.id = w.owner AND u.disabled_at IS NULL
WHERE w.disabled_at IS NULL
  AND (w.event_types = '[]' OR o.type IN (SELECT value FROM json_each(w.event_types)))
  AND (w.symbols = '[]' OR o.symbol IN (SELECT value FROM json_each(w.symbols)))"""
SQL_DISPATCHED = """
UPDATE outbox SET dispatched_at = ?1 WHERE id IN
  (SELECT id FROM outbox WHERE dispatched_at IS NULL ORDER BY id LIMIT ?2)"""
SQL_LEASE = """
UPDATE deliveries SET lease_token = lease_token + 1, lease_until = ?3
WHERE webhook = ?1 AND event IN (SELECT event FROM deliveries
  WHERE webhook = ?1 AND status = 'pending' AND next_at <= ?2 AND lease_until <= ?2
  ORDER BY next_at LIMIT ?4)
RETURNING event, webhook, lease_token, attempts, step,
  (SELECT payload FROM outbox WHERE id = event) AS payload"""
# An outcome counts only under the lease it was sent with; the fields are those of Outcome, in order.
SQL_LOG = """
INSERT OR IGNORE INTO delivery_attempts
  (event, webhook, attempt, at, duration_ms, status_code, error, response)
SELECT d.event, d.webhook, d.attempts + 1, o.value ->> 6, o.value ->> 7, o.value ->> 8, o.value ->> 9,
  o.value ->> 10
FROM json_each(?) o CROSS JOIN deliveries d
WHERE d.event = o.value ->> 0 AND d.webhook = o.value ->> 1 AND d.lease_token = o.value ->> 2"""
SQL_SETTLE = """
UPDATE deliveries SET status = o.value ->> 3, step = o.value ->> 4, next_at = o.value ->> 5,
  attempts = attempts + 1, lease_until = 0
FROM json_each(?) o
WHERE deliveries.event = o.value ->> 0 AND deliveries.webhook = o.value ->> 1
  AND deliveries.lease_token = o.value ->> 2"""
SQL_RELEASE = """
UPDATE deliveries SET lease_until = 0 FROM json_each(?) o
WHERE deliveries.event = o.value ->> 0 AND deliveries.webhook = o.value ->> 1
  AND deliveries.lease_token = o.value ->> 2"""
SQL_CANCEL = """
UPDATE deliveries INDEXED BY deliveries_due SET status = 'cancelled'
WHERE webhook = ? AND status = 'pending'"""


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery held under `token`; `step` is its place in the schedule."""

    event: str
    webhook: str
    token: int
    attempts: int
    step: int
    payload: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to. `next_at` counts where `status` is still pending."""

    event: str
    webhook: str
    token: int
    status: str
    step: int
    next_at: int
    at: int
    duration_ms: int
    status_code: int | None
    error: str | None
    response: str | None


def event_body(type: str, at: int, payload: dict[str, Any]) -> str:
    """The bytes receivers get and verify: {type, timestamp, data}; ValueError above 20,000 bytes."""
    body = orjson.dumps({"type": type, "timestamp": iso(at), "data": payload})
    if len(body) > PAYLOAD_MAX:
        raise ValueError(f"{type}: {len(body)} bytes, more than {PAYLOAD_MAX}")
    return body.decode()


def event_statement(
    db: D1Database, id: str, type: str, symbol: str | None, at: int, payload: dict[str, Any]
) -> D1PreparedStatement:
    """Announce `payload` as the `data` of an event to whoever subscribes; the same id announces once.

    `id` is a ULID and becomes the webhook-id. ValueError where the body exceeds 20,000 bytes.
    """
    return db.prepare(SQL_ADD).bind(id, type, symbol, at, event_body(type, at, payload))


def addressed_statements(
    db: D1Database, id: str, type: str, at: int, payload: dict[str, Any], webhooks: Sequence[str]
) -> list[D1PreparedStatement]:
    """An event for these webhooks alone, whatever they subscribe to."""
    body, to = event_body(type, at, payload), orjson.dumps(webhooks).decode()
    return [
        db.prepare(SQL_ADD_ADDRESSED).bind(id, type, at, body),
        db.prepare(SQL_ADDRESS).bind(id, at, to),
    ]


def owned_statements(
    db: D1Database, id: str, type: str, symbol: str, at: int, payload: dict[str, Any], owner: str
) -> list[D1PreparedStatement]:
    """An event for the webhooks of one user that subscribe to it; the same id announces once.

    ValueError where the body exceeds 20,000 bytes.
    """
    return [
        db.prepare(SQL_ADD_OWNED).bind(id, type, symbol, at, event_body(type, at, payload)),
        db.prepare(SQL_ADDRESS_OWNED).bind(id, at, owner, type, symbol),
    ]


def iso(at: int) -> str:
    """2025-11-21T12:00:00.000Z"""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


async def fan_out(db: D1Database, now: int, first_wait: int = 0, limit: int = 1000) -> int:
    """Make a delivery of every new event for every webhook it concerns; how many events that were.

    One transaction marks what it fanned out, so an event is fanned out once however many do this.
    `first_wait`: milliseconds until the first attempt.
    """
    if not await db.prepare(SQL_PENDING).raw():
        return 0
    done = await db.batch(
        [
            db.prepare(SQL_FAN_OUT).bind(now, limit, first_wait),
            db.prepare(SQL_DISPATCHED).bind(now, limit),
        ]
    )
    return done[1].meta.changes


def lease_statement(db: D1Database, webhook: str, now: int, until: int, limit: int) -> D1PreparedStatement:
    """Take up to `limit` due deliveries of one endpoint; a lease that ran out is taken again."""
    return db.prepare(SQL_LEASE).bind(webhook, now, until, limit)


def leased(rows: Sequence[dict[str, Any]]) -> list[Due]:
    """What a lease statement answered."""
    return [Due(*row.values()) for row in rows]


def outcome_statements(db: D1Database, outcomes: Sequence[Outcome]) -> list[D1PreparedStatement]:
    """Log the attempts and settle their deliveries; void where the lease has gone to another sender."""
    rows = orjson.dumps([tuple(getattr(o, f) for f in o.__slots__) for o in outcomes]).decode()
    return [db.prepare(SQL_LOG).bind(rows), db.prepare(SQL_SETTLE).bind(rows)]


def release_statement(db: D1Database, unsent: Sequence[Due]) -> D1PreparedStatement:
    """Give back what was leased and not sent."""
    rows = orjson.dumps([(due.event, due.webhook, due.token) for due in unsent]).decode()
    return db.prepare(SQL_RELEASE).bind(rows)


def cancel_statement(db: D1Database, webhook: str) -> D1PreparedStatement:
    return db.prepare(SQL_CANCEL).bind(webhook)
