"""What became of signals: rows that wait for their horizon, and how they were settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from shared.models import EARLIEST, LATEST
from shared.platform.d1 import D1Database, D1PreparedStatement

SQL_DUE = """SELECT signal, horizon, due_at FROM signal_outcomes
WHERE status = 'pending' AND due_at <= ?1 AND (due_at, signal, horizon) > (?2, ?3, ?4)
ORDER BY due_at, signal, horizon LIMIT ?5"""
SQL_SETTLE = """UPDATE signal_outcomes SET status = ?1, forward_return = ?2, max_favourable = ?3,
max_adverse = ?4, hit = ?5, resolved_at = ?6 WHERE signal = ?7 AND horizon = ?8 AND status = 'pending'"""
SQL_RESOLVE_SIGNAL = """UPDATE signals SET state = 'resolved', updated_at = max(updated_at, ?2)
WHERE id = ?1 AND state <> 'resolved'
AND NOT EXISTS (SELECT 1 FROM signal_outcomes WHERE signal = ?1 AND status = 'pending')"""
SQL_OF = """SELECT signal, horizon, status, forward_return, max_favourable, max_adverse, hit, resolved_at
FROM signal_outcomes WHERE signal IN (SELECT value FROM json_each(?)) ORDER BY signal, horizon"""


@dataclass(frozen=True, slots=True)
class Due:
    """One outcome whose horizon has passed."""

    signal: str
    horizon: int
    due_at: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a signal stood `horizon` ms after it; returns are fractions of the reference price.

    `forward_return` is signed as the price moved; `max_favourable` and `max_adverse` are ≥ 0, in the
    signal's direction and against it; `hit` is None where the signal has no direction.
    """

    signal: str
    horizon: int
    status: str
    forward_return: float | None = None
    max_favourable: float | None = None
    max_adverse: float | None = None
    hit: bool | None = None
    resolved_at: int | None = None


async def due(db: D1Database, now: int, *, after: Due | None = None, limit: int = 1000) -> list[Due]:
    """Pending outcomes due until `now`, oldest first, behind the last one of the page before."""
    place = (after.due_at, after.signal, after.horizon) if after else (EARLIEST, "", 0)
    return [Due(*row) for row in await db.prepare(SQL_DUE).bind(now, *place, limit).raw()]


def settle_statement(db: D1Database, outcome: Outcome) -> D1PreparedStatement:
    """Write what became of it; an outcome already settled stays as it is."""
    o = outcome
    values = (o.status, o.forward_return, o.max_favourable, o.max_adverse, o.hit, o.resolved_at)
    return db.prepare(SQL_SETTLE).bind(*values, o.signal, o.horizon)


def resolve_statement(db: D1Database, signal: str, at: int) -> D1PreparedStatement:
    """Mark a signal as resolved once none of its outcomes is pending."""
    return db.prepare(SQL_RESOLVE_SIGNAL).bind(signal, at)


async def of_signals(db: D1Database, ids: Sequence[str], as_of: int = LATEST) -> dict[str, list[Outcome]]:
    """Outcomes by signal, shortest horizon first; what was settled after `as_of` shows as pending."""
    rows = await db.prepare(SQL_OF).bind(orjson.dumps(list(ids)).decode()).raw()
    found: defaultdict[str, list[Outcome]] = defaultdict(list)
    for signal, horizon, status, forward, favourable, adverse, hit, resolved_at in rows:
        if resolved_at is not None and resolved_at > as_of:
            found[signal].append(Outcome(signal, horizon, "pending"))
            continue
        told = None if hit is None else bool(hit)
        found[signal].append(
            Outcome(signal, horizon, status, forward, favourable, adverse, told, resolved_at)
        )
    return found
