"""Events on their way to webhooks, written in the batch that stores what they tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from shared.platform.d1 import D1Database, D1PreparedStatement

PAYLOAD_MAX = 20_000  # bytes; Standard Webhooks 1.0.0
SQL_ADD = "INSERT OR IGNORE INTO outbox (id, type, symbol, at, payload) VALUES (?, ?, ?, ?, ?)"


def event_statement(
    db: D1Database, id: str, type: str, symbol: str | None, at: int, payload: dict[str, Any]
) -> D1PreparedStatement:
    """Announce `payload` as the `data` of an event; the same id twice announces once.

    `id` is a ULID and becomes the webhook-id. ValueError where the body exceeds 20,000 bytes.
    """
    body = orjson.dumps({"type": type, "timestamp": iso(at), "data": payload})
    if len(body) > PAYLOAD_MAX:
        raise ValueError(f"event {id}: {len(body)} bytes, more than {PAYLOAD_MAX}")
    return db.prepare(SQL_ADD).bind(id, type, symbol, at, body.decode())


def iso(at: int) -> str:
    """2025-11-21T12:00:00.000Z"""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"
