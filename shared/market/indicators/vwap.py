"""Volume-weighted average price: over the last bars, and since midnight UTC.

Weights are volumes, the price is the typical one, (high + low + close) / 3. Where nothing was traded there is
nothing to weigh: the value is the bar's own typical price.
"""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import Indicator, Parameter, doc_of, labelled, maker_of
from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.models import DAY


class RollingVwap(Kernel):
    """Volume-weighted mean of the typical price over `period` bars; without any volume the bar's own
    typical price.
    """

    reads = ("high", "low", "close", "volume")

    def __init__(self, lanes: int, period: int = 14) -> None:
        self.names = labelled(("vwap",), period)
        self.depth, self.period = period, period
        self.typical = np.empty((period, lanes))
        self.newest, self.traded = np.empty(lanes), np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        typical, volume = self.typical, window.last("volume", self.period)
        np.add(window.last("high", self.period), window.last("low", self.period), out=typical)
        np.add(typical, window.last("close", self.period), out=typical)
        # three times the typical price, against the newest: equal bars are exact, whatever their volumes
        np.copyto(self.newest, typical[-1])
        np.subtract(typical, self.newest, out=typical)
        np.multiply(typical, volume, out=typical)
        np.add.reduce(typical, axis=0, out=value)
        np.add.reduce(volume, axis=0, out=self.traded)
        np.divide(value, self.traded, out=value)
        np.copyto(value, 0.0, where=self.traded == 0.0)
        np.add(value, self.newest, out=value)
        np.divide(value, 3.0, out=value)


class DailyVwap(Kernel):
    """Volume-weighted mean of the typical price of the bars since midnight UTC, the bar's own included.

    A day that a series begins in counts from its first bar. Without any volume yet, the bar's own typical
    price. Needs `open_time`: NaN without.
    """

    names = ("vwap_day",)
    reads = ("high", "low", "close", "volume", "open_time")
    depth = 2
    settle = None  # what a day adds up to depends on where its first bar is

    def __init__(self, lanes: int) -> None:
        self.money: Floats = np.zeros(lanes)
        self.traded: Floats = np.zeros(lanes)
        self.state = (self.money, self.traded)
        self.typical = np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        row, typical = window.row, self.typical
        opened = window.open_time[row]
        same_day = np.floor(opened / DAY) == np.floor(window.ago("open_time", 1) / DAY)
        np.multiply(self.money, same_day, out=self.money)
        np.multiply(self.traded, same_day, out=self.traded)
        np.add(window.high[row], window.low[row], out=typical)
        np.add(typical, window.close[row], out=typical)
        np.divide(typical, 3.0, out=typical)
        np.multiply(typical, window.volume[row], out=value)
        np.add(self.money, value, out=self.money)
        np.add(self.traded, window.volume[row], out=self.traded)
        np.divide(self.money, self.traded, out=value)
        np.copyto(value, typical, where=self.traded == 0.0)
        np.copyto(value, np.nan, where=np.isnan(opened))


INDICATORS = (
    Indicator(
        "vwap",
        "Volume-weighted average price",
        doc_of(RollingVwap),
        (Parameter("period", 14, 1, 1000),),
        ("vwap",),
        lambda period=14: period - 1,
        maker_of(RollingVwap),
    ),
    Indicator(
        "vwap_day",
        "Volume-weighted average price of the day",
        doc_of(DailyVwap),
        (),
        ("vwap_day",),
        lambda: 0,
        maker_of(DailyVwap),
    ),
)
