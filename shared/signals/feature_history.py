"""Features of bars long past, computed from the stored candles by the same steps as live.

What else was known is read as of each close and KNOWN_WITHIN behind it, as a live run would have seen it:
what was learned later, an imported history of an index for example, is not known to a row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
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
from shared.store.assets import Assets
from shared.store.candle_series import Series

KNOWN_WITHIN = 5 * MINUTE  # how long after a close a live run computes at the latest
BLOCK = 40_000  # bars worked on at a time, some 60 MB
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
    def first(self) -> int:
        """Open time from which bars are stepped, so that recurrences have settled at the start."""
        known = min(one.first_open for one in self.series.values())
        return max(self.start - (HISTORY + 1) * self.step, known, EARLIEST)

    def blocks(self) -> list[tuple[int, int]]:
        """Stretches of open times, some BLOCK bars each."""
        length = max(BLOCK // len(self.series), 2 * DAY_BARS) * self.step
        edges = [*range(self.first, self.end - self.step, length), self.end - self.step]
        return [(edges[i], edges[i + 1]) for i in range(len(edges) - 1)]


async def span_of(db: D1Database, step: int, start: int, end: int, assets: Sequence[int]) -> Span:
    """The series to read for these assets, those without any left out."""
    found: dict[int, list[Series]] = {}
    for one in await candle_series.of_step(db, step):
        found.setdefault(one.asset, []).append(one)
    chosen = {asset: candle_series.preferred(found.get(asset, ()), start - step, end) for asset in assets}
    return Span(step, start, end, {asset: one for asset, one in chosen.items() if one})


async def measured_blocks(db: D1Database, assets: Assets, span: Span) -> AsyncIterator[Measured]:
    """Bars in blocks of time, oldest first; a bar is known once it and all bars before it are."""
    ids = np.array(sorted(span.series), np.int64)
    sources = np.array([span.series[asset].source for asset in ids.tolist()], np.int64)
    state = windows.with_lanes(windows.empty(), ids, sources)
    learned = np.full(len(ids), EARLIEST)
    for first, end in span.blocks():
        bars, known_at = await bars_between(db, span, first, end)
        if not len(bars):
            continue
        measured = windows.step(state, span.step, bars, await beside(db, assets, span.step, bars))
        known_at = since_all(bars.asset, known_at, ids, learned)
        order = np.lexsort((measured.open_time, measured.asset))  # as the bars lie
        at = bars.open_time + span.step
        kept = (at >= span.start) & (at < span.end)
        at, known_at = at[kept], np.maximum(known_at[kept], at[kept])
        rows = Rows(bars.asset[kept], bars.source[kept], at, known_at, at + KNOWN_WITHIN, bars.close[kept])
        yield Measured(rows, {name: measured.columns[name][order][kept] for name in COLUMNS})


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


def since_all(asset: Ints, known_at: Ints, ids: Ints, learned: Ints) -> Ints:
    """When each bar and all bars of its asset before it were known; `learned` (L,) is carried on."""
    found = np.empty_like(known_at)
    for lane, id in enumerate(ids.tolist()):
        own = slice(*np.searchsorted(asset, (id, id + 1)).tolist())
        if own.start < own.stop:
            found[own] = np.maximum(np.maximum.accumulate(known_at[own]), learned[lane])
            learned[lane] = found[own][-1]
    return found


async def history(
    db: D1Database,
    assets: Assets,
    span: Span,
    progress: Callable[[float], None] = lambda part: None,
) -> AsyncIterator[Table]:
    """Features of all bars of a span, block by block; `progress` is told the part that is done."""
    everyone = await span_of(db, span.step, span.start, span.end, [asset.id for asset in assets])
    rest = Span(
        span.step, span.start, span.end, {k: v for k, v in everyone.series.items() if k not in span.series}
    )
    async for rows, bars in measured_blocks(db, assets, span):
        if len(rows.at):
            others = await returns_of(db, rest, int(rows.at.min()), int(rows.at.max()))
            known = await known_columns(db, span.step, rows, bars, others)
            values = matrix({**bars, "close": rows.close, **known}, len(rows.at))
            order = np.lexsort((rows.asset, rows.at))
            yield Table(rows.take(order), values[order])
        progress(0.0 if not len(rows.at) else (int(rows.at.max()) - span.start) / (span.end - span.start))


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
