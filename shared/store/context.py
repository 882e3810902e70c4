"""What was known at closes of bars beside the candles: one read a table, whatever the number of assets.

Moments are pairs (at, known_by): values that were true until `at` and had been learned by `known_by`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from shared.platform.d1 import D1Database

# From name to name within each prefix: the table is ordered by name and has few names and many rows.
SQL_METRIC_NAMES = """WITH RECURSIVE found (name, behind) AS (
  SELECT (SELECT min(name) FROM metrics WHERE name >= p.value AND name < rtrim(p.value, ':') || ';'),
    rtrim(p.value, ':') || ';' FROM json_each(?1) p
  UNION ALL
  SELECT (SELECT min(name) FROM metrics WHERE name > found.name AND name < behind), behind FROM found
  WHERE found.name IS NOT NULL)
SELECT name FROM found WHERE name IS NOT NULL
UNION ALL SELECT n.value FROM json_each(?2) n WHERE EXISTS (SELECT 1 FROM metrics WHERE name = n.value)"""
# Of several sources the one that was named first in our list of them.
SQL_METRICS = """SELECT p.key, (SELECT value FROM metrics
  WHERE name = p.value ->> 0 AND at > p.value ->> 1 AND at <= p.value ->> 2 AND known_at <= p.value ->> 3
  ORDER BY at DESC, source LIMIT 1) FROM json_each(?) p"""
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

AT_ONCE = 10_000  # values asked for in one statement: well below the 2 MB of a parameter

Moments = Sequence[tuple[int, int]]


def as_json(value: Any) -> str:
    return orjson.dumps(value).decode()


async def metric_names(db: D1Database, prefixes: Sequence[str], names: Sequence[str]) -> list[str]:
    """Names of metrics there are: those with one of the prefixes (ending in a colon), then of `names`."""
    asked = (as_json(list(prefixes)), as_json(list(names)))
    return [name for (name,) in await db.prepare(SQL_METRIC_NAMES).bind(*asked).raw()]


async def metric_values(db: D1Database, asked: Sequence[tuple[str, int, int, int]]) -> list[float | None]:
    """The newest value of each (name, after, until, known_by) in the same order; None where there is none."""
    found: list[float | None] = [None] * len(asked)
    for start in range(0, len(asked), AT_ONCE):
        part = as_json(asked[start : start + AT_ONCE])
        for place, value in await db.prepare(SQL_METRICS).bind(part).raw():
            found[start + place] = value
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
