"""The stochastic of the relative strength index."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import Indicator, Parameter, doc_of, maker_of, told_apart
from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.market.indicators.oscillators import place, push
from shared.market.indicators.strength import Rsi


class StochRsi(Kernel):
    """Where the RSI of `period` bars lies within its own range over `range_period` bars, 0 to 1 (Chande and
    Kroll 1994, the scale of StockCharts); `stochrsi_d` averages it over `signal_period` bars.

    0.5 where the RSI did not move. TA-Lib's STOCHRSI is 100 times this.
    """

    reads = ("close",)
    depth = 2

    def __init__(self, lanes: int, period: int = 14, range_period: int = 14, signal_period: int = 3) -> None:
        self.names = told_apart(STOCHRSI, period, (range_period, 14), (signal_period, 3))
        self.strength, self.signal = Rsi(lanes, period), signal_period
        self.settle = (self.strength.settle or 0) + range_period + signal_period
        self.recent: Floats = np.full((range_period, lanes), np.nan)
        self.places: Floats = np.full((signal_period, lanes), np.nan)
        self.state = (*self.strength.state, self.recent, self.places)
        self.highest, self.lowest, self.now = np.empty((3, lanes))

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        k, d = out
        self.strength.step(window, (self.now,))
        push(self.recent, self.now)
        np.maximum.reduce(self.recent, axis=0, out=self.highest)
        np.minimum.reduce(self.recent, axis=0, out=self.lowest)
        place(self.now, self.highest, self.lowest, k)
        push(self.places, k)
        np.add.reduce(self.places, axis=0, out=d)
        np.divide(d, self.signal, out=d)


STOCHRSI = ("stochrsi_k", "stochrsi_d")

INDICATORS = (
    Indicator(
        "stochrsi",
        "Stochastic RSI",
        doc_of(StochRsi),
        (
            Parameter("period", 14, 2, 500),
            Parameter("range_period", 14, 2, 500),
            Parameter("signal_period", 3, 1, 50),
        ),
        STOCHRSI,
        lambda period=14, range_period=14, signal_period=3: period + range_period + signal_period - 2,
        maker_of(StochRsi),
    ),
)
