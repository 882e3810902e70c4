"""How far the close strays from its mean: Bollinger bands and the z-score.

Deviations are taken from the newest close before they are squared. It is one of the window, so it lies within
√(n-1) standard deviations of the mean (Samuelson 1968) and no digits cancel away, at whatever price; nothing
is carried from bar to bar, so nothing drifts; and a window without movement deviates by an exact 0.
"""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import Indicator, Parameter, doc_of, labelled, maker_of, told_apart
from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.market.indicators.smoothing import TINY


class Spread:
    """Scratch for the moments of a window of n closes: `offset` (L,) of the close from the mean of the
    window, `deviation` (L,) the standard deviation (of the population, as TA-Lib and Bollinger have it)."""

    def __init__(self, lanes: int, period: int) -> None:
        self.period = period
        self.powers = np.empty((period, 2, lanes))
        self.first, self.second = self.powers[:, 0], self.powers[:, 1]
        self.moments = np.empty((2, lanes))
        self.offset, self.deviation = self.moments
        self.square = np.empty(lanes)

    def measure(self, window: Window) -> None:
        np.subtract(window.close[window.row], window.last("close", self.period), out=self.first)
        np.multiply(self.first, self.first, out=self.second)
        np.add.reduce(self.powers, axis=0, out=self.moments)
        np.divide(self.moments, self.period, out=self.moments)
        np.multiply(self.offset, self.offset, out=self.square)
        np.subtract(self.deviation, self.square, out=self.deviation)
        np.sqrt(self.deviation, out=self.deviation)


def bands(
    close: Floats, spread: Spread, deviations: float, upper: Floats, middle: Floats, lower: Floats
) -> None:
    np.multiply(spread.deviation, deviations, out=spread.square)
    np.subtract(close, spread.offset, out=middle)
    np.add(middle, spread.square, out=upper)
    np.subtract(middle, spread.square, out=lower)


def score(spread: Spread, out: Floats) -> None:
    np.maximum(spread.deviation, TINY, out=out)
    np.divide(spread.offset, out, out=out)


class Bollinger(Kernel):
    """Bands at so many standard deviations about the mean of n closes (Bollinger 1983).

    Width is the distance of the bands by the middle; %b is where the close lies between them, 0 at the lower
    and 1 at the upper one, 0.5 where nothing moved.
    """

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 20, deviations: float = 2.0) -> None:
        self.names = told_apart(BOLLINGER, period, (deviations, 2.0))
        self.depth, self.deviations = period, deviations
        self.spread = Spread(lanes, period)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        upper, middle, lower, width, percent = out
        self.spread.measure(window)
        bands(window.close[window.row], self.spread, self.deviations, upper, middle, lower)
        np.subtract(upper, lower, out=width)
        np.divide(width, middle, out=width)
        score(self.spread, percent)
        np.divide(percent, 2.0 * self.deviations, out=percent)
        np.add(percent, 0.5, out=percent)


class ZScore(Kernel):
    """Standard deviations (of the population) between the close and the mean of n closes, its own included;
    0 where nothing moved."""

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(("zscore",), period)
        self.depth = period
        self.spread = Spread(lanes, period)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        self.spread.measure(window)
        score(self.spread, out[0])


BOLLINGER = (
    "bollinger_upper",
    "bollinger_middle",
    "bollinger_lower",
    "bollinger_width",
    "bollinger_percent_b",
)
PERIOD = Parameter("period", 20, 2, 1000)

INDICATORS = (
    Indicator(
        "bollinger",
        "Bollinger bands",
        doc_of(Bollinger),
        (PERIOD, Parameter("deviations", 2.0, 0.1, 10.0)),
        BOLLINGER,
        lambda period=20, deviations=2.0: period - 1,
        maker_of(Bollinger),
    ),
    Indicator(
        "zscore",
        "Z-score",
        doc_of(ZScore),
        (PERIOD,),
        ("zscore",),
        lambda period=20: period - 1,
        maker_of(ZScore),
    ),
)
