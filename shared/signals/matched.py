"""Matched random entries: what would have become of a call like this one at no particular moment.

A hit rate alone says nothing: in a rising market every "up" comes true. So each signal is compared with
entries of the same asset, at the same hour of the day (volatility has hours), in the same direction, each
with the volatility known at its own time and measured as the signal is.

Two things must not leak into the comparison, or a random walk would show an edge:

- What raised the signal. A detector that calls "down" after a rise is right to find few falls in that rise.
  So entries end before the GAP bars the signal looked at, and come from the 90 days before those.
- How calm it seemed. A signal raised where volatility was under-estimated has a threshold that is too near,
  and hits in both directions: by 1 % (price anomalies) to 3 % (after a squeeze) on a random walk. So entries
  are drawn from the quarter of the candidates whose volatility is nearest to the signal's; half a percent
  is left.

Drawn by a hash of the signal's key and the entry's time: the same signal gets the same entries, wherever and
however often they are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import sqrt
from typing import Any

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
GAP = WINDOW + 1  # bars: the window of the baseline, and the signal's own
# A quarter: several regimes of the day and the week, and still the market the signal was raised in.
BACK = 90 * DAY
NEAREST = 4  # one in so many candidates is near in volatility
# Bars before the oldest entry for its volatility: what that takes, and as many again for missing ones.
LEAD = 2 * GAP


@dataclass(frozen=True, slots=True)
class Closes:
    """Bars of one length and source in time order: both (N,)."""

    open_time: Ints
    close: Floats


@dataclass(frozen=True, slots=True)
class Candidates:
    """Bars an entry may follow: their rows, when they closed, and the volatility known then; all (N,)."""

    row: Ints
    at: Ints
    volatility_1h: Floats

    def take(self, chosen: Any) -> Candidates:
        return Candidates(self.row[chosen], self.at[chosen], self.volatility_1h[chosen])


def closes_of(bars: Columns) -> Closes:
    return Closes(np.array(bars.open_time, np.int64), np.array(bars.close, np.float64))


def stretch(at: int, step: int) -> tuple[int, int]:
    """Open times (first, behind the last) of the bars that the entries of a signal rest on."""
    return at - BACK - (GAP + LEAD) * step, at - GAP * step


def match(
    key: str, signal: str, start: Start, step: int, horizons: Sequence[int], bars: Closes
) -> list[Matched]:
    """The entries of one signal at each horizon, from bars of `step` ms; others do not count."""
    first, end = np.searchsorted(bars.open_time, stretch(start.at, step))
    own = Closes(bars.open_time[first:end], bars.close[first:end])
    there = candidates(start, step, own)
    seed = np.uint64(int.from_bytes(sha256(key.encode()).digest()[:8]))
    there = there.take(np.argsort(mixed(there.at.astype(np.uint64) ^ seed), kind="stable"))
    return [
        summary(measured(there, start, signal, step, horizon, own), start, signal, horizon)
        for horizon in horizons
    ]


def candidates(start: Start, step: int, bars: Closes) -> Candidates:
    """Every bar of the 90 days that closed in the signal's hour of the day."""
    at = bars.open_time + step
    reach = start.at - GAP * step - BACK
    rows = np.flatnonzero((at >= reach) & (at // HOUR % 24 == start.at // HOUR % 24))
    rows = rows[rows > WINDOW]  # as detectors ask it: a whole window of returns before the bar
    return Candidates(rows, at[rows], volatility(rows, step, bars))


def volatility(rows: Ints, step: int, bars: Closes) -> Floats:
    """What one hour usually moved before each row's bar: the rule of `evidence.volatility_1h`."""
    window = rows[:, None] + np.arange(-WINDOW, 0)
    elapsed = np.maximum((bars.open_time[window] - bars.open_time[window - 1]) / step, 1.0)
    returns = np.log(bars.close[window] / bars.close[window - 1]) / np.sqrt(elapsed)
    _, mad = median_mad(returns)
    hourly: Floats = np.maximum(NORMAL * mad, FLOOR) * sqrt(HOUR / step)
    return hourly


def mixed(numbers: np.ndarray[Any, np.dtype[np.uint64]]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): like chance, and the same for ever."""
    found = numbers + np.uint64(0x9E3779B97F4A7C15)
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return found ^ (found >> np.uint64(31))


def measured(
    there: Candidates, start: Start, signal: str, step: int, horizon: int, bars: Closes
) -> list[Entry]:
    """Of those that ended in time and can be measured, the first ENTRIES that are near in volatility."""
    due = there.at + horizon
    ends = np.searchsorted(bars.open_time, due - step, side="right") - 1
    good = (due <= start.at - GAP * step) & (bars.open_time[ends] + 2 * step > due)
    there, ends = there.take(good), ends[good]
    if start.volatility_1h:  # without, the signal is measured without a threshold, and so are its entries
        apart = np.abs(np.log(there.volatility_1h / start.volatility_1h))
        near = np.argsort(apart, kind="stable")[: max(ENTRIES, len(apart) // NEAREST)]
        chosen = np.sort(near)[:ENTRIES]
    else:
        chosen = np.arange(min(ENTRIES, len(ends)))
    found = list[Entry]()
    for row, at, spread, end in zip(
        *(column[chosen].tolist() for column in (there.row, there.at, there.volatility_1h, ends)), strict=True
    ):
        entry = Start(at, float(bars.close[row]), start.direction, spread if start.volatility_1h else 0.0)
        close = float(bars.close[end])
        outcome = measure(entry, signal, horizon, step, [(int(bars.open_time[end]), close, close, close)])
        if outcome and outcome.forward_return is not None:
            found.append((at, entry.volatility_1h, outcome.forward_return))
    return sorted(found)


def summary(entries: Sequence[Entry], start: Start, signal: str, horizon: int) -> Matched:
    """Count what the entries came to, by the rule and in the direction of the signal."""
    n, way = len(entries), start.direction
    pairs = [(Start(at, 1.0, way, hourly), forward) for at, hourly, forward in entries]
    hits = None if way == "none" else sum(hit(one, forward, horizon) for one, forward in pairs)
    against = None if way == "none" else sum(opposite(one, forward, horizon) for one, forward in pairs)
    mean = sum(ahead_of(way, forward) for _, forward in pairs) / n if n else None
    return Matched(signal, horizon, n, hits, against, mean, tuple(entries))
