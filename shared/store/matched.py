"""Matched random entries: what a signal's outcomes are compared with, written once beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shared.platform.d1 import D1Database, D1PreparedStatement

SQL_ADD = """INSERT OR IGNORE INTO matched_entries
(signal, horizon, n, hits, opposite_hits, mean_return, entries) VALUES (?, ?, ?, ?, ?, ?, ?)"""
SQL_OF = """SELECT signal, horizon, n, hits, opposite_hits, mean_return, entries FROM matched_entries
WHERE signal IN (SELECT value FROM json_each(?)) ORDER BY signal, horizon"""
SQL_HAVE = "SELECT DISTINCT signal FROM matched_entries WHERE signal IN (SELECT value FROM json_each(?))"

# at, volatility_1h, forward_return
Entry = tuple[int, float, float]


@dataclass(frozen=True, slots=True)
class Matched:
    """The entries of one signal at one horizon; `hits` and `opposite_hits` are None without a direction.

    `mean_return` is that of the entries in the signal's direction, as the price moved where it has none;
    None where there is no entry.
    """

    signal: str
    horizon: int
    n: int
    hits: int | None
    opposite_hits: int | None
    mean_return: float | None
    entries: tuple[Entry, ...]


def add_statement(db: D1Database, matched: Matched) -> D1PreparedStatement:
    """Write them once: what was drawn for a signal never changes."""
    m, entries = matched, orjson.dumps(matched.entries).decode()
    return db.prepare(SQL_ADD).bind(m.signal, m.horizon, m.n, m.hits, m.opposite_hits, m.mean_return, entries)


async def of_signals(db: D1Database, ids: Sequence[str]) -> dict[str, list[Matched]]:
    """By signal, shortest horizon first; signals without any are absent."""
    rows = await db.prepare(SQL_OF).bind(orjson.dumps(list(ids)).decode()).raw()
    found: defaultdict[str, list[Matched]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(read(row))
    return dict(found)


async def have(db: D1Database, ids: Sequence[str]) -> set[str]:
    """Those of the signals whose entries are stored."""
    return {id for (id,) in await db.prepare(SQL_HAVE).bind(orjson.dumps(list(ids)).decode()).raw()}


def read(row: Sequence[Any]) -> Matched:
    *figures, entries = row
    signal, horizon, n, hits, opposite_hits, mean_return = figures
    drawn = tuple((at, hourly, forward) for at, hourly, forward in orjson.loads(entries))
    return Matched(signal, horizon, n, hits, opposite_hits, mean_return, drawn)
