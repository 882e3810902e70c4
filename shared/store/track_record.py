"""What became of the signals of a type, each outcome beside its matched entries: rows of the track record."""

from __future__ import annotations

from typing import NamedTuple

from shared.models import EARLIEST, LATEST, Direction
from shared.platform.d1 import D1Database

# From one type to the next along the index, instead of reading every signal's.
SQL_TYPES = """WITH RECURSIVE types (type) AS (
  SELECT min(type) FROM signals
  UNION ALL SELECT (SELECT min(type) FROM signals WHERE type > types.type) FROM types WHERE type IS NOT NULL)
SELECT type FROM types WHERE type IS NOT NULL"""
SQL_RESOLVED = """SELECT s.id, s.type, s.step, s.symbol, s.direction, s.at, s.known_at, s.raw_score,
ifnull(json_extract(s.metadata, '$.volatility_1h'), 0.0), o.horizon, o.resolved_at, o.forward_return,
o.max_favourable, o.max_adverse, o.hit, ifnull(m.n, 0), m.hits, m.opposite_hits, m.mean_return
FROM signals s CROSS JOIN signal_outcomes o ON o.signal = s.id
LEFT JOIN matched_entries m ON m.signal = o.signal AND m.horizon = o.horizon
WHERE s.type = ?1 AND s.at >= ?2 AND o.status = 'resolved' AND o.resolved_at <= ?3
ORDER BY s.at, s.id, o.horizon"""


class Resolved(NamedTuple):
    """One outcome that could be measured; the figures of `Outcome` and of `Matched`, 0/1 for hits.

    `hit`, `matched_hits` and `matched_opposite` are None where the signal has no direction, and what is
    matched also where there were no entries (`matched_n` 0).
    """

    signal: str
    type: str
    step: int
    symbol: str
    direction: Direction
    at: int
    known_at: int
    raw_score: float
    volatility_1h: float
    horizon: int
    resolved_at: int
    forward_return: float
    max_favourable: float | None
    max_adverse: float | None
    hit: int | None
    matched_n: int
    matched_hits: int | None
    matched_opposite: int | None
    matched_return: float | None


async def types(db: D1Database) -> list[str]:
    """Types of which there are signals, in alphabetical order."""
    return [type for (type,) in await db.prepare(SQL_TYPES).raw()]


async def resolved(db: D1Database, type: str, since: int = EARLIEST, as_of: int = LATEST) -> list[Resolved]:
    """Outcomes of one type settled by `as_of`, of signals since then, oldest signal first."""
    return [Resolved(*row) for row in await db.prepare(SQL_RESOLVED).bind(type, since, as_of).raw()]
