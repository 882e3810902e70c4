"""Sentiment and mentions: what an asset's articles of the last hours say, and how many there are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.market.indicators.kernel import Floats, Ints
from shared.models import DAY, HOUR

SPANS = {"1h": HOUR, "6h": 6 * HOUR, "24h": DAY}
NEGATIVE = -0.05  # VADER's own line between neutral and negative


class Articles(NamedTuple):
    """One row for each asset an article speaks of, sorted by `at`; `mood` is -1..1."""

    asset: Ints
    at: Ints
    known_at: Ints
    mood: Floats


def news_features(articles: Articles, asset: Ints, at: Ints, known_by: Ints) -> dict[str, Floats]:
    """Columns (N,) by feature name for the rows (asset, at), of what was known by `known_by` (N,)."""
    moments, place = np.unique(np.stack((at, known_by)), axis=1, return_inverse=True)
    found: dict[str, Floats] = {}
    for number, (moment, known) in enumerate(moments.T.tolist()):
        rows = np.flatnonzero(place.ravel() == number)
        for name, column in at_moment(articles, asset[rows], moment, known).items():
            found.setdefault(name, np.full(len(asset), np.nan))[rows] = column
    return found


def at_moment(articles: Articles, assets: Ints, moment: int, known: int) -> dict[str, Floats]:
    """Columns for some assets at one instant."""
    start, end = np.searchsorted(articles.at, (moment - DAY, moment), side="right")
    fresh = articles.known_at[start:end] <= known
    asset, age = articles.asset[start:end][fresh], moment - articles.at[start:end][fresh]
    mood = articles.mood[start:end][fresh]
    if not len(mood):
        return {}  # nobody collects news, or nobody wrote any: unknown, not calm
    names, lane = np.unique(np.concatenate((assets, asset)), return_inverse=True)
    own, lane = lane[: len(assets)], lane[len(assets) :]
    tables = {span: sums(lane, mood, age < length, len(names)) for span, length in SPANS.items()}
    count, total, squares = tables["24h"]
    low = np.bincount(lane, mood < NEGATIVE, len(names))
    market, short = mean_of(mood), mean_of(mood[age < SPANS["6h"]])
    with np.errstate(divide="ignore", invalid="ignore"):
        means = {span: table[1] / table[0] for span, table in tables.items()}
        found = {
            **{f"sentiment_mean_{span}": mean for span, mean in means.items()},
            "sentiment_shift_6h": means["6h"] - means["24h"],
            "sentiment_spread_24h": np.sqrt(np.maximum(squares - total * total / count, 0.0) / (count - 1)),
            "negative_share_24h": low / count,
            "market_sentiment_6h": np.full(len(names), short),
            "market_sentiment_shift_6h": np.full(len(names), short - market),
            "relative_sentiment_24h": means["24h"] - market,
            **{f"articles_{span}": np.log1p(table[0]) for span, table in tables.items()},
            "articles_burst_6h": np.log((1 + tables["6h"][0]) / (1 + count / 4)),
            "articles_share_24h": count / count.sum(),
        }
    return {name: column[own] for name, column in found.items()}


def sums(lane: Ints, mood: Floats, chosen: NDArray[np.bool_], n: int) -> tuple[Floats, Floats, Floats]:
    """Number of the chosen articles of each lane, and the sums of their moods and of those squared."""
    lane, mood = lane[chosen], mood[chosen]
    total, squares = (np.bincount(lane, weights, n).astype(np.float64) for weights in (mood, mood * mood))
    return np.bincount(lane, minlength=n).astype(np.float64), total, squares


def mean_of(moods: Floats) -> float:
    """The mean, NaN of none."""
    return float(moods.sum() / len(moods)) if len(moods) else np.nan
