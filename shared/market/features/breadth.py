"""The market as a whole at one close: how many assets rise, by how much, how far apart, and who leads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shared.market.indicators.kernel import Floats, Ints

LEAST_ASSETS = 10  # a share of fewer is an anecdote


class Returns(NamedTuple):
    """return_1 and return_24 of assets at closes, all (N,); NaN in warm-up."""

    at: Ints
    asset: Ints
    bar: Floats
    day: Floats


def breadth_features(rows: Returns, others: Returns) -> dict[str, Floats]:
    """Columns (N,) by feature name for `rows`, over them and `others`, which are other assets' or closes'."""
    at, asset = np.concatenate((rows.at, others.at)), np.concatenate((rows.asset, others.asset))
    order = np.lexsort((asset, at))  # sums then have the same bits whoever came first
    bar, day = np.concatenate((rows.bar, others.bar))[order], np.concatenate((rows.day, others.day))[order]
    _, place = np.unique(at[order], return_inverse=True)
    up, mean, _ = over_assets(place, bar)
    up_day, mean_day, spread = over_assets(place, day)
    with np.errstate(divide="ignore", invalid="ignore"):
        strength = (day - mean_day[place]) / spread[place]
    found = {
        "market_up_share": up[place],
        "market_up_share_24": up_day[place],
        "market_return_1": mean[place],
        "market_return_24": mean_day[place],
        "market_dispersion_24": spread[place],
        "relative_strength_24": strength,
    }
    back = np.argsort(order)[: len(rows.at)]
    return {name: column[back] for name, column in found.items()}


def over_assets(place: Ints, moves: Floats) -> tuple[Floats, Floats, Floats]:
    """Share above zero, mean and standard deviation of each close; NaN of fewer than LEAST_ASSETS."""
    known = ~np.isnan(moves)
    closes = int(place.max()) + 1 if len(place) else 0
    place, moves = place[known], moves[known]
    count = np.bincount(place, minlength=closes).astype(np.float64)
    count[count < LEAST_ASSETS] = np.nan
    mean = np.bincount(place, moves, closes) / count
    away = moves - mean[place]
    spread = np.sqrt(np.bincount(place, away * away, closes) / (count - 1))
    return np.bincount(place, moves > 0, closes) / count, mean, spread
