"""How volatile the last bars are against those before them, and how much that usually varies."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.signals.kernels.returns import known, log_returns, push

SHORT, LONG = 12, 96  # bars: an hour against the eight before it, twelve days against a quarter
STRIDE, SAMPLES = (
    6,
    24,
)  # the ratio is compared with those 6, 12, … 144 bars ago: half of a short window apart
# Of one bar, as a fraction: below five basis points a move is the spread, and a pegged price has no regime.
FLOOR = 0.0005
NEEDS = SHORT + LONG + STRIDE * SAMPLES + 1


class VolatilityRatio(Kernel):
    """ln of the realised volatility of the last SHORT bars over that of the LONG bars before them.

    Sums of squared returns are carried: the newest comes in, the one that leaves a window is computed again
    from the closes and taken off. `turmoil_median` and `turmoil_mad` are those of SAMPLES earlier ratios.
    """

    names = (
        "turmoil_short",
        "turmoil_long",
        "turmoil_ratio",
        "turmoil_median",
        "turmoil_mad",
    )
    depth = SHORT + LONG + 2
    reads = ("close",)
    settle = NEEDS

    def __init__(self, lanes: int) -> None:
        self.sums = np.zeros((2, lanes))
        self.ratios = np.full((STRIDE * SAMPLES, lanes), np.nan)
        self.state = (self.sums, self.ratios)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        short, long, ratio, median, mad = out
        moves = log_returns(window, (0, SHORT, SHORT + LONG))
        squares = known(np.multiply(moves, moves, out=moves))
        self.sums += squares[:-1] - squares[1:]
        np.divide(self.sums[0], SHORT, out=short)
        np.divide(self.sums[1], LONG, out=long)
        for column in (short, long):
            np.maximum(column, FLOOR**2, out=column)
            np.sqrt(column, out=column)
        np.divide(short, long, out=ratio)
        np.log(ratio, out=ratio)
        if window.least <= SHORT + LONG:
            for column in (short, long, ratio):
                column[window.count <= SHORT + LONG] = np.nan
        earlier = self.ratios[::STRIDE].copy()
        median[:] = middle_of(earlier)
        np.subtract(earlier, median, out=earlier)
        mad[:] = middle_of(np.abs(earlier, out=earlier))
        push(self.ratios, ratio)


def middle_of(rows: Floats) -> Floats:
    """Median down each column of (SAMPLES, L), NaN where one is; the rows are left in another order."""
    rows.sort(axis=0)
    half = rows.shape[0] // 2
    middle: Floats = 0.5 * (rows[half - 1] + rows[half])
    middle[np.isnan(rows[-1])] = np.nan
    return middle
