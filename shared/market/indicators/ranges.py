"""How far bars reach: average true range and directional movement."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import Indicator, Parameter, doc_of, labelled, maker_of
from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.market.indicators.smoothing import (
    HUNDRED,
    TINY,
    follow,
    forgotten_after,
    hide,
    smooth,
    wilder_share,
)


def true_range(window: Window, out: Floats, scratch: Floats) -> None:
    """From the lower of low and previous close to the higher of high and previous close (Wilder 1978)."""
    row = window.row
    np.maximum(window.high[row], window.close[row - 1], out=out)
    np.minimum(window.low[row], window.close[row - 1], out=scratch)
    np.subtract(out, scratch, out=out)


class Atr(Kernel):
    """Average true range: Wilder's average, seeded by the mean of the first n ranges (Wilder 1978).

    The first bar has no range: a true range needs the close before it.
    """

    reads = ("high", "low", "close")
    depth = 2

    def __init__(self, lanes: int, period: int = 14) -> None:
        self.names = labelled(("atr",), period)
        self.period, self.share = period, wilder_share(period)
        self.settle = period + forgotten_after(self.share)
        self.average = np.zeros(lanes)
        self.state = (self.average,)
        self.range, self.scratch = np.empty((2, lanes))

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        true_range(window, self.range, self.scratch)
        smooth(self.average, self.range, window, self.period, self.share, self.scratch, missing=1)
        np.copyto(out[0], self.average)
        hide(out[0], window, self.period)


class Adx(Kernel):
    """Average directional index and the directional indicators DI+ and DI- (Wilder 1978).

    Of the rise of the high and the fall of the low only the larger counts, and only if positive. DI is its
    Wilder average in percent of that of the true range; ADX is the Wilder average of 100 |DI+ - DI-| by their
    sum. Seeds are TA-Lib's: the first averages are over n - 1 moves, and ADX starts as the mean of n. Without
    any range DI is 0, without any direction ADX stays as it was.
    """

    reads = ("high", "low", "close")
    depth = 2

    def __init__(self, lanes: int, period: int = 14) -> None:
        self.names = labelled(ADX, period)
        self.period, self.share = period, wilder_share(period)
        self.settle = 2 * period + forgotten_after(self.share)
        self.averages, self.adx = np.zeros((3, lanes)), np.zeros(lanes)
        self.state = (self.averages, self.adx)
        self.moves, self.moved = np.empty((3, lanes)), np.empty((3, lanes))
        self.zero, self.scratch = np.zeros(lanes), np.empty(lanes)
        self.lower, self.higher = np.empty((2, lanes), np.bool_)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        adx, plus, minus = out
        up, down, reach = self.moves
        self.directional(window, up, down)
        true_range(window, reach, self.scratch)
        if window.least > self.period:
            follow(self.averages, self.moves, self.share, self.moved)
        else:
            self.seed(window)
        np.maximum(self.averages[2], TINY, out=self.scratch)
        np.divide(self.averages[0], self.scratch, out=plus)
        np.divide(self.averages[1], self.scratch, out=minus)
        np.multiply(plus, HUNDRED, out=plus)
        np.multiply(minus, HUNDRED, out=minus)
        self.direct(window, plus, minus, adx)
        hide(adx, window, 2 * self.period - 1)
        hide(plus, window, self.period)
        hide(minus, window, self.period)

    def seed(self, window: Window) -> None:
        """Add up n - 1 moves as parts of n; from the n-th on each moves the average, as `follow` does."""
        known = window.count - 1
        base = np.where(known >= self.period, self.averages, 0.0)
        np.subtract(self.moves, base, out=self.moved)
        np.multiply(self.moved, self.share, out=self.moved)
        np.add(self.averages, self.moved, out=self.averages, where=known > 0)

    def direct(self, window: Window, plus: Floats, minus: Floats, adx: Floats) -> None:
        """Move ADX on by the directional index of this bar."""
        seeding = 2 * self.period
        np.add(plus, minus, out=self.scratch)
        np.equal(self.scratch, self.zero, out=self.lower)
        np.maximum(self.scratch, TINY, out=self.scratch)
        np.subtract(plus, minus, out=adx)
        np.absolute(adx, out=adx)
        np.divide(adx, self.scratch, out=adx)
        np.multiply(adx, HUNDRED, out=adx)
        np.copyto(adx, self.adx, where=self.lower)
        if window.least <= seeding:
            np.copyto(adx, 0.0, where=self.lower & (window.count <= seeding))
        smooth(self.adx, adx, window, self.period, self.share, self.scratch, missing=self.period)
        np.copyto(adx, self.adx)

    def directional(self, window: Window, up: Floats, down: Floats) -> None:
        """Rise of the high and fall of the low: the larger of the two if it is positive, the other 0."""
        row = window.row
        np.subtract(window.high[row], window.high[row - 1], out=up)
        np.subtract(window.low[row - 1], window.low[row], out=down)
        np.less_equal(up, down, out=self.lower)
        np.less_equal(down, up, out=self.higher)
        np.maximum(up, self.zero, out=up)
        np.maximum(down, self.zero, out=down)
        np.copyto(up, 0.0, where=self.lower)
        np.copyto(down, 0.0, where=self.higher)


ADX = ("adx", "di_plus", "di_minus")
PERIOD = Parameter("period", 14, 2, 1000)

INDICATORS = (
    Indicator(
        "atr",
        "Average true range",
        doc_of(Atr),
        (PERIOD,),
        ("atr",),
        lambda period=14: period,
        maker_of(Atr),
    ),
    Indicator(
        "adx",
        "Average directional index",
        doc_of(Adx),
        (PERIOD,),
        ADX,
        lambda period=14: 2 * period - 1,
        maker_of(Adx),
    ),
)
