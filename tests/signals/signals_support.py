"""Bars made for tests: random walks with a seed, with holes and jumps where asked for."""

from __future__ import annotations

import numpy as np

from shared.models import HOUR
from shared.signals.bars import Bars, bars_of


def bars_from_paths(
    assets: int, n: int, *, seed: int = 0, holes: bool = False, step: int = HOUR, jumps: bool = False
) -> Bars:
    """`n` bars of each asset, numbered from 1; holes take about a tenth of them away, some at the start."""
    rng = np.random.default_rng(seed)
    rows = []
    for asset in range(1, assets + 1):
        moves = rng.standard_t(4, n) * 0.01
        if jumps:
            moves[rng.random(n) < 0.03] *= 12
        close = 100 * np.exp(np.cumsum(moves))
        volume = np.exp(rng.normal(3, 0.6, n) + 8 * np.abs(moves))
        volume[rng.random(n) < 0.05] = 0
        kept = (rng.random(n) > 0.1) & (np.arange(n) >= 20 * (asset % 3)) if holes else np.ones(n, bool)
        for i in np.flatnonzero(kept):
            price = float(close[i])
            rows.append((asset, 1, (i + 1) * step, price, price, price, price, float(volume[i])))
    return bars_of(rows)
