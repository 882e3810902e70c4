"""Moving averages: SMA and EMA as TA-Lib defines them."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import Indicator, Parameter, labelled
from shared.market.indicators.kernel import Floats, Kernel, Maker, Window

PERIOD = Parameter("period", 20, 2, 1000)


class Sma(Kernel):
    """Mean of the last n closes."""

    reads = ("close",)

    def __init__(self, lanes: int, period: int) -> None:
        self.names = labelled(("sma",), period)
        self.depth = period
        self.period = period

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        np.add.reduce(window.last("close", self.period), axis=0, out=out[0])
        np.divide(out[0], self.period, out=out[0])


class Ema(Kernel):
    """Exponential mean with alpha = 2 / (n + 1), seeded by the mean of the first n closes."""

    reads = ("close",)

    def __init__(self, lanes: int, period: int) -> None:
        self.names = labelled(("ema",), period)
        self.period = period
        self.alpha = 2 / (period + 1)
        self.settle = settling_bars(1 - self.alpha)
        self.average: Floats = np.zeros(lanes)
        self.state = (self.average,)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        close = window.close[window.row]
        np.subtract(close, self.average, out=out[0])
        if window.least > self.period:
            np.multiply(out[0], self.alpha, out=out[0])
            np.add(self.average, out[0], out=self.average)
            np.copyto(out[0], self.average)
            return
        # 1/k for the k-th bar gives the running mean, whose n-th value is the seed.
        weight = np.where(window.count > self.period, self.alpha, 1 / window.count)
        np.multiply(out[0], weight, out=out[0])
        np.add(self.average, out[0], out=self.average)
        np.copyto(out[0], np.where(window.count >= self.period, self.average, np.nan))


def settling_bars(decay: float) -> int:
    """Bars after which a start counts less than 1e-14 of itself, where each bar keeps `decay` of it."""
    return int(np.ceil(np.log(1e-14) / np.log(decay)))


def make_sma(period: int = 20) -> Maker:
    return lambda lanes: Sma(lanes, period)


def make_ema(period: int = 20) -> Maker:
    return lambda lanes: Ema(lanes, period)


INDICATORS = (
    Indicator(
        "sma",
        "Simple moving average",
        Sma.__doc__ or "",
        (PERIOD,),
        ("sma",),
        lambda period: period - 1,
        make_sma,
    ),
    Indicator(
        "ema",
        "Exponential moving average",
        Ema.__doc__ or "",
        (PERIOD,),
        ("ema",),
        lambda period: period - 1,
        make_ema,
    ),
)
