"""How far the close strays from its mean: Bollinger bands and the z-score."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import Indicator, Parameter, doc_of, labelled, maker_of, told_apart
from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.market.indicators.sliding import Sliding
from shared.market.indicators.smoothing import TINY

HALF = np.array(0.5)


class Spread:
    """Of the last n closes: `middle`, their mean, `deviation`, the standard deviation (of the population, as
    Bollinger and TA-Lib have it), and `score`, how many of those the close lies above the mean, 0 if none.
    """

    def __init__(self, lanes: int, period: int) -> None:
        self.sliding = Sliding(lanes, period)
        self.state = self.sliding.state
        self.deviation, self.scratch = np.empty((2, lanes))

    def measure(self, window: Window, middle: Floats, score: Floats) -> None:
        sliding = self.sliding
        sliding.move(window)
        np.multiply(sliding.mean, sliding.mean, out=self.scratch)
        np.subtract(sliding.square, self.scratch, out=self.deviation)
        np.sqrt(self.deviation, out=self.deviation)
        np.add(sliding.anchor, sliding.mean, out=middle)
        np.subtract(sliding.offset, sliding.mean, out=score)
        np.maximum(self.deviation, TINY, out=self.scratch)
        np.divide(score, self.scratch, out=score)

    def bands(self, deviations: Floats, middle: Floats, upper: Floats, lower: Floats) -> None:
        np.multiply(self.deviation, deviations, out=self.scratch)
        np.add(middle, self.scratch, out=upper)
        np.subtract(middle, self.scratch, out=lower)


class Bollinger(Kernel):
    """Bands at so many standard deviations about the mean of n closes (Bollinger 1983).

    Width is the distance of the bands by the middle; %b is where the close lies between them, 0 at the lower
    and 1 at the upper one, 0.5 where nothing moved.
    """

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 20, deviations: float = 2.0) -> None:
        self.names = told_apart(BOLLINGER, period, (deviations, 2.0))
        self.depth = self.settle = period
        self.spread = Spread(lanes, period)
        self.state = self.spread.state
        self.deviations, self.whole = np.array(deviations), np.array(2.0 * deviations)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        upper, middle, lower, width, percent = out
        self.spread.measure(window, middle, percent)
        self.spread.bands(self.deviations, middle, upper, lower)
        np.subtract(upper, lower, out=width)
        np.divide(width, middle, out=width)
        np.divide(percent, self.whole, out=percent)
        np.add(percent, HALF, out=percent)


class ZScore(Kernel):
    """Standard deviations (of the population) between the close and the mean of n closes, its own included;
    0 where nothing moved."""

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(("zscore",), period)
        self.depth = self.settle = period
        self.spread = Spread(lanes, period)
        self.state = self.spread.state
        self.middle = np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        self.spread.measure(window, self.middle, out[0])


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
