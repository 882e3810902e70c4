"""Any other number that moves, by name: tvl:ethereum, stablecoin_supply:usdt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.models import LATEST, Metric
from shared.platform.d1 import D1Database, D1PreparedStatement
from shared.store.assets import sources
from shared.store.rows import insert_statements

SQL_ADD = """INSERT INTO metrics (name, at, source, known_at, value) VALUES (?, ?, ?, ?1, ?)
ON CONFLICT DO NOTHING"""
SQL_HISTORY = """SELECT at, value, source, known_at FROM metrics
WHERE name = ?1 AND at >= ?2 AND at < ?3 AND known_at <= ?4 ORDER BY at DESC, source LIMIT ?5"""


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
