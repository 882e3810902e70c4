"""Candles as rows: the recent past, in time order of all assets, and what corrected bars said before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.market.codec import Bar
from shared.platform.d1 import D1Database, D1PreparedStatement
from shared.store.rows import insert_many

Key = tuple[int, int, int]  # asset, source, step
# open_time, open, high, low, close, volume, trades
CandleRow = tuple[int, float, float, float, float, float, int | None]
Then = Sequence[D1PreparedStatement]  # of the same transaction

# Equal values change nothing; other values win unless they are the older knowledge.
ON_CONFLICT = """ON CONFLICT DO UPDATE SET known_at = excluded.known_at, open = excluded.open,
high = excluded.high, low = excluded.low, close = excluded.close, volume = excluded.volume,
trades = excluded.trades WHERE excluded.known_at >= candles.known_at
AND (candles.open, candles.high, candles.low, candles.close, candles.volume, candles.trades) IS NOT
(excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume, excluded.trades)"""
INTO = """INSERT INTO candles
(step, open_time, asset, source, known_at, open, high, low, close, volume, trades) VALUES """
SQL_ADD = f"{INTO}(?, ?, ?, ?, ?1, ?, ?, ?, ?, ?, ?) {ON_CONFLICT}"
SQL_ADD_TO_SERIES = f"{INTO}(?1, ?, ?2, ?3, ?4, ?, ?, ?, ?, ?, ?) {ON_CONFLICT}"
# Rows lie in time order, all assets together: step from one open time to the next and seek the asset in
# each, instead of reading every asset's rows.
SQL_HOT = """WITH RECURSIVE times (t) AS (
  SELECT min(open_time) FROM candles WHERE step = ?3 AND open_time >= ?4
  UNION ALL
  SELECT (SELECT min(open_time) FROM candles WHERE step = ?3 AND open_time > t) FROM times WHERE t < ?5)
SELECT open_time, open, high, low, close, volume, trades, known_at FROM times CROSS JOIN candles
ON step = ?3 AND open_time = t AND asset = ?1 AND source = ?2 WHERE t < ?5"""
SQL_HOT_NEWEST = """WITH RECURSIVE times (t) AS (
  SELECT max(open_time) FROM candles WHERE step = ?3 AND open_time < ?5
  UNION ALL
  SELECT (SELECT max(open_time) FROM candles WHERE step = ?3 AND open_time < t) FROM times WHERE t >= ?4)
SELECT open_time, open, high, low, close, volume, trades, known_at FROM times CROSS JOIN candles
ON step = ?3 AND open_time = t AND asset = ?1 AND source = ?2 WHERE t >= ?4 LIMIT ?6"""
SQL_REVISIONS = """SELECT open_time, open, high, low, close, volume, trades, known_at FROM candle_revisions
WHERE asset = ?1 AND source = ?2 AND step = ?3 AND open_time >= ?4 AND open_time < ?5
AND known_at <= ?6 AND superseded_at > ?6"""
SQL_CORRECTED = """SELECT min(open_time) FROM candle_revisions
WHERE asset = ?1 AND source = ?2 AND step = ?3 AND open_time >= ?4 AND superseded_at >= ?5"""


async def insert(db: D1Database, key: Key, rows: Sequence[CandleRow], known_at: int, then: Then) -> int:
    """Upsert bars of one series; rows changed, a revision that was kept counting as one more."""
    asset, source, step = key
    return await insert_many(db, SQL_ADD_TO_SERIES, rows, (step, asset, source, known_at), then)


async def insert_mixed(db: D1Database, rows: Sequence[tuple[Any, ...]], known_at: int, then: Then) -> int:
    """The same for (step, open_time, asset, source, open, high, low, close, volume, trades)."""
    return await insert_many(db, SQL_ADD, rows, (known_at,), then)


async def between(db: D1Database, key: Key, start: int, end: int, limit: int | None = None) -> list[Bar]:
    """Bars with start <= open_time < end, oldest first; with `limit` only the newest so many."""
    if limit is None:
        return await db.prepare(SQL_HOT).bind(*key, start, end).raw()
    newest: list[Bar] = await db.prepare(SQL_HOT_NEWEST).bind(*key, start, end, limit).raw()
    return newest[::-1]


async def revisions(db: D1Database, key: Key, start: int, end: int, as_of: int) -> list[Bar]:
    """What bars said at `as_of` that were corrected since."""
    return await db.prepare(SQL_REVISIONS).bind(*key, start, end, as_of).raw()


async def corrected(db: D1Database, key: Key, start: int, since: int) -> list[int]:
    """Open time of the oldest bar from `start` on that was corrected since then; empty for none."""
    return [at for (at,) in await db.prepare(SQL_CORRECTED).bind(*key, start, since).raw() if at is not None]
