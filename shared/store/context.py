"""What was known at closes of bars beside the candles: one read a table, whatever the number of assets.

Moments are pairs (at, known_by): values that were true until `at` and had been learned by `known_by`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from shared.platform.d1 import D1Database

SQL_METRICS_THERE = """SELECT p.key FROM json_each(?) p
WHERE EXISTS (SELECT 1 FROM metrics WHERE name >= p.value ->> 0 AND name < p.value ->> 1)"""
# Of several sources the last one in our list: read backwards, the key needs no sorting.
SQL_METRICS = """WITH wanted (w, prefix, by_chain, lag, age) AS MATERIALIZED (
  SELECT key, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)),
subjects (s, slug, chain) AS MATERIALIZED (SELECT key, value ->> 0, value ->> 1 FROM json_each(?2)),
moments (m, at, known_by) AS MATERIALIZED (SELECT key, value ->> 0, value ->> 1 FROM json_each(?3))
SELECT w, s, m, (SELECT value FROM metrics WHERE name = prefix || iif(by_chain, chain, slug)
  AND metrics.at > moments.at - lag - age AND metrics.at <= moments.at - lag AND known_at <= known_by
  ORDER BY metrics.at DESC, source DESC LIMIT 1) AS found
FROM wanted CROSS JOIN subjects CROSS JOIN moments WHERE found IS NOT NULL"""
SQL_BOOKS = """SELECT t.key, b.asset, max(b.at), b.bids, b.asks FROM json_each(?1) t
CROSS JOIN order_books b ON b.at > (t.value ->> 0) - ?2 AND b.at <= t.value ->> 0
WHERE b.known_at <= t.value ->> 1 AND b.asset IN (SELECT value FROM json_each(?3)) GROUP BY t.key, b.asset"""
SQL_QUOTES = """SELECT t.key, q.asset, q.source, q.price, max(q.id) FROM json_each(?1) t
CROSS JOIN quotes q ON q.id >= ((t.value ->> 0) - ?2 + 1) << 20 AND q.id < ((t.value ->> 0) + 1) << 20
WHERE q.known_at <= t.value ->> 1 AND q.asset IN (SELECT value FROM json_each(?3))
GROUP BY t.key, q.asset, q.source"""
SQL_CORRECTED = """SELECT asset, source, open_time, superseded_at FROM candle_revisions
WHERE step = ?1 AND superseded_at > ?2 AND superseded_at <= ?3"""
SQL_SLUGS = "SELECT id, slug FROM crypto_assets"

AT_ONCE = 100_000  # values looked for in one statement: a tenth of a second

Moments = Sequence[tuple[int, int]]


def as_json(value: Any) -> str:
    return orjson.dumps(value).decode()


async def metrics_there(db: D1Database, ranges: Sequence[tuple[str, str]]) -> set[int]:
    """Places of the ranges [low, high) of names in which there are metrics."""
    rows = await db.prepare(SQL_METRICS_THERE).bind(as_json(list(ranges))).raw()
    return {place for (place,) in rows}


async def metric_values(
    db: D1Database,
    wanted: Sequence[tuple[str, bool, int, int]],
    subjects: Sequence[tuple[str, str]],
    moments: Moments,
) -> list[tuple[int, int, int, float]]:
    """(wanted, subject, moment, value), by their places: the newest value of each that there is.

    `wanted` are (prefix of the name, by chain, lag, greatest age), subjects (slug, chain): a metric is called
    prefix + slug, or prefix + chain, and looked for `lag` before each moment.
    """
    found: list[tuple[int, int, int, float]] = []
    width = max(AT_ONCE // max(len(wanted) * len(subjects), 1), 1)
    for first in range(0, len(moments) if wanted else 0, width):
        asked = as_json(list(wanted)), as_json(list(subjects)), as_json(moments[first : first + width])
        rows = await db.prepare(SQL_METRICS).bind(*asked).raw()
        found += rows if not first else [(w, s, first + m, value) for w, s, m, value in rows]
    return found


async def books(
    db: D1Database, moments: Moments, max_age: int, assets: Sequence[int]
) -> list[tuple[int, int, int, str, str]]:
    """(moment, asset, at, bids, asks): of each moment, by its place, and asset the newest book, as stored."""
    return await db.prepare(SQL_BOOKS).bind(as_json(list(moments)), max_age, as_json(list(assets))).raw()


async def quotes(
    db: D1Database, moments: Moments, max_age: int, assets: Sequence[int]
) -> list[tuple[int, int, int, float]]:
    """(moment, asset, source, price): of each moment, by its place, asset and source the newest quote."""
    asked = (as_json(list(moments)), max_age, as_json(list(assets)))
    return [row[:4] for row in await db.prepare(SQL_QUOTES).bind(*asked).raw()]


async def corrected(db: D1Database, step: int, after: int, until: int) -> list[tuple[int, int, int, int]]:
    """(asset, source, open_time, superseded_at) of bars whose correction became known in (after, until]."""
    return await db.prepare(SQL_CORRECTED).bind(step, after, until).raw()


async def slugs(db: D1Database) -> dict[int, str]:
    """Public names of all assets by our id."""
    return dict(await db.prepare(SQL_SLUGS).raw())
