"""Any other number that moves, by name: tvl:ethereum, stablecoin_supply:usdt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from shared.models import LATEST, Metric
from shared.platform.d1 import D1Database, D1PreparedStatement
from shared.store.assets import sources
from shared.store.rows import insert_statements

SQL_ADD = """INSERT INTO metrics (name, at, source, known_at, value) VALUES (?, ?, ?, ?1, ?)
ON CONFLICT DO NOTHING"""
SQL_HISTORY = """SELECT at, value, source, known_at FROM metrics
WHERE name = ?1 AND at >= ?2 AND at < ?3 AND known_at <= ?4 ORDER BY at DESC, source LIMIT ?5"""
SQL_NEXT_KNOWN = "SELECT min(known_at) FROM metrics WHERE known_at > ?1 AND known_at <= ?2"
SQL_REACH = """SELECT known_at FROM metrics WHERE known_at > ?1 AND known_at <= ?2
ORDER BY known_at LIMIT 1 OFFSET ?3"""
SQL_CHANGED = """SELECT name, source, at, value, known_at FROM metrics
WHERE known_at > ?1 AND known_at <= ?2 AND at > known_at - ?3 ORDER BY name, source, at"""
SQL_RECENT = """SELECT m.name, m.source, m.at, m.known_at, m.value FROM json_each(?1) d
CROSS JOIN metrics m ON m.name = d.value WHERE m.at > ?2 AND m.known_at <= ?3 ORDER BY m.at"""
# From name to name: the table is ordered by it, and has few names and many rows.
SQL_NEWEST = """WITH RECURSIVE found (name) AS (
  SELECT min(name) FROM metrics UNION ALL
  SELECT (SELECT min(name) FROM metrics WHERE name > found.name) FROM found WHERE found.name IS NOT NULL)
SELECT name, (SELECT max(at) FROM metrics WHERE metrics.name = found.name) FROM found
WHERE name IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class StoredMetric:
    """One value with the time we learned it."""

    name: str
    at: int
    value: float
    source: str
    known_at: int


def add_statements(
    db: D1Database, metrics: Sequence[Metric], ids: dict[str, int], known_at: int
) -> list[D1PreparedStatement]:
    """For a batch; `ids` are those of the sources. The same value twice changes nothing."""
    rows = sorted((m.name, m.at, ids[m.source], m.value) for m in metrics)
    return insert_statements(db, SQL_ADD, rows, (known_at,))


async def history(
    db: D1Database, name: str, start: int, end: int, *, as_of: int = LATEST, limit: int = 1000
) -> list[StoredMetric]:
    """Values with start <= at < end, newest first."""
    names = await sources(db)
    rows = await db.prepare(SQL_HISTORY).bind(name, start, end, as_of, limit).raw()
    return [StoredMetric(name, at, value, names[source], known) for at, value, source, known in rows]


async def next_known(db: D1Database, after: int, until: int) -> int | None:
    """When the first value after an instant (until another) became known; None where nothing did."""
    ((known_at,),) = await db.prepare(SQL_NEXT_KNOWN).bind(after, until).raw()
    return None if known_at is None else int(known_at)


async def reach(db: D1Database, after: int, until: int, count: int) -> int:
    """When so many values after an instant were known, at most `until`: where a reader may stop."""
    rows = await db.prepare(SQL_REACH).bind(after, until, count - 1).raw()
    return int(rows[0][0]) if rows else until


async def changed(
    db: D1Database, after: int, until: int, oldest: int
) -> list[tuple[str, int, int, float, int]]:
    """(name, source id, at, value, known_at) of what became known in (after, until], by series in time order.

    What was older than `oldest` ms when it became known is left out.
    """
    return await db.prepare(SQL_CHANGED).bind(after, until, oldest).raw()


async def recent(
    db: D1Database, names: Sequence[str], after: int, until: int
) -> list[tuple[str, int, int, int, float]]:
    """(name, source id, at, known_at, value) of these metrics with at > after, known at `until`."""
    return await db.prepare(SQL_RECENT).bind(orjson.dumps(list(names)).decode(), after, until).raw()


async def newest(db: D1Database) -> list[tuple[str, int]]:
    """Every metric that has a value, by name, with the instant of its newest one."""
    return await db.prepare(SQL_NEWEST).raw()
