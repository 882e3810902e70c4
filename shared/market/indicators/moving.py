"""Moving averages of the close, as TA-Lib defines them: SMA, EMA, WMA, DEMA, KAMA."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import Indicator, Parameter, doc_of, labelled, maker_of
from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.market.indicators.smoothing import ema_share, forgotten_after, hide, smooth


class Sma(Kernel):
    """Mean of the last n closes."""

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(("sma",), period)
        self.depth = self.period = period

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        np.add.reduce(window.last("close", self.period), axis=0, out=out[0])
        np.divide(out[0], self.period, out=out[0])


class Ema(Kernel):
    """Exponential average: moves by 2 / (n + 1) of the distance, seeded by the mean of the first n closes."""

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(("ema",), period)
        self.period, self.share = period, ema_share(period)
        self.settle = period + forgotten_after(self.share)
        self.average = np.zeros(lanes)
        self.state = (self.average,)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        smooth(self.average, window.close[window.row], window, self.period, self.share, out[0])
        np.copyto(out[0], self.average)
        hide(out[0], window, self.period - 1)


class Wma(Kernel):
    """Mean of the last n closes weighted 1, 2, ... n, the newest most."""

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(("wma",), period)
        self.depth = self.period = period
        self.weights = np.arange(1.0, period + 1.0)[:, None]
        self.weighted = np.empty((period, lanes))

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        np.multiply(window.last("close", self.period), self.weights, out=self.weighted)
        np.add.reduce(self.weighted, axis=0, out=out[0])
        np.divide(out[0], self.period * (self.period + 1) / 2, out=out[0])


class Dema(Kernel):
    """Twice the EMA less the EMA of the EMA, which takes out most of the lag (Mulloy 1994)."""

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(("dema",), period)
        self.period, self.share = period, ema_share(period)
        self.settle = 2 * period + forgotten_after(self.share)
        self.once, self.twice = np.zeros(lanes), np.zeros(lanes)
        self.state = (self.once, self.twice)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        n, value = self.period, out[0]
        smooth(self.once, window.close[window.row], window, n, self.share, value)
        smooth(self.twice, self.once, window, n, self.share, value, missing=n - 1)
        np.add(self.once, self.once, out=value)
        np.subtract(value, self.twice, out=value)
        hide(value, window, 2 * (n - 1))


class Kama(Kernel):
    """An exponential average that is fast in a trend and slow in noise (Kaufman 1995).

    Its share is (E (2/3 - 2/31) + 2/31)², where the efficiency E is the move over n bars by the sum of the
    moves within. It starts from the close before the first value. As TA-Lib does, E is 1 where nothing moved.
    """

    reads = ("close",)
    FAST, SLOW = ema_share(2), ema_share(30)

    def __init__(self, lanes: int, period: int = 10) -> None:
        self.names = labelled(("kama",), period)
        self.period, self.depth = period, period + 1
        # In noise without any efficiency it moves by the square of the slow share.
        self.settle = period + forgotten_after(self.SLOW**2)
        self.average = np.zeros(lanes)
        self.state = (self.average,)
        self.moves, self.path = np.empty((period, lanes)), np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        closes, path, share = window.last("close", self.period + 1), self.path, out[0]
        if window.least <= self.period + 1:
            np.copyto(self.average, closes[-2], where=window.count == self.period + 1)
        np.subtract(closes[1:], closes[:-1], out=self.moves)
        np.absolute(self.moves, out=self.moves)
        np.add.reduce(self.moves, axis=0, out=path)
        np.subtract(closes[-1], closes[0], out=share)
        np.absolute(share, out=share)
        np.divide(share, path, out=share)
        np.copyto(share, 1.0, where=path == 0.0)
        np.minimum(share, 1.0, out=share)
        np.multiply(share, self.FAST - self.SLOW, out=share)
        np.add(share, self.SLOW, out=share)
        np.multiply(share, share, out=share)
        np.subtract(closes[-1], self.average, out=path)
        np.multiply(path, share, out=share)
        if window.least > self.period:
            np.add(self.average, share, out=self.average)
        else:
            np.add(self.average, share, out=self.average, where=window.count > self.period)
        np.copyto(out[0], self.average)
        hide(out[0], window, self.period)


PERIOD = Parameter("period", 20, 2, 1000)

INDICATORS = (
    Indicator(
        "sma",
        "Simple moving average",
        doc_of(Sma),
        (PERIOD,),
        ("sma",),
        lambda period=20: period - 1,
        maker_of(Sma),
    ),
    Indicator(
        "ema",
        "Exponential moving average",
        doc_of(Ema),
        (PERIOD,),
        ("ema",),
        lambda period=20: period - 1,
        maker_of(Ema),
    ),
    Indicator(
        "wma",
        "Weighted moving average",
        doc_of(Wma),
        (PERIOD,),
        ("wma",),
        lambda period=20: period - 1,
        maker_of(Wma),
    ),
    Indicator(
        "dema",
        "Double exponential moving average",
        doc_of(Dema),
        (PERIOD,),
        ("dema",),
        lambda period=20: 2 * (period - 1),
        maker_of(Dema),
    ),
    Indicator(
        "kama",
        "Kaufman's adaptive moving average",
        doc_of(Kama),
        (Parameter("period", 10, 2, 1000),),
        ("kama",),
        lambda period=10: period,
        maker_of(Kama),
    ),
)
