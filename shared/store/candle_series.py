"""Which candle series exist, how far they reach, and which of several sources a reader gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.platform.d1 import D1Database, D1PreparedStatement
from shared.store.rows import insert_statements

SQL_SERIES = """SELECT c.asset, c.source, c.step, c.first_open, c.last_open, c.blocks_to, s.name,
s.reliability FROM candle_series c JOIN sources s ON s.id = c.source WHERE c.step = ?"""
SQL_SERIES_OF_ASSET = """SELECT c.asset, c.source, c.step, c.first_open, c.last_open, c.blocks_to, s.name,
s.reliability FROM candle_series c JOIN sources s ON s.id = c.source WHERE c.asset = ? AND c.step = ?"""
SQL_STEPS = "SELECT DISTINCT step FROM candle_series ORDER BY step"
SQL_EXTEND = """INSERT INTO candle_series (asset, source, step, first_open, last_open) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET first_open = min(first_open, excluded.first_open),
last_open = max(last_open, excluded.last_open)
WHERE excluded.first_open < first_open OR excluded.last_open > last_open"""
SQL_NEWEST = "SELECT max(last_open) FROM candle_series WHERE step = ?"


@dataclass(frozen=True, slots=True)
class Series:
    """One asset at one source with one bar length; `blocks_to`: newest bar in candle_blocks or None."""

    asset: int
    source: int
    step: int
    first_open: int
    last_open: int
    blocks_to: int | None
    name: str
    reliability: float


async def of_step(db: D1Database, step: int) -> list[Series]:
    return [Series(*row) for row in await db.prepare(SQL_SERIES).bind(step).raw()]


async def of_asset(db: D1Database, asset: int, step: int) -> list[Series]:
    return [Series(*row) for row in await db.prepare(SQL_SERIES_OF_ASSET).bind(asset, step).raw()]


async def steps(db: D1Database) -> list[int]:
    """Bar lengths of which there are candles, shortest first."""
    return [step for (step,) in await db.prepare(SQL_STEPS).raw()]


async def closed_until(db: D1Database, step: int) -> int | None:
    """When the newest stored bar of this length closed; None without any."""
    ((newest,),) = await db.prepare(SQL_NEWEST).bind(step).raw()
    return None if newest is None else newest + step


def extend_statements(
    db: D1Database, reach: Mapping[tuple[int, int, int], tuple[int, int]]
) -> list[D1PreparedStatement]:
    """Note that (asset, source, step) has bars from first to last open time."""
    return insert_statements(
        db, SQL_EXTEND, [(*key, first, last) for key, (first, last) in sorted(reach.items())]
    )


def preferred(series: Iterable[Series], start: int, end: int) -> Series | None:
    """The one source to read between two open times: of those that reach furthest, the most reliable.

    Two bars behind counts as reaching as far, so that a late answer does not switch sources.
    """
    there = [one for one in series if one.first_open < end and one.last_open >= start]
    if not there:
        return None
    furthest = max(min(one.last_open, end - 1) - 2 * one.step for one in there)
    near = [one for one in there if one.last_open >= furthest]
    return min(near, key=lambda one: (-one.reliability, one.source))
