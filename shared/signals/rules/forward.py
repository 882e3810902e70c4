"""What followed a rule's firings, beside what followed other bars of the same symbol at the same hour.

    return        from the close to the close a horizon later, as the price moved
    hit           it went the rule's way by more than half of what the horizon usually brings
    way           hit less as far the other way: what mere volatility brings as often as a hit is taken off

Peers are all examined bars of the same symbol and hour of the day that did not fire: matched random entries,
every one of them. Lift and direction are a firing's hit and way less the mean of its peers'. Intervals are
over clusters of days (shared/signals/intervals.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from shared.models import DAY, HOUR, Direction
from shared.signals.bars import Bools, Floats, Ints
from shared.signals.intervals import clusters, estimate
from shared.signals.kernels.baseline import WINDOW
from shared.signals.matched import Closes, volatility
from shared.signals.measure import HIT_SIGMAS
from shared.signals.track_record import INSUFFICIENT, LEAST, MEASURED
from shared.signals.view import horizon_label

HORIZONS = (HOUR, 4 * HOUR, DAY, 7 * DAY)
BLOCK = 8192  # windows measured at a time


@dataclass(frozen=True, slots=True)
class Fired:
    """One symbol: its bars, the first row that was examined, and the rows that fired."""

    bars: Closes
    first: int
    rows: Ints


class Followed(NamedTuple):
    """Columns over firings (N,), each number beside the mean of its peers; NaN where nobody knows."""

    at: Ints
    moved: Floats
    moved_usually: Floats
    hit: Floats
    hit_usually: Floats
    way: Floats
    way_usually: Floats


def outcomes(
    fired: Sequence[Fired], step: int, direction: Direction, proceed: Callable[[], None]
) -> list[dict[str, Any]]:
    """One entry a horizon; a horizon shorter than the bar has no data."""
    scales = [scale_of(one, direction, step, proceed) for one in fired]
    found = list[dict[str, Any]]()
    for horizon in HORIZONS:
        parts = [Followed(np.empty(0, np.int64), *(np.empty(0),) * 6)]
        for one, scale in zip(fired, scales, strict=True):
            proceed()
            parts.append(followed(one, scale, step, horizon, direction))
        found.append(summary(horizon, Followed(*(np.concatenate(c) for c in zip(*parts, strict=True)))))
    return found


def scale_of(one: Fired, direction: Direction, step: int, proceed: Callable[[], None]) -> Floats:
    """What an hour usually moved before each examined bar, the yardstick of a hit; NaN where nobody knows."""
    rows = np.arange(one.first, len(one.bars.close))
    found = np.full(len(rows), np.nan)
    if direction == "none" or not len(one.rows):
        return found
    warm = np.flatnonzero(rows > WINDOW)
    for start in range(0, len(warm), BLOCK):
        proceed()
        part = warm[start : start + BLOCK]
        found[part] = volatility(rows[part], step, one.bars)
    return found


def followed(one: Fired, scale: Floats, step: int, horizon: int, direction: Direction) -> Followed:
    """The firings of one symbol that can be measured."""
    closed = one.bars.open_time[one.first :] + step
    moved = forward(one.bars, one.first, step, horizon)
    ahead, far = -moved if direction == "down" else moved, HIT_SIGMAS * scale * sqrt(horizon / HOUR)
    rated = ~np.isnan(ahead + far)
    hit = np.where(rated, ahead > far, np.nan)
    way = hit - np.where(rated, -ahead > far, np.nan)
    own, hour = one.rows - one.first, closed // HOUR % 24
    peer = np.ones(len(closed), np.bool_)
    peer[own] = False
    kept = own[~np.isnan(moved[own])]
    columns = list[Floats]()
    for column in (moved, hit, way):
        columns += [column[kept], by_hour(hour, column, peer)[hour[kept]]]
    return Followed(closed[kept], *columns)


def forward(bars: Closes, first: int, step: int, horizon: int) -> Floats:
    """Return from each close from row `first` to the close a horizon later; NaN where none ends there."""
    closed, times = bars.open_time[first:] + step, bars.open_time
    found = np.full(len(closed), np.nan)
    if horizon < step or not len(closed):
        return found
    ends = np.searchsorted(times, closed + horizon - step, side="right") - 1
    there = times[ends] + 2 * step > closed + horizon
    found[there] = bars.close[ends[there]] / bars.close[first:][there] - 1
    return found


def by_hour(hour: Ints, values: Floats, peer: Bools) -> Floats:
    """Mean of the peers' values by hour of the day (24,); NaN where there is none."""
    known = peer & ~np.isnan(values)
    count = np.bincount(hour[known], minlength=24)
    total = np.bincount(hour[known], values[known], 24)
    with np.errstate(invalid="ignore"):
        found: Floats = total / count
    return found


def summary(horizon: int, after: Followed) -> dict[str, Any]:
    """Means, shares and their 95 % intervals by days, as the API shows them; hits only with a direction."""
    n = len(after.at)
    mean, mean_95 = told(after.moved, after.at, horizon)
    hit, hit_95 = told(after.hit, after.at, horizon)
    excess, excess_95 = told(after.moved - after.moved_usually, after.at, horizon)
    lift, lift_95 = told(after.hit - after.hit_usually, after.at, horizon)
    way, way_95 = told(after.way - after.way_usually, after.at, horizon)
    return {
        "horizon": horizon_label(horizon),
        "status": MEASURED if n >= LEAST else INSUFFICIENT if n else "no data",
        "n": n,
        "mean": mean,
        "mean_95": mean_95,
        "median": float(np.median(after.moved)) if n else None,
        "hit_share": hit,
        "hit_share_95": hit_95 and (max(hit_95[0], 0.0), min(hit_95[1], 1.0)),
        "matched": {
            "mean": told(after.moved_usually, after.at, horizon)[0],
            "hit_share": told(after.hit_usually, after.at, horizon)[0],
        },
        "excess": excess,
        "excess_95": excess_95,
        "lift": lift,
        "lift_95": lift_95,
        "direction": way,
        "direction_95": way_95,
    }


def told(values: Floats, at: Ints, horizon: int) -> tuple[float | None, tuple[float, float] | None]:
    """Mean of the values that are known and its interval; None where there is none."""
    known = ~np.isnan(values)
    if not known.any():
        return None, None
    found = estimate(values[known], clusters(at[known], horizon))
    return float(values[known].mean()), None if found is None else (found.low, found.high)
