"""Strength of moves: RSI and MACD."""

from __future__ import annotations

import numpy as np

from shared.errors import Invalid
from shared.market.indicators.definition import Indicator, Parameter, doc_of, labelled, maker_of
from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.market.indicators.smoothing import (
    FIFTY,
    TINY,
    ema_share,
    forgotten_after,
    hide,
    smooth,
    wilder_share,
)


def moves(window: Window, changes: Floats, sizes: Floats) -> None:
    """What the close changed by, and the size of that, both (L,)."""
    np.subtract(window.close[window.row], window.close[window.row - 1], out=changes)
    np.absolute(changes, out=sizes)


def rated(changes: Floats, sizes: Floats, out: Floats) -> None:
    """Gains in percent of all moves: 50 · (1 + change / size) is the same as 100 · gain / (gain + loss)."""
    np.maximum(sizes, TINY, out=out)
    np.divide(changes, out, out=out)
    np.multiply(out, FIFTY, out=out)
    np.add(out, FIFTY, out=out)


class Rsi(Kernel):
    """Relative strength index: average gain in percent of average gain and loss (Wilder 1978).

    Wilder's averages, seeded by the mean of the first n changes. 50 where the close has never moved: neither
    side was stronger. TA-Lib says 0 there, which reads as the deepest fall there is.
    """

    reads = ("close",)
    depth = 2

    def __init__(self, lanes: int, period: int = 14) -> None:
        self.names = labelled(("rsi",), period)
        self.period, self.share = period, wilder_share(period)
        self.settle = period + forgotten_after(self.share)
        self.averages = np.zeros((2, lanes))
        self.state = (self.averages,)
        self.moves, self.moved = np.empty((2, lanes)), np.empty((2, lanes))
        self.change, self.size = self.moves

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        moves(window, self.change, self.size)
        smooth(self.averages, self.moves, window, self.period, self.share, self.moved, missing=1)
        rated(self.averages[0], self.averages[1], out[0])
        hide(out[0], window, self.period)


class Macd(Kernel):
    """Fast EMA less slow EMA, an EMA of that as signal, and what the first exceeds the signal (Appel 1979).

    Each EMA is seeded by the mean of its own first bars, as charts and the published sheets have it. TA-Lib
    starts the fast one late, together with the slow one: its first values differ, by less than 1e-9 of the
    price from 110 bars on (12 and 26). MACD stands as soon as the slow EMA does, the signal n - 1 bars later.
    """

    reads = ("close",)

    def __init__(
        self, lanes: int, fast_period: int = 12, slow_period: int = 26, signal_period: int = 9
    ) -> None:
        if fast_period >= slow_period:
            raise Invalid("fast_period must be below slow_period", field="fast_period")
        self.periods = (fast_period, slow_period, signal_period)
        self.names = labelled(MACD, *self.periods)
        self.shares = tuple(ema_share(period) for period in self.periods)
        self.settle = slow_period + signal_period + max(forgotten_after(share) for share in self.shares)
        self.fast, self.slow, self.average = np.zeros((3, lanes))
        self.state = (self.fast, self.slow, self.average)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        macd, signal, histogram = out
        close = window.close[window.row]
        fast, slow, smoothing = self.periods
        smooth(self.fast, close, window, fast, self.shares[0], macd)
        smooth(self.slow, close, window, slow, self.shares[1], macd)
        np.subtract(self.fast, self.slow, out=macd)
        smooth(self.average, macd, window, smoothing, self.shares[2], signal, missing=slow - 1)
        np.copyto(signal, self.average)
        np.subtract(macd, signal, out=histogram)
        hide(macd, window, slow - 1)
        hide(signal, window, slow + smoothing - 2)
        hide(histogram, window, slow + smoothing - 2)


MACD = ("macd", "macd_signal", "macd_histogram")

INDICATORS = (
    Indicator(
        "rsi",
        "Relative strength index",
        doc_of(Rsi),
        (Parameter("period", 14, 2, 1000),),
        ("rsi",),
        lambda period=14: period,
        maker_of(Rsi),
    ),
    Indicator(
        "macd",
        "Moving average convergence and divergence",
        doc_of(Macd),
        (
            Parameter("fast_period", 12, 2, 999),
            Parameter("slow_period", 26, 3, 1000),
            Parameter("signal_period", 9, 1, 1000),
        ),
        MACD,
        lambda fast_period=12, slow_period=26, signal_period=9: slow_period + signal_period - 2,
        maker_of(Macd),
    ),
)
