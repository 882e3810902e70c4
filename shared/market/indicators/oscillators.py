"""Oscillators of price within a window: stochastic, Williams %R, rate of change, commodity channel index.

A window without any movement has no place within itself: it reads as the middle of the scale, not as the
floor that TA-Lib gives (a stablecoin is not oversold because it stands still).
"""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import (
    Indicator,
    Parameter,
    doc_of,
    labelled,
    maker_of,
    told_apart,
)
from shared.market.indicators.kernel import Floats, Kernel, Window

MIDDLE = 0.5  # where a value stands in a range of no width
LAMBERT = 0.015  # scales the CCI so that about three quarters of all values lie within ±100 (Lambert 1980)


def place(value: Floats, highest: Floats, lowest: Floats, out: Floats) -> None:
    """Write where a value lies between lowest (0) and highest (1); `highest` becomes the width."""
    np.subtract(highest, lowest, out=highest)
    np.subtract(value, lowest, out=out)
    np.divide(out, highest, out=out)
    np.copyto(out, MIDDLE, where=highest == 0.0)


def push(rows: Floats, values: Floats) -> None:
    """Add values (L,) to the last few of a series (k, L), oldest first: what no window holds."""
    rows[:-1] = rows[1:]
    rows[-1] = values


class Stochastic(Kernel):
    """%K: where the close lies between the lowest low and the highest high of `period` bars, 0 to 100.

    %K is averaged over `smooth_period` bars (1: the fast stochastic, 3: the slow one), %D is %K averaged over
    `signal_period` bars (Lane 1984; TA-Lib's STOCHF and STOCH with simple averages). 50 where nothing moved.
    """

    reads = ("high", "low", "close")

    def __init__(self, lanes: int, period: int = 14, smooth_period: int = 1, signal_period: int = 3) -> None:
        self.names = told_apart(STOCHASTIC, period, (smooth_period, 1), (signal_period, 3))
        self.depth, self.period, self.smooth, self.signal = period, period, smooth_period, signal_period
        self.settle = smooth_period + signal_period
        self.raw: Floats = np.full((smooth_period, lanes), np.nan)
        self.averaged: Floats = np.full((signal_period, lanes), np.nan)
        self.state = (self.raw, self.averaged)
        self.highest, self.lowest = np.empty(lanes), np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        k, d = out
        np.maximum.reduce(window.last("high", self.period), axis=0, out=self.highest)
        np.minimum.reduce(window.last("low", self.period), axis=0, out=self.lowest)
        place(window.close[window.row], self.highest, self.lowest, k)
        np.multiply(k, 100.0, out=k)
        if self.smooth > 1:
            push(self.raw, k)
            np.add.reduce(self.raw, axis=0, out=k)
            np.divide(k, self.smooth, out=k)
        push(self.averaged, k)
        np.add.reduce(self.averaged, axis=0, out=d)
        np.divide(d, self.signal, out=d)


class WilliamsR(Kernel):
    """How far the close lies under the highest high of `period` bars, in percent of the range: -100 to 0.

    -50 where nothing moved (TA-Lib: 0).
    """

    reads = ("high", "low", "close")

    def __init__(self, lanes: int, period: int = 14) -> None:
        self.names = labelled(("williams_r",), period)
        self.depth, self.period = period, period
        self.highest, self.lowest = np.empty(lanes), np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        np.maximum.reduce(window.last("high", self.period), axis=0, out=self.highest)
        np.minimum.reduce(window.last("low", self.period), axis=0, out=self.lowest)
        place(window.close[window.row], self.highest, self.lowest, value)
        np.subtract(value, 1.0, out=value)
        np.multiply(value, 100.0, out=value)


class RateOfChange(Kernel):
    """Change of the close over `period` bars, in percent: 100 (close / close[period] - 1)."""

    reads = ("close",)

    def __init__(self, lanes: int, period: int = 12) -> None:
        self.names = labelled(("roc",), period)
        self.depth, self.period = period + 1, period

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        np.divide(window.close[window.row], window.ago("close", self.period), out=value)
        np.subtract(value, 1.0, out=value)
        np.multiply(value, 100.0, out=value)


class CommodityChannel(Kernel):
    """How far the typical price (high + low + close) / 3 lies from its mean over `period` bars, in units of
    0.015 mean absolute deviations (Lambert 1980); 0 where nothing moved.
    """

    reads = ("high", "low", "close")

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(("cci",), period)
        self.depth, self.period = period, period
        self.typical, self.mean = np.empty((period, lanes)), np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        typical, mean = self.typical, self.mean
        # three times the typical price: the scale cancels
        np.add(window.last("high", self.period), window.last("low", self.period), out=typical)
        np.add(typical, window.last("close", self.period), out=typical)
        # against the newest, so that equal bars give exact zeros and no rounding is taken for a move
        np.subtract(typical, typical[-1].copy(), out=typical)
        np.add.reduce(typical, axis=0, out=mean)
        np.divide(mean, self.period, out=mean)
        np.subtract(typical, mean, out=typical)
        np.absolute(typical, out=typical)
        np.add.reduce(typical, axis=0, out=value)
        still = value == 0.0
        np.multiply(value, -LAMBERT / self.period, out=value)
        np.divide(mean, value, out=value)
        np.copyto(value, 0.0, where=still)


STOCHASTIC = ("stochastic_k", "stochastic_d")

INDICATORS = (
    Indicator(
        "stochastic",
        "Stochastic oscillator",
        doc_of(Stochastic),
        (
            Parameter("period", 14, 2, 500),
            Parameter("smooth_period", 1, 1, 50),
            Parameter("signal_period", 3, 1, 50),
        ),
        STOCHASTIC,
        lambda period=14, smooth_period=1, signal_period=3: period + smooth_period + signal_period - 3,
        maker_of(Stochastic),
    ),
    Indicator(
        "williams_r",
        "Williams %R",
        doc_of(WilliamsR),
        (Parameter("period", 14, 2, 500),),
        ("williams_r",),
        lambda period=14: period - 1,
        maker_of(WilliamsR),
    ),
    Indicator(
        "roc",
        "Rate of change",
        doc_of(RateOfChange),
        (Parameter("period", 12, 1, 1000),),
        ("roc",),
        lambda period=12: period,
        maker_of(RateOfChange),
    ),
    Indicator(
        "cci",
        "Commodity channel index",
        doc_of(CommodityChannel),
        (Parameter("period", 20, 2, 500),),
        ("cci",),
        lambda period=20: period - 1,
        maker_of(CommodityChannel),
    ),
)
