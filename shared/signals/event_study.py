"""What the price did around events: the mean path before and after, with an interval at each hour.

    move(h) = side · ln(close at event + h / close at the event),   h = -SPAN … SPAN hours

`side` is the direction the event spoke of (+1 up, -1 down: a signal's direction, the sign of an article's
sentiment), so a path that rises after 0 means that the event was right, and one that rises up to 0 means that
the price had moved before it was told. The close at an event is that of the newest bar that had closed by
then. The mean is over events; its interval over days, for the events of one day share one market
(shared/signals/intervals.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shared.models import DAY, HOUR
from shared.signals.bars import Floats, Ints
from shared.signals.intervals import half_widths

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
    n, values = len(paths), np.array(paths)
    half = half_widths(values, np.array(days)) if n >= LEAST else None
    if half is None:
        return Study(n, len(set(days)), ())
    points = zip(range(-SPAN, SPAN + 1), values.mean(axis=0).tolist(), half.tolist(), strict=True)
    told = tuple(Point(hour, mean, (mean - h, mean + h)) for hour, mean, h in points)
    return Study(n, len(set(days)), told)


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
