"""What the bar detectors carry: the last bars of every asset and the state of all kernels over them.

`step` is the one way of live and backfill. Kernels are stepped bar by bar; the exact medians of the window
before each bar are taken of many bars at once. Both depend on the lane's own bars alone, so any cut of the
same bars into calls gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from shared.market.indicators.kernel import FIELDS
from shared.market.indicators.lanes import State
from shared.models import EARLIEST
from shared.signals.bars import Bars, Bools, Floats, Ints
from shared.signals.beside import Beside, nothing_beside
from shared.signals.columns import ENGINE
from shared.signals.kernels.baseline import WINDOW

KINDS = {"Ints": np.int64, "Floats": np.float64, "Bools": np.bool_}
FEW = 4  # times as many lanes move as stay behind
BLOCK = 8192  # windows measured at a time: 6 MB, whatever the length of the backfill
CLOSE, VOLUME, OPEN_TIME = (FIELDS.index(name) for name in ("close", "volume", "open_time"))
PRICES = ("open", "high", "low", "close", "volume")

__all__ = ["WINDOW", "Measured", "Windows", "empty", "median_mad", "step", "with_lanes", "without"]


@dataclass(slots=True)
class Windows:
    """One lane an asset, sorted by asset: its source, and the engine's state of all lanes."""

    asset: Ints
    source: Ints
    state: State

    @property
    def cursor(self) -> Ints:
        """Open time of the newest bar of each lane; EARLIEST before the first."""
        return as_times(self.state.history[OPEN_TIME, -1])


@dataclass(slots=True)
class Measured:
    """One row a bar: its figures and those of the window before it. Rows of a lane stand in time order.

    `value` is the log return, divided by √elapsed where bars are missing before it (a random walk spreads
    with the root of time); `volume` is the log of the volume, -inf without any. `base` is the open time of
    the bar before the window's first: its close starts the first return. `bars["rsi_14"]` is a column of the
    engine; findings about the market are filed under asset `leader`.
    """

    lane: Ints
    tick: Ints
    asset: Ints
    source: Ints
    open_time: Ints
    close: Floats
    previous: Floats
    elapsed: Floats
    value: Floats
    median: Floats
    mad: Floats
    volume: Floats
    volume_median: Floats
    volume_mad: Floats
    base: Ints
    first: Ints
    last: Ints
    ready: Bools
    columns: dict[str, Floats] = field(kw_only=True)
    leader: int = field(kw_only=True, default=0)

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]

    def known(self, name: str) -> Floats:
        """A column that is only there where it was asked for; NaN where it was not."""
        found = self.columns.get(name)
        return np.full(len(self.asset), np.nan) if found is None else found

    def __len__(self) -> int:
        return len(self.asset)


ROWS = tuple(item for item in fields(Measured) if not item.kw_only)  # columns that have one value a bar


def as_times(opened: Floats) -> Ints:
    """Open times as whole milliseconds, EARLIEST where there was no bar."""
    return np.where(np.isnan(opened), EARLIEST, opened).astype(np.int64)


def empty() -> Windows:
    none = np.empty(0, np.int64)
    return Windows(none, none, ENGINE.empty(0))


def with_lanes(state: Windows, assets: Ints, sources: Ints) -> Windows:
    """Add a cold lane for each asset that has none; `sources` run beside `assets`, both sorted."""
    fresh = ~np.isin(assets, state.asset)
    if not fresh.any():
        return state
    asset = np.concatenate((state.asset, assets[fresh]))
    order = np.argsort(asset, kind="stable")
    source = np.concatenate((state.source, sources[fresh]))[order]
    return Windows(asset[order], source, ENGINE.with_lanes(state.state, state.asset, asset[order]))


def without(state: Windows, stay: Bools) -> Windows:
    """Keep some lanes only."""
    kept = state.asset[stay]
    return Windows(kept, state.source[stay], ENGINE.with_lanes(state.state, state.asset, kept))


def step(state: Windows, length: int, bars: Bars, beside: Beside | None = None) -> Measured:
    """Measure every bar newer than its lane's cursor and move the lanes on, in place; a bar is `length` ms.

    Every asset needs a lane. Bars at or before the cursor, late or corrected, are passed over: what was
    signalled on the first telling stands.
    """
    beside = beside or nothing_beside(bars)
    lanes = np.searchsorted(state.asset, bars.asset)
    newer = bars.open_time > state.cursor[lanes]
    if not newer.all():
        bars, lanes, beside = bars.take(newer), lanes[newer], beside.take(newer)
    present, starts, counts = np.unique(lanes, return_index=True, return_counts=True)
    parts, done = [], 0
    for width in np.unique(counts):  # all lanes that have so many bars move side by side
        there = counts >= width
        rows = starts[there][:, None] + np.arange(done, width)
        some = slice(None) if there.sum() == len(state.asset) else present[there]
        parts.append(advance(state, some, bars, beside, rows, length))
        done = int(width)
    return joined(parts, beside.leader)


def advance(
    windows: Windows, lanes: Ints | slice, bars: Bars, beside: Beside, rows: Ints, length: int
) -> tuple[list[Any], dict[str, Floats]]:
    """Move `lanes` (n,) over their bars, whose row numbers are `rows` (n, k); the columns of Measured."""
    n, k = rows.shape
    kept = windows.state.history[:, -WINDOW - 1 :, lanes]
    opened, close = bars.open_time[rows], bars.close[rows]
    opens = np.concatenate((as_times(kept[OPEN_TIME].T), opened), axis=1)
    closes = np.concatenate((kept[CLOSE].T, close), axis=1)
    elapsed = np.maximum(np.diff(opens, axis=1) / length, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = np.log(closes[:, 1:] / closes[:, :-1]) / np.sqrt(elapsed)
        volumes = np.log(np.concatenate((kept[VOLUME, 1:].T, bars.volume[rows]), axis=1))
    tick = windows.state.count[lanes][:, None] + np.arange(k)
    ready = tick > WINDOW
    median, mad = baselines(returns, ready)
    volume_median, volume_mad = baselines(volumes, ready)
    table = moved(windows.state, fields_of(bars, beside, rows.T), lanes)
    numbers = np.repeat(np.arange(len(windows.asset))[lanes], k)
    new = slice(WINDOW, None)
    wide = (tick, bars.asset[rows], bars.source[rows], opened, close, closes[:, WINDOW:-1])
    rest = (elapsed[:, new], returns[:, new], median, mad, volumes[:, new], volume_median, volume_mad)
    ends = (opens[:, :k], opens[:, 1 : k + 1], opens[:, WINDOW:-1], ready)
    flat = np.ascontiguousarray(table.transpose(0, 2, 1)).reshape(len(table), n * k)
    columns = dict(zip(ENGINE.names, flat, strict=True))
    return [numbers, *(column.reshape(n * k) for column in (*wide, *rest, *ends))], columns


def moved(state: State, fields: Floats, lanes: Ints | slice) -> Floats:
    """Step some lanes over `fields` (F, k, n): the columns (C, k, n).

    Where few stay behind it is they that are put aside: copying all the others costs as much as the step.
    """
    if isinstance(lanes, slice) or FEW * (len(state.count) - len(lanes)) > len(lanes):
        return ENGINE.advance(state, fields, lanes)
    behind = np.setdiff1d(np.arange(len(state.count)), lanes)
    aside = ENGINE.take(state, behind)
    wide = np.full((*fields.shape[:2], len(state.count)), np.nan)
    wide[..., lanes] = fields
    table = ENGINE.advance(state, wide)[..., lanes]
    ENGINE.put(state, behind, aside)
    return table


def fields_of(bars: Bars, beside: Beside, rows: Ints) -> Floats:
    """What kernels read, in the order of FIELDS: (F, k, n) for rows (k, n)."""
    found = np.empty((len(FIELDS), *rows.shape))
    for place, name in enumerate(PRICES):
        found[place] = getattr(bars, name)[rows]
    found[len(PRICES) : -1] = beside.markets[:, rows]
    found[OPEN_TIME] = bars.open_time[rows]
    return found


def baselines(series: Floats, ready: Bools) -> tuple[Floats, Floats]:
    """Median and MAD of the W values before each of the last k of `series` (n, W+k); NaN where not ready."""
    n, k = ready.shape
    median, mad = np.full((n, k), np.nan), np.full((n, k), np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(series, WINDOW, axis=1)
    width = max(BLOCK // n, 1)
    for start in range(0, k, width):
        some = ready[:, start : start + width]
        if some.any():
            chosen = windows[:, start : start + some.shape[1]][some]
            median[:, start : start + width][some], mad[:, start : start + width][some] = median_mad(chosen)
    return median, mad


def median_mad(windows: Floats) -> tuple[Floats, Floats]:
    """Exact median and median absolute deviation of each row (N, W), W even; infinities are values too.

    The values of each row are left in another order.
    """
    with np.errstate(invalid="ignore"):
        median = middle(windows)
        away = windows - median[:, None]
        return median, middle(np.abs(away, out=away))


def middle(rows: Floats) -> Floats:
    half = rows.shape[1] // 2
    rows.sort(axis=1)  # with SIMD; selecting two places of rows never seen takes five times as long
    return 0.5 * (rows[:, half - 1] + rows[:, half])


def joined(parts: list[tuple[list[Any], dict[str, Floats]]], leader: int) -> Measured:
    """One Measured of what was measured part by part; of none, one without rows."""
    if len(parts) == 1:
        return Measured(*parts[0][0], columns=parts[0][1], leader=leader)
    if not parts:
        none = dict.fromkeys(ENGINE.names, np.empty(0))
        return Measured(*(np.empty(0, KINDS[str(item.type)]) for item in ROWS), columns=none, leader=leader)
    rows = [np.concatenate(columns) for columns in zip(*(part[0] for part in parts), strict=True)]
    tables = [part[1] for part in parts]
    columns = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    return Measured(*rows, columns=columns, leader=leader)
