"""Signals: added once with their outcomes to come, updated while the episode lasts, read in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shared.models import LATEST, Direction
from shared.platform.d1 import D1Database, D1PreparedStatement

SQL_ADD = """INSERT OR IGNORE INTO signals (id, type, symbol, confidence_score, metadata, created_at, key,
asset, at, known_at, direction, raw_score, step, reference_price, state, updated_at, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# A horizon shorter than the bar, or no price to start from, can never be measured: said at once.
SQL_ADD_OUTCOMES = """INSERT OR IGNORE INTO signal_outcomes (signal, horizon, due_at, status, resolved_at)
SELECT ?1, value, ?2 + value,
  CASE WHEN value < ?3 OR ?4 IS NULL THEN 'no data' ELSE 'pending' END,
  CASE WHEN value < ?3 OR ?4 IS NULL THEN ?5 END
FROM json_each(?6)"""
# `raw_score` stays what was known when the signal was raised; a stronger bar later is the peak.
SQL_UPDATE = """UPDATE signals SET updated_at = max(updated_at, ?1),
  metadata = CASE WHEN coalesce(json_extract(metadata, '$.peak.raw_score'), raw_score) < ?2
    THEN json_set(metadata, '$.peak', json(?3)) ELSE metadata END
WHERE id = ?4"""
SQL_EXPIRE = """UPDATE signals SET state = 'expired', updated_at = max(updated_at, expires_at)
WHERE state = 'active' AND expires_at <= ?1"""
SQL_TO_EXPIRE = "SELECT 1 FROM signals WHERE state = 'active' AND expires_at <= ? LIMIT 1"

COLUMNS = """SELECT s.id, s.key, s.type, s.asset, s.symbol, a.name, s.direction, s.raw_score,
s.confidence_score, s.step, s.at, s.known_at, s.reference_price, s.state, s.created_at, s.updated_at,
s.expires_at, s.metadata FROM signals s JOIN crypto_assets a ON a.id = s.asset"""
PAGE_END = """s.at >= ?1 AND (s.at, s.id) < (?2, ?3) AND s.known_at <= ?4
AND (?5 IS NULL OR s.confidence_score >= ?5) AND (?6 IS NULL OR s.expires_at <= ?6)
ORDER BY s.at DESC, s.id DESC LIMIT ?7"""
SQL_PAGE = f"{COLUMNS} WHERE {PAGE_END}"
SQL_PAGE_OF_SYMBOL = f"{COLUMNS} WHERE s.symbol = ?8 AND {PAGE_END}"
SQL_PAGE_OF_TYPE = f"{COLUMNS} WHERE s.type = ?8 AND {PAGE_END}"
SQL_PAGE_OF_TYPES = f"{COLUMNS} WHERE s.type IN (SELECT value FROM json_each(?8)) AND {PAGE_END}"
SQL_PAGE_OF_BOTH = (
    f"{COLUMNS} WHERE s.type IN (SELECT value FROM json_each(?8)) AND s.symbol = ?9 AND {PAGE_END}"
)
SQL_BY_ID = f"{COLUMNS} WHERE s.id = ?"
SQL_BY_IDS = f"{COLUMNS} WHERE s.id IN (SELECT value FROM json_each(?)) ORDER BY s.at, s.id"

# What detectors read of the news: the mood of each asset's articles.
SQL_SENTIMENTS = """SELECT x.asset, n.at, n.known_at, n.sentiment, n.id
FROM articles n JOIN article_assets x ON x.article = n.id
WHERE n.at > ?1 AND n.at <= ?2 AND n.sentiment IS NOT NULL AND n.duplicate_of IS NULL
ORDER BY n.at, n.id"""


@dataclass(frozen=True, slots=True)
class Signal:
    """One episode: raised once, perhaps stronger later (`metadata.peak`), expired, resolved.

    `at` is when it was true (close of the bar), `known_at` when we knew; `step` the bar length in ms,
    0 where there is no bar. `metadata` is the evidence that reproduces `raw_score`.
    """

    id: str
    key: str
    type: str
    asset: int
    symbol: str
    name: str
    direction: Direction
    raw_score: float
    confidence_score: float | None
    step: int
    at: int
    known_at: int
    reference_price: float | None
    state: str
    created_at: int
    updated_at: int
    expires_at: int
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """A further finding of an episode that is already known; `peak` holds its raw_score and evidence."""

    id: str
    updated_at: int
    raw_score: float
    peak: dict[str, Any]


def add_statements(db: D1Database, signal: Signal, horizons: Sequence[int]) -> list[D1PreparedStatement]:
    """The signal and its outcomes to come; the same key twice adds nothing. `horizons` in ms."""
    s, evidence = signal, orjson.dumps(signal.metadata).decode()
    row = (s.id, s.type, s.symbol, s.confidence_score, evidence, s.created_at, s.key, s.asset, s.at)
    rest = (s.known_at, s.direction, s.raw_score, s.step, s.reference_price, s.state, s.updated_at)
    horizon_list = orjson.dumps(list(horizons)).decode()
    outcomes = (s.id, s.at, s.step, s.reference_price, s.known_at, horizon_list)
    return [db.prepare(SQL_ADD).bind(*row, *rest, s.expires_at), db.prepare(SQL_ADD_OUTCOMES).bind(*outcomes)]


def update_statement(db: D1Database, update: Update) -> D1PreparedStatement:
    peak = orjson.dumps(update.peak).decode()
    return db.prepare(SQL_UPDATE).bind(update.updated_at, update.raw_score, peak, update.id)


async def expire(db: D1Database, now: int) -> int:
    """Close the signals whose time is over; a run without any writes nothing."""
    if not await db.prepare(SQL_TO_EXPIRE).bind(now).raw():
        return 0
    return (await db.prepare(SQL_EXPIRE).bind(now).run()).meta.changes


async def page(
    db: D1Database,
    *,
    types: Sequence[str] = (),
    symbol: str | None = None,
    since: int = 0,
    confidence_min: float | None = None,
    as_of: int = LATEST,
    over_at: int | None = None,
    before: tuple[int, str] | None = None,
    limit: int = 100,
) -> list[Signal]:
    """Newest first; `before` is (at, id) of the last one seen; `as_of` leaves out what was not yet known.

    Without `types` all of them; `over_at` leaves out those whose time was not over at that instant.
    """
    at, id = before or (LATEST, "")
    values = (since, at, id, as_of, confidence_min, over_at, limit)
    if symbol and types:
        statement = db.prepare(SQL_PAGE_OF_BOTH).bind(*values, as_json(types), symbol)
    elif symbol:
        statement = db.prepare(SQL_PAGE_OF_SYMBOL).bind(*values, symbol)
    elif len(types) == 1:  # in the order of its index: nothing to sort
        statement = db.prepare(SQL_PAGE_OF_TYPE).bind(*values, types[0])
    elif types:
        statement = db.prepare(SQL_PAGE_OF_TYPES).bind(*values, as_json(types))
    else:
        statement = db.prepare(SQL_PAGE).bind(*values)
    return [read(row) for row in await statement.raw()]


def as_json(values: Sequence[str]) -> str:
    return orjson.dumps(list(values)).decode()


async def by_id(db: D1Database, id: str) -> Signal | None:
    rows = await db.prepare(SQL_BY_ID).bind(id).raw()
    return read(rows[0]) if rows else None


async def by_ids(db: D1Database, ids: Sequence[str]) -> list[Signal]:
    """Those that exist, oldest first."""
    rows = await db.prepare(SQL_BY_IDS).bind(as_json(ids)).raw()
    return [read(row) for row in rows]


async def sentiments(db: D1Database, after: int, until: int) -> list[tuple[int, int, int, float, int]]:
    """(asset, at, known_at, sentiment, article) in time order, copies of a story left out."""
    return await db.prepare(SQL_SENTIMENTS).bind(after, until).raw()


def read(row: Sequence[Any]) -> Signal:
    columns = list(row)
    columns[-1] = orjson.loads(row[-1] or "{}")
    return Signal(*columns)
