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

    def derive(self, window: Window, told: dict[str, Floats], out: tuple[Floats, ...]) -> None:
        push(self.indices, told[self.column])
        out[0].fill(0.0)
        for column in out[1:]:
            column.fill(np.nan)
        closes = window.last("close", 2 * WING + 1)
        middle, left, right = closes[WING], closes[:WING], closes[WING + 1 :]
        highs = (middle > left.max(axis=0)) & (middle >= right.max(axis=0))
        lows = (middle < left.min(axis=0)) & (middle <= right.min(axis=0))
        for side, last, found in ((1.0, self.pivots[:3], highs), (-1.0, self.pivots[3:], lows)):
            lanes = np.flatnonzero(found)
            if len(lanes):
                number = window.count[lanes] - WING
                pivot = np.stack((number, middle[lanes], self.indices[0, lanes]))
                before = last[:, lanes]
                out[0][lanes] = side
                out[1][lanes], out[2][lanes] = pivot[1:]
                out[3][lanes], out[4][lanes] = before[1:]
                out[5][lanes] = number - before[0]
                last[:, lanes] = pivot
