"""How much prices move: realised volatility by three estimators, and how deep below the peak they are.

Volatilities are standard deviations of the log return of one bar: times the root of the bars in a year, they
are annual ones.
"""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import Indicator, Parameter, doc_of, labelled, maker_of
from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.market.indicators.ranges import Atr

PERIOD = Parameter("period", 20, 2, 1000)
FOUR_LN_2 = float(4 * np.log(2))  # the mean squared log range of a driftless walk, in variances
CLOSE_WEIGHT = float(2 * np.log(2) - 1)


class RealisedVolatility(Kernel):
    """Sample standard deviation (n - 1) of the last `period` log returns of the close."""

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(("realized_volatility",), period)
        self.depth, self.period = period + 1, period
        self.returns, self.mean = np.empty((period, lanes)), np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        returns, mean, close = self.returns, self.mean, window.last("close", self.period + 1)
        np.divide(close[1:], close[:-1], out=returns)
        np.log(returns, out=returns)
        np.add.reduce(returns, axis=0, out=mean)
        np.divide(mean, self.period, out=mean)
        np.subtract(returns, mean, out=returns)
        np.square(returns, out=returns)
        np.add.reduce(returns, axis=0, out=value)
        np.divide(value, self.period - 1, out=value)
        np.sqrt(value, out=value)


class Parkinson(Kernel):
    """Volatility by the range (Parkinson 1980): root of the mean of ln(high / low)² / (4 ln 2) over `period`
    bars; five times as efficient as closes, and blind to gaps.
    """

    reads = ("high", "low")

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(("parkinson",), period)
        self.depth, self.period = period, period
        self.ranges = np.empty((period, lanes))

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        np.divide(window.last("high", self.period), window.last("low", self.period), out=self.ranges)
        np.log(self.ranges, out=self.ranges)
        np.square(self.ranges, out=self.ranges)
        np.add.reduce(self.ranges, axis=0, out=value)
        np.divide(value, FOUR_LN_2 * self.period, out=value)
        np.sqrt(value, out=value)


class GarmanKlass(Kernel):
    """Volatility by the whole bar (Garman and Klass 1980, their practical estimator): root of the mean of
    ln(high / low)² / 2 - (2 ln 2 - 1) ln(close / open)² over `period` bars.
    """

    reads = ("open", "high", "low", "close")

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(("garman_klass",), period)
        self.depth, self.period = period, period
        self.ranges, self.bodies = np.empty((period, lanes)), np.empty((period, lanes))

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        ranges, bodies = self.ranges, self.bodies
        np.divide(window.last("high", self.period), window.last("low", self.period), out=ranges)
        np.divide(window.last("close", self.period), window.last("open", self.period), out=bodies)
        for logs, weight in ((ranges, 0.5), (bodies, CLOSE_WEIGHT)):
            np.log(logs, out=logs)
            np.square(logs, out=logs)
            np.multiply(logs, weight, out=logs)
        np.subtract(ranges, bodies, out=ranges)
        np.add.reduce(ranges, axis=0, out=value)
        np.divide(value, self.period, out=value)
        np.sqrt(value, out=value)


class VolatilityRatio(Kernel):
    """True range of the bar by the ATR of `period` bars, its own included (Schwager's volatility ratio): a
    bar twice as wide as usual reads 2. 1 where nothing moved.
    """

    reads = ("high", "low", "close")
    depth = 2

    def __init__(self, lanes: int, period: int = 14) -> None:
        self.names = labelled(("volatility_ratio",), period)
        self.average = Atr(lanes, period)
        self.settle, self.state = self.average.settle, self.average.state
        self.usual = np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        self.average.step(window, (self.usual,))
        np.divide(self.average.range, self.usual, out=value)
        np.copyto(value, 1.0, where=self.usual == 0.0)


class Drawdown(Kernel):
    """How far the close lies below the highest close of the last `period` bars, as a fraction: 0 to -1."""

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 100) -> None:
        self.names = labelled(("drawdown",), period)
        self.depth, self.period = period, period

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        np.maximum.reduce(window.last("close", self.period), axis=0, out=value)
        np.divide(window.close[window.row], value, out=value)
        np.subtract(value, 1.0, out=value)


INDICATORS = (
    Indicator(
        "realized_volatility",
        "Realised volatility, close to close",
        doc_of(RealisedVolatility),
        (PERIOD,),
        ("realized_volatility",),
        lambda period=20: period,
        maker_of(RealisedVolatility),
    ),
    Indicator(
        "parkinson",
        "Volatility by Parkinson",
        doc_of(Parkinson),
        (PERIOD,),
        ("parkinson",),
        lambda period=20: period - 1,
        maker_of(Parkinson),
    ),
    Indicator(
        "garman_klass",
        "Volatility by Garman and Klass",
        doc_of(GarmanKlass),
        (PERIOD,),
        ("garman_klass",),
        lambda period=20: period - 1,
        maker_of(GarmanKlass),
    ),
    Indicator(
        "volatility_ratio",
        "Volatility ratio",
        doc_of(VolatilityRatio),
        (Parameter("period", 14, 2, 1000),),
        ("volatility_ratio",),
        lambda period=14: period,
        maker_of(VolatilityRatio),
    ),
    Indicator(
        "drawdown",
        "Drawdown",
        doc_of(Drawdown),
        (Parameter("period", 100, 2, 1000),),
        ("drawdown",),
        lambda period=100: period - 1,
        maker_of(Drawdown),
    ),
)
