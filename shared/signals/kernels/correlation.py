"""Correlation of an asset's returns with bitcoin's: over the last bars and over the bars before them."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.signals.kernels.returns import log_return

SHORT, LONG = 24, 168  # bars: a day against the week before it, where a bar is an hour
LEAST = 0.9  # share of a window's bars whose return is known on both sides
# Deviation of a return below which there is nothing to correlate: one basis point is the size of a tick.
FLOOR = 1e-4


class Correlation(Kernel):
    """Pearson correlation over the last SHORT returns and over the LONG before those, with their numbers.

    Sums of the returns and their products are carried: the newest come in, those that leave a window are
    computed again from the closes and taken off. Returns known on one side only are left out of both.
    """

    names = ("btc_correlation_short", "btc_correlation_long", "btc_pairs_short", "btc_pairs_long")
    depth = SHORT + LONG + 2
    reads = ("close", "btc")
    settle = SHORT + LONG + 1

    def __init__(self, lanes: int) -> None:
        self.short, self.long = np.zeros((6, lanes)), np.zeros((6, lanes))
        self.state = (self.short, self.long)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        middle = products(window, SHORT)
        self.short += products(window, 0) - middle
        self.long += middle - products(window, SHORT + LONG)
        for sums, bars, place in ((self.short, SHORT, 0), (self.long, LONG, 1)):
            out[place][:] = correlation(sums, bars)
            out[place + 2][:] = sums[0]


def products(window: Window, ago: int) -> Floats:
    """A pair of returns, x own and y of btc, as 1, x, y, x², y², xy (6, L); zeros where one is unknown."""
    x, y = log_return(window, ago), log_return(window, ago, "btc")
    known = np.isfinite(x) & np.isfinite(y)
    rows = np.empty((6, len(x)))
    rows[0] = known
    rows[1], rows[2] = np.where(known, x, 0.0), np.where(known, y, 0.0)
    np.multiply(rows[1:3], rows[1:3], out=rows[3:5])
    np.multiply(rows[1], rows[2], out=rows[5])
    return rows


def correlation(sums: Floats, bars: int) -> Floats:
    """From sums of 1, x, y, x², y², xy; NaN where pairs are too few or a side does not move."""
    n, x, y, xx, yy, xy = sums
    spread_x, spread_y = n * xx - x * x, n * yy - y * y
    judged = (n >= LEAST * bars) & (np.minimum(spread_x, spread_y) > (n * FLOOR) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (n * xy - x * y) / np.sqrt(spread_x * spread_y)
    return np.where(judged, np.clip(found, -1.0, 1.0), np.nan)
