"""What became of one signal at one horizon: pure arithmetic over stored bars."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from operator import itemgetter
from typing import TypeVar

from shared.models import HOUR, Direction
from shared.signals.bars import Floats
from shared.store.outcomes import Outcome

# A hit is a move beyond half of what the horizon usually brings: less is drift, not a call that came true.
# A random walk does so in one direction with probability 1 - Φ(0.5) = 31 %.
HIT_SIGMAS = 0.5

T = TypeVar("T", float, Floats)
Bar = tuple[int, float, float, float]  # open_time, high, low, close
opened = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a signal, or a random entry to compare it with, starts from."""

    at: int
    price: float
    direction: Direction
    volatility_1h: float


def half_usual(volatility_1h: T, horizon: int) -> T:
    """Half of the usual move of a horizon, which spreads with the root of time; a number or a column."""
    return volatility_1h * (HIT_SIGMAS * sqrt(horizon / HOUR))


def threshold(start: Start, horizon: int) -> float:
    """The return that counts as a hit."""
    return half_usual(start.volatility_1h, horizon)


def ahead_of(direction: Direction, forward: float) -> float:
    """A return in the direction of the call; as the price moved where it has none."""
    return -forward if direction == "down" else forward


def hit(start: Start, forward: float, horizon: int) -> bool:
    """Whether the price went the way that was called, by more than the threshold."""
    return ahead_of(start.direction, forward) > threshold(start, horizon)


def opposite(start: Start, forward: float, horizon: int) -> bool:
    """Whether it went as far the other way: what mere volatility does as often as a hit."""
    return -ahead_of(start.direction, forward) > threshold(start, horizon)


def measure(start: Start, signal: str, horizon: int, step: int, bars: Sequence[Bar]) -> Outcome | None:
    """The outcome over `bars` in time order; None where the bar that ends at the horizon is not there.

    Bars count that open at or after `at` and close at or before `at + horizon`; the last of them must close
    less than a bar before it. Excursions never are negative: a price that only rose has max_adverse 0.
    """
    due = start.at + horizon
    first, end = bisect_left(bars, start.at, key=opened), bisect_right(bars, due - step, key=opened)
    inside = bars[first:end]
    if not inside or inside[-1][0] + 2 * step <= due:
        return None
    forward = inside[-1][3] / start.price - 1
    if start.direction == "none":
        return Outcome(signal, horizon, "resolved", forward)
    rise = max(max(bar[1] for bar in inside) / start.price - 1, 0.0)
    fall = max(1 - min(bar[2] for bar in inside) / start.price, 0.0)
    up = start.direction == "up"
    came_true = hit(start, forward, horizon)
    return Outcome(
        signal, horizon, "resolved", forward, rise if up else fall, fall if up else rise, came_true
    )
