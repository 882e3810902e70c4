"""The Hurst exponent: whether a price trends (above 0.5), reverts (below) or wanders (0.5)."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import Indicator, Parameter, doc_of, labelled, maker_of
from shared.market.indicators.kernel import Floats, Ints, Kernel, Window

LAGS = np.array((1, 2, 4, 8, 16))  # evenly spaced on the log scale that the slope is taken on
LEAST_PERIOD = 32  # twice the longest lag
WANDERING = 0.5
TINY = 1e-300  # stands for a mean square of zero, which has no logarithm


class Hurst(Kernel):
    """Generalised Hurst exponent of order 2 (Di Matteo, Aste and Dacorogna 2003) of the log closes.

    Half the slope of ln E[(x(t + lag) - x(t))²] on ln lag over the lags 1, 2, 4, 8 and 16, all overlapping
    differences within the last `period` returns, by least squares, held within 0 to 1. A price that did not
    move in the window reads 0.5. Random walks of 100 bars give 0.48 ± 0.08 (simulated): one value alone says
    little.
    """

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 100) -> None:
        self.names = labelled(("hurst",), period)
        self.depth, self.period = period + 2, period
        self.settle = period + 1
        # sums of squares by lag, NaN until a whole window stands; and how many bars the close stood still
        self.squares: Floats = np.full((len(LAGS), lanes), np.nan)
        self.still: Floats = np.zeros(lanes)
        self.state = (self.squares, self.still)
        # closes so many bars ago: the newest with those a lag before it, the leaving one with those after
        self.places = np.concatenate(([0], LAGS, [period + 1], period + 1 - LAGS))
        self.logs = np.empty((len(self.places), lanes))
        spread = np.log(LAGS) - np.log(LAGS).mean()
        self.weights: Floats = (spread / np.square(spread).sum() / 2)[:, None]
        self.offset = float((self.weights[:, 0] * np.log(period + 1 - LAGS)).sum())

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        self.slide(window)
        due = (window.count % self.period == 1) & (window.count > self.period)
        if due.any():
            self.measure(window, np.flatnonzero(due))
        slopes = self.logs[: len(LAGS)]
        np.maximum(self.squares, TINY, out=slopes)
        np.log(slopes, out=slopes)
        np.multiply(slopes, self.weights, out=slopes)
        np.add.reduce(slopes, axis=0, out=value)
        np.subtract(value, self.offset, out=value)
        np.maximum(value, 0.0, out=value)
        np.minimum(value, 1.0, out=value)
        np.copyto(value, WANDERING, where=self.still >= self.period)

    def slide(self, window: Window) -> None:
        """Add the newest squared difference of each lag to the sums, take the one that leaves away."""
        n, logs = len(LAGS), self.logs
        np.take(window.close, window.row - self.places, axis=0, out=logs)
        np.add(self.still, 1.0, out=self.still)
        np.multiply(self.still, logs[0] == logs[1], out=self.still)
        np.log(logs, out=logs)
        comes, leaves = logs[1 : n + 1], logs[n + 2 :]
        np.subtract(logs[0], comes, out=comes)
        np.subtract(logs[n + 1], leaves, out=leaves)
        np.square(comes, out=comes)
        np.square(leaves, out=leaves)
        np.add(self.squares, comes, out=self.squares)
        np.subtract(self.squares, leaves, out=self.squares)

    def measure(self, window: Window, lanes: Ints) -> None:
        """Sum some lanes anew, once in `period` bars: rounding that a crash left behind does not stay."""
        if len(lanes) == 1:  # numpy adds a column that is alone in another order
            lanes = np.repeat(lanes, 2)
        logs = np.log(np.take(window.last("close", self.period + 1), lanes, axis=1))
        for row, lag in zip(self.squares, LAGS, strict=True):
            row[lanes] = np.add.reduce(np.square(logs[lag:] - logs[:-lag]), axis=0)


INDICATORS = (
    Indicator(
        "hurst",
        "Hurst exponent",
        doc_of(Hurst),
        (Parameter("period", 100, LEAST_PERIOD, 1000),),
        ("hurst",),
        lambda period=100: period,
        maker_of(Hurst),
    ),
)
