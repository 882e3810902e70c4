"""Turning points of the price and what the RSI said at them."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.signals.kernels.derived import Derived
from shared.signals.kernels.returns import push

# A pivot is the highest (lowest) close of the three bars on each side of it: known three bars later, and
# rare enough (one bar in seven at most) to be a turn rather than a wiggle.
WING = 3
SPAN = 60  # bars between two pivots that belong together: three times a usual swing


class Divergence(Derived):
    """Over the RSI named `column`: at the bar that completes a pivot, this pivot and the one before it.

    `pivot_side` is 1 for a high, -1 for a low and 0 at all other bars; the others are NaN there:
    close and RSI of the pivot, close and RSI of the last pivot of the same side, bars between the two.
    """

    depth = 2 * WING + 1
    reads = ("close",)
    settle = None  # a pivot may be the last one for any number of bars

    def __init__(self, inner: Kernel, column: str, lanes: int) -> None:
        self.column = column
        self.indices = np.full((WING + 1, lanes), np.nan)
        self.pivots = np.full(
            (6, lanes), np.nan
        )  # bar number, close, RSI of the last high, then of the last low
        own = (
            "pivot_side",
            "pivot_close",
            "pivot_rsi",
            "pivot_close_before",
            "pivot_rsi_before",
            "pivot_bars",
        )
        super().__init__(inner, own, (self.indices, self.pivots))

    def derive(self, window: Window, given: dict[str, Floats], out: tuple[Floats, ...]) -> None:
        push(self.indices, given[self.column])
        out[0].fill(0.0)
        for column in out[1:]:
            column.fill(np.nan)
        closes = window.last("close", 2 * WING + 1)
        middle, left, right = closes[WING], closes[:WING], closes[WING + 1 :]
        highs = (middle > np.maximum.reduce(left, axis=0)) & (middle >= np.maximum.reduce(right, axis=0))
        lows = (middle < np.minimum.reduce(left, axis=0)) & (middle <= np.minimum.reduce(right, axis=0))
        pivot = (window.count - float(WING), middle, self.indices[0])
        for side, last, found in ((1.0, self.pivots[:3], highs), (-1.0, self.pivots[3:], lows)):
            told = (side, pivot[1], pivot[2], last[1], last[2], pivot[0] - last[0])
            for column, value in zip(out, told, strict=True):
                np.copyto(column, value, where=found)
            for row, value in zip(last, pivot, strict=True):
                np.copyto(row, value, where=found)
