"""Correlation of an asset's returns with bitcoin's: over the last bars and over the bars before them."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.signals.kernels.returns import log_returns

SHORT, LONG = 24, 168  # bars: a day against the week before it, where a bar is an hour
LEAST = 0.9  # share of a window's bars whose return is known on both sides
# Deviation of a return below which there is nothing to correlate: one basis point is the size of a tick.
FLOOR = 1e-4
TERMS = 6


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
        self.sums = np.zeros((2 * TERMS, lanes))
        self.state = (self.sums,)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        newest, middle, oldest = terms(window, (0, SHORT, SHORT + LONG))
        self.sums[:TERMS] += newest - middle
        self.sums[TERMS:] += middle - oldest
        for place, sums, bars in ((0, self.sums[:TERMS], SHORT), (1, self.sums[TERMS:], LONG)):
            correlation(sums, bars, out[place])
            out[place + 2][:] = sums[0]


def terms(window: Window, ago: tuple[int, ...]) -> Floats:
    """Of each pair of returns, x own and y of btc: 1, x, y, x², y², xy (len(ago), TERMS, L).

    Zeros where one of the two is unknown.
    """
    x, y = log_returns(window, ago), log_returns(window, ago, "btc")
    product = x * y
    known = np.isfinite(product)
    found = np.zeros((len(ago), TERMS, x.shape[1]))
    found[:, 0] = known
    for place, column in enumerate((x, y, x * x, y * y, product), 1):
        np.copyto(found[:, place], column, where=known)
    return found


def correlation(sums: Floats, bars: int, out: Floats) -> None:
    """From sums of 1, x, y, x², y², xy; NaN where pairs are too few or a side does not move."""
    n, x, y, xx, yy, xy = sums
    spread_x, spread_y = n * xx - x * x, n * yy - y * y
    judged = (n >= LEAST * bars) & (np.minimum(spread_x, spread_y) > (n * FLOOR) ** 2)
    np.divide(n * xy - x * y, np.sqrt(spread_x * spread_y), out=out)
    np.minimum(out, 1.0, out=out)
    np.maximum(out, -1.0, out=out)
    out[~judged] = np.nan
