"""What the price did around events: the mean path before and after, with an interval at each hour.

    move(h) = side · ln(close at event + h / close at the event),   h = -SPAN … SPAN hours

`side` is the direction the event spoke of (+1 up, -1 down: a signal's direction, the sign of an article's
sentiment), so a path that rises after 0 means that the event was right, and one that rises up to 0 means that
the price had moved before it was told. The close at an event is that of the newest bar that had closed by
then. The mean is over events; its interval over days, for the events of one day share one market: a mean of
clusters, Student's t with one degree of freedom less than there are days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shared.models import DAY, HOUR
from shared.signals.bars import Floats, Ints

SPAN = 24  # hours before and after
LEAST = 50  # events; fewer are not shown

# (asset, at, side)
Event = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Point:
    """The mean move at one offset in hours, as a fraction, and its 95 % interval."""

    hour: int
    mean: float
    mean_95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Study:
    """`n` events on `days` days; no path where there are fewer than LEAST events or two days."""

    n: int
    days: int
    path: tuple[Point, ...]


def study(events: Sequence[Event], closes: Mapping[int, tuple[Sequence[int], Sequence[float]]]) -> Study:
    """Average the hours around events; `closes` are (open_time, close) of hourly bars by asset, in order.

    Events without a bar at each of the hours around them are left out.
    """
    paths, days = list[Floats](), list[int]()
    bars = {
        id: (np.array(opened, np.int64), np.array(close, float)) for id, (opened, close) in closes.items()
    }
    for asset, at, side in events:
        if side and asset in bars and (path := around(at, *bars[asset])) is not None:
            paths.append(side * path)
            days.append(at // DAY)
    n, clusters = len(paths), len(set(days))
    if n < LEAST or clusters < 2:
        return Study(n, clusters, ())
    means, half = clustered(np.array(paths), np.array(days))
    hours = range(-SPAN, SPAN + 1)
    points = zip(hours, means.tolist(), half.tolist(), strict=True)
    return Study(n, clusters, tuple(Point(hour, mean, (mean - h, mean + h)) for hour, mean, h in points))


def around(at: int, opened: Ints, close: Floats) -> Floats | None:
    """Log moves (2·SPAN+1,) relative to the close known at `at`; None where an hour is missing."""
    last = int(np.searchsorted(opened, at - HOUR, side="right")) - 1
    first, end = last - SPAN, last + SPAN
    if first < 0 or end >= len(opened) or opened[end] - opened[first] != 2 * SPAN * HOUR:
        return None
    if at - (int(opened[last]) + HOUR) >= HOUR:
        return None
    moves: Floats = np.log(close[first : end + 1] / close[last])
    return moves


def clustered(values: Floats, clusters: Ints) -> tuple[Floats, Floats]:
    """Mean of the rows (N, K) and the half width of its 95 % interval, rows of a cluster being dependent."""
    from scipy.stats import t

    mean = values.mean(axis=0)
    names, place = np.unique(clusters, return_inverse=True)
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, place, values - mean)
    groups = len(names)
    error = np.sqrt((sums**2).sum(axis=0) * groups / (groups - 1)) / len(values)
    return mean, t.ppf(0.975, groups - 1) * error
