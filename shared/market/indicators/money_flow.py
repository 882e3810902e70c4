"""Indicators of price and volume: money flow index, on-balance volume, price volume trend, mean volume."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import Indicator, Parameter, doc_of, labelled, maker_of
from shared.market.indicators.kernel import Floats, Kernel, Window


class MoneyFlow(Kernel):
    """Share of the money (typical price x volume) of `period` bars that flowed in bars whose typical price
    rose, 0 to 100 (Quong and Soudack 1989).

    50 where no money flowed: neither side. TA-Lib gives 0 there, and wherever less than one unit did.
    """

    reads = ("high", "low", "close", "volume")

    def __init__(self, lanes: int, period: int = 14) -> None:
        self.names = labelled(("mfi",), period)
        self.depth, self.period = period + 1, period
        self.typical, self.flow = np.empty((period + 1, lanes)), np.empty((period, lanes))
        self.gross = np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        (value,) = out
        typical, flow, bars = self.typical, self.flow, self.period + 1
        # three times the typical price: the scale cancels
        np.add(window.last("high", bars), window.last("low", bars), out=typical)
        np.add(typical, window.last("close", bars), out=typical)
        np.subtract(typical[1:], typical[:-1], out=flow)
        np.sign(flow, out=flow)
        np.multiply(flow, typical[1:], out=flow)
        np.multiply(flow, window.last("volume", self.period), out=flow)
        np.add.reduce(flow, axis=0, out=value)
        np.absolute(flow, out=flow)
        np.add.reduce(flow, axis=0, out=self.gross)
        np.divide(value, self.gross, out=value)
        np.copyto(value, 0.0, where=self.gross == 0.0)
        np.add(value, 1.0, out=value)
        np.multiply(value, 50.0, out=value)


class RunningTotal(Kernel):
    """A total over all bars of a lane, 0 at the first: its level depends on where the lane began."""

    reads: tuple[str, ...] = ("close", "volume")
    depth = 2
    settle = None

    def __init__(self, lanes: int) -> None:
        self.total: Floats = np.zeros(lanes)
        self.state = (self.total,)
        self.scratch = np.empty(lanes)

    def moved(self, close: Floats, before: Floats, out: Floats) -> None:
        raise NotImplementedError

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        self.moved(window.close[window.row], window.ago("close", 1), self.scratch)
        np.multiply(self.scratch, window.volume[window.row], out=self.scratch)
        if window.least < 2:
            np.copyto(self.scratch, 0.0, where=window.count < 2)
        np.add(self.total, self.scratch, out=self.total)
        np.copyto(out[0], self.total)


class OnBalanceVolume(RunningTotal):
    """Volume added where the close rose, subtracted where it fell (Granville 1963); 0 at the first bar.

    TA-Lib begins with the first bar's volume instead, so that all of its values are higher by that.
    """

    names = ("obv",)

    def moved(self, close: Floats, before: Floats, out: Floats) -> None:
        np.subtract(close, before, out=out)
        np.sign(out, out=out)


class PriceVolumeTrend(RunningTotal):
    """Volume times the relative change of the close, added up; 0 at the first bar (as TradingView has it)."""

    names = ("pvt",)

    def moved(self, close: Floats, before: Floats, out: Floats) -> None:
        np.divide(close, before, out=out)
        np.subtract(out, 1.0, out=out)


class VolumeMean(Kernel):
    """Mean volume of the last `period` bars."""

    reads = ("volume",)

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(("volume_sma",), period)
        self.depth, self.period = period, period

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        np.add.reduce(window.last("volume", self.period), axis=0, out=out[0])
        np.divide(out[0], self.period, out=out[0])


INDICATORS = (
    Indicator(
        "mfi",
        "Money flow index",
        doc_of(MoneyFlow),
        (Parameter("period", 14, 1, 500),),
        ("mfi",),
        lambda period=14: period,
        maker_of(MoneyFlow),
    ),
    Indicator(
        "obv",
        "On-balance volume",
        doc_of(OnBalanceVolume),
        (),
        ("obv",),
        lambda: 0,
        maker_of(OnBalanceVolume),
    ),
    Indicator(
        "pvt",
        "Price volume trend",
        doc_of(PriceVolumeTrend),
        (),
        ("pvt",),
        lambda: 0,
        maker_of(PriceVolumeTrend),
    ),
    Indicator(
        "volume_sma",
        "Mean volume",
        doc_of(VolumeMean),
        (Parameter("period", 20, 1, 1000),),
        ("volume_sma",),
        lambda period=20: period - 1,
        maker_of(VolumeMean),
    ),
)
