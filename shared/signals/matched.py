"""Matched random entries: what would have become of a call like this one at no particular moment.

A hit rate alone says nothing: in a rising market every "up" comes true. So each signal is compared with
entries of the same asset, at the same hour of the day (volatility has hours), in the same direction, drawn
from the 90 days before it, each with the volatility that was known at its own time and measured as the
signal is. Entries whose horizon ends after the signal's `at` are left out: nothing of what the signal
foretold, or of its own bar's aftermath, is in what it is compared with.

Drawn by a hash of the signal's key and the entry's time: the same signal gets the same entries, wherever and
however often they are drawn, and one horizon those of the next as far as they fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import sqrt

import numpy as np

from shared.market.codec import Columns
from shared.models import DAY, HOUR
from shared.signals.bars import Floats, Ints
from shared.signals.detectors.price_anomaly import FLOOR, NORMAL
from shared.signals.measure import Start, ahead_of, hit, measure, opposite
from shared.signals.windows import WINDOW, median_mad
from shared.store.matched import Entry, Matched

# The variance of hit rate minus matched rate is (1 + 1/N) times that of the hit rate alone: 20 entries cost
# 5 %, another 20 would win half of that back for twice the rows.
ENTRIES = 20
# A quarter: several regimes of the day and the week, and still the market the signal was raised in.
BACK = 90 * DAY
# Bars before the oldest entry for its volatility: what that takes, and as many again for missing ones.
LEAD = 2 * (WINDOW + 1)


@dataclass(frozen=True, slots=True)
class Closes:
    """Bars of one length and source in time order: both (N,)."""

    open_time: Ints
    close: Floats


def closes_of(bars: Columns) -> Closes:
    return Closes(np.array(bars.open_time, np.int64), np.array(bars.close, np.float64))


def stretch(at: int, step: int) -> tuple[int, int]:
    """Open times (first, behind the last) of the bars that the entries of a signal rest on."""
    return at - BACK - LEAD * step, at - step + 1


def match(
    key: str, signal: str, start: Start, step: int, horizons: Sequence[int], bars: Closes
) -> list[Matched]:
    """The entries of one signal, of bars of `step` ms, at each horizon; what `bars` has more is not read."""
    first, end = np.searchsorted(bars.open_time, stretch(start.at, step))
    own = Closes(bars.open_time[first:end], bars.close[first:end])
    rows = drawn(key, start.at, step, own)
    found = []
    for horizon in horizons:
        outcomes = measured(rows, start, signal, step, horizon, own)
        found.append(summary(outcomes, start, signal, horizon))
    return found


def drawn(key: str, at: int, step: int, bars: Closes) -> Ints:
    """Rows of `bars` an entry may follow, in the order of the draw; each closed at the signal's hour."""
    closes_at = bars.open_time + step
    rows = np.flatnonzero((closes_at >= at - BACK) & (closes_at // HOUR % 24 == at // HOUR % 24))
    rows = rows[rows > WINDOW]  # as detectors ask it: a whole window of returns before the bar
    seed = int.from_bytes(sha256(key.encode()).digest()[:8])
    return rows[np.argsort(mixed(closes_at[rows].astype(np.uint64) ^ np.uint64(seed)), kind="stable")]


def mixed(
    numbers: np.ndarray[tuple[int], np.dtype[np.uint64]],
) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): like chance, and the same for ever."""
    mixing = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixing = (mixing ^ (mixing >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixing = (mixing ^ (mixing >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixing ^ (mixing >> np.uint64(31))


def measured(rows: Ints, start: Start, signal: str, step: int, horizon: int, bars: Closes) -> list[Entry]:
    """The first ENTRIES of the draw that ended before the signal and can be measured."""
    closes_at = bars.open_time + step
    rows = rows[closes_at[rows] + horizon <= start.at]
    # the bar that ends at the horizon; `measure` refuses it where it does not
    ends = np.searchsorted(bars.open_time, closes_at[rows] + horizon - step, side="right") - 1
    there = bars.open_time[ends] + 2 * step > closes_at[rows] + horizon
    rows, ends = rows[there][:ENTRIES], ends[there][:ENTRIES]
    hourly = volatility(rows, step, bars)
    found = list[Entry]()
    for row, end, spread in zip(rows.tolist(), ends.tolist(), hourly.tolist(), strict=True):
        entry = Start(int(closes_at[row]), float(bars.close[row]), start.direction, spread)
        close = float(bars.close[end])
        outcome = measure(entry, signal, horizon, step, [(int(bars.open_time[end]), close, close, close)])
        if outcome and outcome.forward_return is not None:
            found.append((entry.at, spread, outcome.forward_return))
    return sorted(found)


def volatility(rows: Ints, step: int, bars: Closes) -> Floats:
    """What one hour usually moved before each row's bar: the rule of `evidence.volatility_1h`."""
    window = rows[:, None] + np.arange(-WINDOW, 0)
    elapsed = np.maximum((bars.open_time[window] - bars.open_time[window - 1]) / step, 1.0)
    returns = np.log(bars.close[window] / bars.close[window - 1]) / np.sqrt(elapsed)
    _, mad = median_mad(returns)
    hourly: Floats = np.maximum(NORMAL * mad, FLOOR) * sqrt(HOUR / step)
    return hourly


def summary(entries: Sequence[Entry], start: Start, signal: str, horizon: int) -> Matched:
    """Count what the entries came to, by the rule and in the direction of the signal."""
    n, way = len(entries), start.direction
    starts = [Start(at, 1.0, way, hourly) for at, hourly, _ in entries]
    moved = [forward for *_, forward in entries]
    pairs = list(zip(starts, moved, strict=True))
    hits = None if way == "none" else sum(hit(one, forward, horizon) for one, forward in pairs)
    against = None if way == "none" else sum(opposite(one, forward, horizon) for one, forward in pairs)
    mean = sum(ahead_of(way, forward) for forward in moved) / n if n else None
    return Matched(signal, horizon, n, hits, against, mean, tuple(entries))
