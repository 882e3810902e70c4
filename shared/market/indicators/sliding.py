"""Mean and mean square of the last n closes about one of them, at a cost that does not grow with n.

Two stacks: the bars since the anchor are added up as they come, and of the n - 1 before it every partial sum
is kept, so that the window is the sum of two. Every n bars the newest close becomes the anchor and the stacks
are made anew. Nothing is ever subtracted again, so nothing drifts; the anchor is one of the window, therefore
within √(n-1) standard deviations of its mean (Samuelson 1968), so no digits cancel away at whatever price;
and a window without movement gives exact zeros.
"""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Ints, Window

ALL = slice(None)
POWERS = 2


class Sliding:
    """`anchor` (L,), and of close - anchor: `mean` and `square` (L,), the mean of its squares.

    `state` is what a kernel carries for it: `older[k]` sums the k closes before the anchor, `newer` those
    from it on. NaN until n bars are there, because the closes before a lane's first are.
    """

    def __init__(self, lanes: int, period: int) -> None:
        self.period = period
        self.anchor, self.newer = np.zeros(lanes), np.zeros((POWERS, lanes))
        flat = np.full((period * POWERS, lanes), np.nan)
        self.older = flat.reshape(period, POWERS, lanes)
        self.older[0] = 0.0
        self.state = (self.anchor, self.newer, flat)
        self.now, self.means = np.empty((POWERS, lanes)), np.empty((POWERS, lanes))
        self.offset, self.squared = self.now
        self.mean, self.square = self.means
        self.bars, self.places = np.array(float(period)), np.arange(POWERS * lanes).reshape(POWERS, lanes)

    def move(self, window: Window) -> None:
        """Take in the newest bar of all lanes."""
        alike = window.least == window.most
        age = (window.least - 1) % self.period
        ages = None if alike else (window.count - 1) % self.period
        if ages is None:
            if age == 0:
                self.turn(window, ALL)
        elif (turned := np.flatnonzero(ages == 0)).size:
            self.turn(window, turned)
        np.subtract(window.close[window.row], self.anchor, out=self.offset)
        np.multiply(self.offset, self.offset, out=self.squared)
        np.add(self.newer, self.now, out=self.newer)
        np.add(self.newer, self.before(age, ages), out=self.means)
        np.divide(self.means, self.bars, out=self.means)

    def before(self, age: int, ages: Ints | None) -> Floats:
        """Sums (2, L) of those bars before the anchor that are still in the window."""
        if ages is None:
            sums: Floats = self.older[self.period - 1 - age]
            return sums
        first = (self.period - 1 - ages) * self.places.size
        return np.take(self.older, first + self.places)

    def turn(self, window: Window, lanes: Ints | slice) -> None:
        """Make the newest close the anchor of some lanes, and add up those before it from the newest on."""
        row, whole = window.row, isinstance(lanes, slice)
        closes = window.close[row - self.period + 1 : row + 1, lanes][::-1]
        self.anchor[lanes] = closes[0]
        self.newer[:, lanes] = 0.0
        sums = self.older if whole else np.empty((self.period, POWERS, closes.shape[1]))
        sums[0] = 0.0
        np.subtract(closes[1:], closes[0], out=sums[1:, 0])
        np.multiply(sums[1:, 0], sums[1:, 0], out=sums[1:, 1])
        if whole:  # row by row, which for many lanes is several times faster than accumulate
            for below, above in zip(sums[1:], sums[:-1], strict=True):
                np.add(above, below, out=below)
            return
        np.add.accumulate(sums, axis=0, out=sums)
        self.older[:, :, lanes] = sums
