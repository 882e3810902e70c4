"""What is known at the close of a bar beside the bar itself: bitcoin, a stock and a dollar index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.signals.bars import Bars, Floats

MARKETS = ("btc", "spx", "dxy")  # fields of a bar that kernels read


@dataclass(frozen=True, slots=True)
class Beside:
    """Columns that run beside the rows of some bars, NaN where nothing is known.

    `markets` (3, N) are bitcoin's close at the same open time and the newest value of each index, in the
    order of MARKETS; `leader` is the asset under which findings about the whole market are filed, 0 for none.
    """

    markets: Floats
    leader: int = 0

    def take(self, rows: Any) -> Beside:
        """The rows a mask, a slice or an index array names."""
        return Beside(self.markets[:, rows], self.leader)


def nothing_beside(bars: Bars, leader: int = 0) -> Beside:
    """Nothing known but bitcoin's closes among the bars, where `leader` is bitcoin."""
    markets = np.full((len(MARKETS), len(bars)), np.nan)
    own = bars.asset == leader
    if own.any():
        markets[0] = closes_at(bars.open_time[own], bars.close[own], bars.open_time)
    return Beside(markets, leader)


def closes_at(times: Any, closes: Floats, wanted: Any) -> Floats:
    """The close at each wanted open time, NaN where there is no such bar; `times` are sorted."""
    places = np.minimum(np.searchsorted(times, wanted), len(times) - 1)
    found: Floats = np.where(times[places] == wanted, closes[places], np.nan)
    return found
