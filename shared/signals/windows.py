"""What the bar detectors carry: the last 96 returns and volumes of every asset, and their medians.

`step` is the one kernel of live and backfill. Each bar is measured against the window before it, and the
figures depend on that window alone, so any cut of the same bars into calls gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from shared.models import EARLIEST
from shared.signals.bars import Bars, Bools, Floats, Ints

WINDOW = 96  # bars: 8 hours of 5m, 4 days of 1h, a quarter of 1d; long enough for a steady median
CHANGING = ("bars", "last_close", "opens", "returns", "volumes")
KINDS = {"Ints": np.int64, "Floats": np.float64, "Bools": np.bool_}
BLOCK = 8192  # windows measured at a time: 6 MB, whatever the length of the backfill


@dataclass(slots=True)
class Windows:
    """One lane an asset, sorted by asset; within a lane time runs to the right.

    opens (L, W+1), returns (L, W), volumes (L, W); `bars` counts what a lane has seen, and a lane is warm
    once W returns stand behind it. What is not yet filled is NaN.
    """

    asset: Ints
    source: Ints
    bars: Ints
    last_close: Floats
    opens: Ints
    returns: Floats
    volumes: Floats

    @property
    def cursor(self) -> Ints:
        """Open time of the newest bar of each lane; EARLIEST before the first."""
        return self.opens[:, -1]


@dataclass(slots=True)
class Measured:
    """One row a bar: its figures and those of the window before it. Rows of a lane stand in time order.

    `value` is the log return, divided by √elapsed where bars are missing before it (a random walk spreads
    with the root of time); `volume` is the log of the volume, -inf without any. `base` is the open time of
    the bar before the window's first: its close starts the first return.
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


def empty() -> Windows:
    none, zero = np.empty(0, np.int64), np.empty((0, WINDOW))
    return Windows(none, none, none, np.empty(0), np.empty((0, WINDOW + 1), np.int64), zero, zero)


def with_lanes(state: Windows, assets: Ints, sources: Ints) -> Windows:
    """Add a cold lane for each asset that has none; `sources` run beside `assets`, both sorted."""
    if np.array_equal(assets, state.asset):
        return state
    fresh = ~np.isin(assets, state.asset)
    if not fresh.any():
        return state
    n = int(fresh.sum())
    cold = Windows(
        assets[fresh],
        sources[fresh],
        np.zeros(n, np.int64),
        np.full(n, np.nan),
        np.full((n, WINDOW + 1), EARLIEST, np.int64),
        np.full((n, WINDOW), np.nan),
        np.full((n, WINDOW), np.nan),
    )
    order = np.argsort(np.concatenate((state.asset, cold.asset)), kind="stable")
    pairs = zip(columns(state), columns(cold), strict=True)
    return Windows(*(np.concatenate(pair)[order] for pair in pairs))


def columns(state: Windows) -> list[Any]:
    return [getattr(state, item.name) for item in fields(state)]


def step(state: Windows, length: int, bars: Bars) -> tuple[Windows, Measured]:
    """Measure every bar newer than its lane's cursor and move the lanes on; `length` is the bar in ms.

    Every asset needs a lane. Bars at or before the cursor, late or corrected, are passed over: what was
    signalled on the first telling stands. `state` is not changed.
    """
    lanes = np.searchsorted(state.asset, bars.asset)
    newer = bars.open_time > state.cursor[lanes]
    if not newer.all():
        bars, lanes = bars.take(newer), lanes[newer]
    moved, starts, counts = np.unique(lanes, return_index=True, return_counts=True)
    widths = np.unique(counts)
    whole = len(moved) == len(state.asset) and len(widths) == 1  # live: nothing stays as it was
    fresh: Any = np.empty_like if whole else np.copy
    after = replace(state, **{name: fresh(getattr(state, name)) for name in CHANGING})
    parts = []
    for width in widths:  # lanes with equally many bars move as one rectangle
        same = counts == width
        rows = starts[same][:, None] + np.arange(width)
        parts.append(advance(state, after, slice(None) if whole else moved[same], bars, rows, length))
    return after, joined(parts) if parts else nothing()


def advance(
    before: Windows, after: Windows, lanes: Ints | slice, bars: Bars, rows: Ints, length: int
) -> Measured:
    """Move `lanes` (n,) over their bars, whose row numbers are `rows` (n, k); writes `after`."""
    n, k = rows.shape
    opened, close = bars.open_time[rows], bars.close[rows]
    opens = np.concatenate((before.opens[lanes], opened), axis=1)
    previous = np.concatenate((before.last_close[lanes][:, None], close[:, :-1]), axis=1)
    elapsed = np.maximum(np.diff(opens[:, WINDOW:], axis=1) / length, 1.0)
    with np.errstate(divide="ignore"):
        value = np.log(close / previous) / np.sqrt(elapsed)
        volume = np.log(bars.volume[rows])
    returns = np.concatenate((before.returns[lanes], value), axis=1)
    volumes = np.concatenate((before.volumes[lanes], volume), axis=1)
    tick = before.bars[lanes][:, None] + np.arange(k)
    ready = tick > WINDOW
    median, mad = baselines(returns, ready)
    volume_median, volume_mad = baselines(volumes, ready)
    after.bars[lanes] = before.bars[lanes] + k
    after.last_close[lanes] = close[:, -1]
    after.opens[lanes], after.returns[lanes] = opens[:, k:], returns[:, k:]
    after.volumes[lanes] = volumes[:, k:]
    numbers = np.arange(len(before.asset))[lanes]
    wide = (tick, bars.asset[rows], bars.source[rows], opened, close, previous, elapsed, value, median, mad)
    ends = (volume, volume_median, volume_mad, opens[:, :k], opens[:, 1 : k + 1], opens[:, WINDOW:-1], ready)
    return Measured(np.repeat(numbers, k), *(column.reshape(n * k) for column in (*wide, *ends)))


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


def joined(parts: list[Measured]) -> Measured:
    if len(parts) == 1:
        return parts[0]
    names = [item.name for item in fields(Measured)]
    return Measured(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def nothing() -> Measured:
    """No bar at all."""
    columns: list[Any] = [np.empty(0, KINDS[str(item.type)]) for item in fields(Measured)]
    return Measured(*columns)
