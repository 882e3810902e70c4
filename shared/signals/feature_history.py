"""Features of bars long past, computed from the stored candles by the same steps as live.

What else was known is read as of each close and KNOWN_WITHIN behind it, as a live run would have seen it:
what was learned later, an imported history of an index for example, is not known to a row.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from shared.market.codec import Columns
from shared.market.features.breadth import Returns
from shared.market.features.values import matrix
from shared.models import EARLIEST, MINUTE
from shared.platform.d1 import D1Database
from shared.signals import windows
from shared.signals.bars import Bars, Floats, Ints, bars_from
from shared.signals.intake import HISTORY
from shared.signals.joining import beside
from shared.signals.known import Rows, known_columns
from shared.signals.materialize import COLUMNS
from shared.store import candle_series, candles
from shared.store.candle_series import Series

KNOWN_WITHIN = 5 * MINUTE  # how long after a close a live run computes at the latest
BLOCK = 40_000  # bars worked on at a time, some 60 MB
# Numpy's price of a call is that of a few dozen lanes: of fewer assets, stretches of time move side by side.
LANES = 16
DAY_BARS = 24


class Measured(NamedTuple):
    """Some bars of a history: the rows and the engine's columns that features read, each (N,)."""

    rows: Rows
    bars: dict[str, Floats]


class Table(NamedTuple):
    """Features of some bars: rows by close, then asset, and values (N, F) in the dictionary's order."""

    rows: Rows
    values: Floats


@dataclass(frozen=True, slots=True)
class Span:
    """Bars that close in [start, end), of these series of one bar length, one series an asset."""

    step: int
    start: int
    end: int
    series: Mapping[int, Series]

    @property
    def parts(self) -> int:
        """Stretches of time that move side by side, each with HISTORY bars before it to settle in."""
        return max(LANES // max(len(self.series), 1), 1)

    @property
    def lead(self) -> int:
        return HISTORY * self.step

    def part_of(self, open_time: Ints, first: int) -> Ints:
        """In which part of the block that begins at `first` bars lie; the lead before it is in part -1.

        A part is as long as its lead, wherever the span ends: what comes later cannot move it.
        """
        return np.where(open_time < first, -1, (open_time - first) // self.lead % self.parts)

    def blocks(self) -> list[tuple[int, int]]:
        """Stretches of open times to work on one after the other, HISTORY bars or some BLOCK in all."""
        known = min(one.first_open for one in self.series.values())
        first, end = max(self.start - self.step, known, EARLIEST + self.lead), self.end - self.step
        length = max(BLOCK // len(self.series), HISTORY) if self.parts == 1 else self.parts * HISTORY
        edges = [*range(first, end, length * self.step), end]
        return [(edges[i], edges[i + 1]) for i in range(len(edges) - 1)]


async def span_of(
    db: D1Database,
    step: int,
    start: int,
    end: int,
    assets: Collection[int] | None = None,
    source: int | None = None,
) -> Span:
    """The series to read for these assets (default: all), of one source where one is named."""
    found: dict[int, list[Series]] = {}
    for one in await candle_series.of_step(db, step):
        if (assets is None or one.asset in assets) and source in (None, one.source):
            found.setdefault(one.asset, []).append(one)
    chosen = {
        asset: candle_series.preferred(some, start - step, end) for asset, some in sorted(found.items())
    }
    return Span(step, start, end, {asset: one for asset, one in chosen.items() if one})


async def measured_blocks(db: D1Database, span: Span) -> AsyncIterator[Measured]:
    """Bars in blocks of time, oldest first; a bar is known once it and all bars before it are."""
    learned: dict[int, int] = {}
    carried: windows.Windows | None = None
    for first, end in span.blocks() if span.series else ():
        lead = 0 if carried else span.lead
        bars, known_at = await bars_between(db, span, first - lead, end)
        if not len(bars):
            continue
        known_at = since_all(bars.asset, known_at, learned)
        lanes, rows = side_by_side(bars, span, first)
        some, others = bars.take(rows), (await beside(db, span.step, bars)).take(rows)
        state = carried or windows.empty()
        ids, places = np.unique(lanes, return_index=True)
        state = windows.with_lanes(state, ids, some.source[places])
        moved = replace(some, asset=lanes)
        measured = await asyncio.to_thread(windows.step, state, span.step, moved, others)
        carried = state if span.parts == 1 else None
        order = np.lexsort((measured.open_time, measured.asset))  # as the rows lie
        at = some.open_time + span.step
        own = lanes % span.parts == span.part_of(some.open_time, first)
        kept = own & (at >= span.start) & (at < span.end)
        at, learned_at = at[kept], np.maximum(known_at[rows][kept], at[kept])
        told = Rows(some.asset[kept], some.source[kept], at, learned_at, at + KNOWN_WITHIN, some.close[kept])
        yield Measured(told, {name: measured.columns[name][order][kept] for name in COLUMNS})


def side_by_side(bars: Bars, span: Span, first: int) -> tuple[Ints, Ints]:
    """Lanes and rows of the bars, each part of an asset's time a lane that begins `lead` early.

    Lanes are asset · parts + part; rows are sorted by lane, then time.
    """
    if span.parts == 1:
        return bars.asset, np.arange(len(bars))
    lanes, rows = [], []
    for asset in np.unique(bars.asset).tolist():
        start, stop = np.searchsorted(bars.asset, (asset, asset + 1)).tolist()
        times = bars.open_time[start:stop]
        for part in range(span.parts):
            edge = first + part * span.lead
            low, high = np.searchsorted(times, (edge - span.lead, edge + span.lead)).tolist()
            lanes.append(np.full(high - low, asset * span.parts + part))
            rows.append(np.arange(start + low, start + high))
    return np.concatenate(lanes), np.concatenate(rows)


async def bars_between(db: D1Database, span: Span, first: int, end: int) -> tuple[Bars, Ints]:
    """Bars that open in [first, end), by asset, then time, and when each became known."""
    parts: list[tuple[int, int, Columns]] = []
    for asset, one in sorted(span.series.items()):
        found = await candles.stored(db, (asset, one.source, span.step), first, end)
        if found.open_time:
            parts.append((asset, one.source, found))
    if not parts:
        return bars_from([np.empty(0, np.int64)] * 3 + [np.empty(0)] * 5), np.empty(0, np.int64)
    counts = [len(found.open_time) for *_, found in parts]
    whose: list[Any] = [np.repeat([part[i] for part in parts], counts) for i in range(2)]
    times = [
        np.concatenate([np.array(getattr(f, n), np.int64) for *_, f in parts])
        for n in ("open_time", "known_at")
    ]
    names = ("open", "high", "low", "close", "volume")
    prices = [np.concatenate([np.array(getattr(f, n), np.float64) for *_, f in parts]) for n in names]
    return bars_from([*whose, times[0], *prices]), times[1]


def since_all(asset: Ints, known_at: Ints, learned: dict[int, int]) -> Ints:
    """When each bar and all bars of its asset before it were known; `learned` (by asset) is carried on."""
    found = np.empty_like(known_at)
    for id in np.unique(asset).tolist():
        own = slice(*np.searchsorted(asset, (id, id + 1)).tolist())
        found[own] = np.maximum(np.maximum.accumulate(known_at[own]), learned.get(id, EARLIEST))
        learned[id] = int(found[own][-1])
    return found


async def history(
    db: D1Database, span: Span, progress: Callable[[float], None] = lambda part: None
) -> AsyncIterator[Table]:
    """Features of all bars of a span, block by block; `progress` is told the part that is done."""
    everyone = (await span_of(db, span.step, span.start, span.end)).series
    others = replace(span, series={id: one for id, one in everyone.items() if id not in span.series})
    async for rows, bars in measured_blocks(db, span):
        if not len(rows.at):
            continue
        first, last = int(rows.at.min()), int(rows.at.max())
        market = await returns_of(db, others, first, last)
        known = await known_columns(db, span.step, rows, bars, market)
        values = matrix({**bars, "close": rows.close, **known}, len(rows.at))
        order = np.lexsort((rows.asset, rows.at))
        yield Table(rows.take(order), values[order])
        progress((last - span.start) / (span.end - span.start))


async def returns_of(db: D1Database, span: Span, first: int, last: int) -> Returns:
    """return_1 and return_24 of the bars of a span that close in [first, last]."""
    bars, _ = await bars_between(db, span, first - (2 * DAY_BARS + 1) * span.step, last - span.step + 1)
    logs, at = np.log(bars.close), bars.open_time + span.step
    moves = []
    for count in (1, DAY_BARS):
        move = np.full(len(logs), np.nan)
        same = bars.asset[count:] == bars.asset[:-count]
        move[count:] = np.where(same, logs[count:] - logs[:-count], np.nan)
        moves.append(move)
    inside = at >= first
    return Returns(at[inside], bars.asset[inside], moves[0][inside], moves[1][inside])
