"""The window that all parts read: log closes, log returns, and sums over bars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.market.indicators.kernel import Floats, Window


class Logs:
    """ln close (97, L) and its changes (96, L) up to the current bar, with their spread; oldest first.

    `moves` less their mean are `away`; `squares` are its squares, `spread` (L,) the standard deviation.
    """

    BARS = 96  # 8 hours of 5m, 4 days of 1h, a quarter of 1d: as long as the detectors' baselines

    __slots__ = ("away", "close", "moves", "spread", "squares", "variation")

    def __init__(self, window: Window) -> None:
        self.close: Floats = np.log(window.last("close", self.BARS + 1))
        self.moves: Floats = self.close[1:] - self.close[:-1]
        self.away: Floats = self.moves - total(self.moves) / self.BARS
        self.squares: Floats = self.away * self.away
        self.variation: Floats = total(self.squares)
        self.spread: Floats = np.sqrt(self.variation / (self.BARS - 1))


def total(rows: Floats) -> Floats:
    """Sum over bars (n, L) -> (L,), one after the other.

    numpy adds a lane that is alone in pairs instead, which gives other bits than the same lane among others.
    """
    summed: Floats = np.add.reduce(rows, axis=0) if rows.shape[1] > 1 else np.add.accumulate(rows, axis=0)[-1]
    return summed


def deviation(moves: Floats) -> Floats:
    """Standard deviation of each lane of (n, L)."""
    away = moves - total(moves) / len(moves)
    spread: Floats = np.sqrt(total(away * away) / (len(moves) - 1))
    return spread


def market_logs(window: Window, field: str) -> Floats | None:
    """ln of another market's level over the window (97, L), or (97, 1) where it is the same for all lanes.

    None where nobody knows any now.
    """
    levels = window.last(field, Logs.BARS + 1)
    if np.isnan(levels[-1]).all():
        return None
    one = levels[:, :1]
    # live all lanes stand at the same bar: no need to take the same logarithms 130 times
    logs: Floats = np.log(one.copy() if (levels == one).all() else levels)
    return logs


def share(happened: NDArray[np.bool_], oldest: Floats) -> Floats:
    """Share of the bars in which something happened (n, L) -> (L,); NaN while the window's `oldest` is."""
    part: Floats = total(happened.astype(np.float64)) / len(happened) + 0.0 * oldest
    return part
