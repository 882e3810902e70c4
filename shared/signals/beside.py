"""What is known at the close of a bar beside the bar itself: bitcoin, stock and dollar indices, flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shared.signals.bars import Bars, Floats

MARKETS = ("btc", "spx", "dxy")  # fields of a bar that kernels read


@dataclass(frozen=True, slots=True)
class Beside:
    """Columns (N,) that run beside the rows of some bars, NaN where nothing is known.

    `markets` are bitcoin's close at the same open time and the newest value of each index, in the order of
    MARKETS; `known` are others by name, which no kernel reads; `leader` is the asset under which findings
    about the whole market are filed, 0 for none.
    """

    markets: Floats
    known: Mapping[str, Floats] = field(default_factory=dict)
    leader: int = 0

    def take(self, rows: Any) -> Beside:
        """The rows a mask, a slice or an index array names."""
        known = {name: column[rows] for name, column in self.known.items()}
        return Beside(self.markets[:, rows], known, self.leader)


def nothing_beside(bars: Bars, leader: int = 0) -> Beside:
    """Nothing known but bitcoin's closes among the bars, where `leader` is bitcoin."""
    markets = np.full((len(MARKETS), len(bars)), np.nan)
    own = bars.asset == leader
    if own.any():
        markets[0] = closes_at(bars.open_time[own], bars.close[own], bars.open_time)
    return Beside(markets, {}, leader)


def closes_at(times: Any, closes: Floats, wanted: Any) -> Floats:
    """The close at each wanted open time, NaN where there is no such bar; `times` are sorted."""
    places = np.minimum(np.searchsorted(times, wanted), len(times) - 1)
    found: Floats = np.where(times[places] == wanted, closes[places], np.nan)
    return found
