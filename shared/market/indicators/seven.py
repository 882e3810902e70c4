"""The seven indicators that charts are read by, stepped as one: half the calls of seven kernels.

They are the pieces of the single kernels side by side: the same recurrences over stacked lanes, and one
window for all that is a matter of mean and deviation. Every column has the bits of its own kernel.
"""

from __future__ import annotations

import numpy as np

from shared.market.indicators.bands import Spread
from shared.market.indicators.definition import labelled
from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.market.indicators.ranges import true_range
from shared.market.indicators.smoothing import ema_share, follow, forgotten_after, hide, smooth, wilder_share
from shared.market.indicators.strength import MACD, moves, rated

WILDER, EMA, WINDOW = 14, 20, 20
FAST, SLOW, SIGNAL = 12, 26, 9
DEVIATIONS = np.array(2.0)

# Periods of the averages by row: those of change, size of the move and true range, then three of the close.
WILDERS, EMAS = (WILDER, WILDER, WILDER), (FAST, SLOW, EMA)
SHARES = (*map(wilder_share, WILDERS), *map(ema_share, EMAS))


class Seven(Kernel):
    """RSI 14, MACD 12/26/9, Bollinger 20/2 (its middle is the SMA 20), ATR 14, EMA 20, z-score 20."""

    reads = ("high", "low", "close")
    depth = WINDOW
    names = (
        *labelled(("rsi",), WILDER),
        *labelled(MACD, FAST, SLOW, SIGNAL),
        *labelled(("bollinger_upper", "bollinger_middle", "bollinger_lower"), WINDOW),
        *labelled(("atr",), WILDER),
        *labelled(("ema",), EMA),
        *labelled(("zscore",), WINDOW),
    )
    settle = SLOW + SIGNAL + max(map(forgotten_after, SHARES))

    def __init__(self, lanes: int) -> None:
        self.averages, self.values, self.moved = np.zeros((3, len(SHARES), lanes))
        self.changes, self.sizes, self.range, self.fast, self.slow, self.ema = self.averages
        self.change, self.size, self.reach = self.values[: len(WILDERS)]
        self.closes = self.values[len(WILDERS) :]
        self.shares = np.repeat(SHARES, lanes).reshape(len(SHARES), lanes)
        self.signal, self.signal_share = np.zeros(lanes), ema_share(SIGNAL)
        self.spread = Spread(lanes, WINDOW)
        self.scratch = np.empty(lanes)
        self.state = (self.averages, self.signal, *self.spread.state)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        rsi, macd, signal, histogram, upper, middle, lower, atr, ema, score = out
        moves(window, self.change, self.size)
        true_range(window, self.reach, self.scratch)
        self.closes[...] = window.close[window.row]
        warm = window.least > SLOW + SIGNAL
        if warm:
            follow(self.averages, self.values, self.shares, self.moved)
        else:
            self.seed(window)
        rated(self.changes, self.sizes, rsi)
        np.subtract(self.fast, self.slow, out=macd)
        smooth(self.signal, macd, window, SIGNAL, self.signal_share, self.scratch, missing=SLOW - 1)
        signal[...] = self.signal
        np.subtract(macd, signal, out=histogram)
        atr[...] = self.range
        ema[...] = self.ema
        self.spread.measure(window, middle, score)
        self.spread.bands(DEVIATIONS, middle, upper, lower)
        if not warm:
            self.conceal(window, out)

    def seed(self, window: Window) -> None:
        """Move each average on by itself: their warm-ups end at different bars."""
        rows = zip(self.averages, self.values, self.moved, (*WILDERS, *EMAS), SHARES, strict=True)
        for row, (average, value, moved, period, share) in enumerate(rows):
            smooth(average, value, window, period, share, moved, missing=int(row < len(WILDERS)))

    def conceal(self, window: Window, out: tuple[Floats, ...]) -> None:
        rsi, macd, signal, histogram, _, _, _, atr, ema, _ = out
        for column, bars in ((rsi, WILDER), (atr, WILDER), (macd, SLOW - 1), (ema, EMA - 1)):
            hide(column, window, bars)
        hide(signal, window, SLOW + SIGNAL - 2)
        hide(histogram, window, SLOW + SIGNAL - 2)
