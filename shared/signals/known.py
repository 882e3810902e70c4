"""Columns of what was known at the closes of bars, as the feature dictionary reads them.

Every read asks for values that were true by the close and had been learned by `known_by`: nothing of the
future, and nothing that nobody knew. Where there is nothing, a column is missing or NaN, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import orjson

from shared.market import quality
from shared.market.features.books import book_features, sides
from shared.market.features.breadth import Returns, breadth_features
from shared.market.features.calendar import calendar
from shared.market.features.news import Articles, news_features
from shared.models import DAY, MINUTE
from shared.platform.d1 import D1Database
from shared.signals.bars import Floats, Ints
from shared.signals.known_metrics import metric_columns
from shared.store import context, signals

BOOK_AGE = 10 * MINUTE  # twice the interval at which books are collected
QUOTE_AGE = 6 * MINUTE  # one interval and a minute: an older price says more of the time than of the source


class Rows(NamedTuple):
    """Bars to describe, all columns (N,): closes `at` of bars of `source`, known at `known_at`.

    `known_by` is until when the rest may have been learned.
    """

    asset: Ints
    source: Ints
    at: Ints
    known_at: Ints
    known_by: Ints
    close: Floats

    def take(self, chosen: Ints) -> Rows:
        """Some rows, in this order."""
        known = self.known_at[chosen], self.known_by[chosen]
        return Rows(self.asset[chosen], self.source[chosen], self.at[chosen], *known, self.close[chosen])

    def moments(self) -> tuple[list[tuple[int, int]], Ints]:
        """Distinct (at, known_by), and the place of each row among them."""
        pairs, place = np.unique(np.stack((self.at, self.known_by)), axis=1, return_inverse=True)
        return [(at, known_by) for at, known_by in pairs.T.tolist()], place.ravel()


async def known_columns(
    db: D1Database, step: int, rows: Rows, bars: Mapping[str, Floats], others: Returns
) -> dict[str, Floats]:
    """All columns beside those of the engine, `bars`; `others` are other assets' returns at these closes."""
    moments, place = rows.moments()
    own = Returns(rows.at, rows.asset, bars["return_1"], bars["return_24"])
    return {
        **calendar(rows.at),
        **breadth_features(own, others),
        **await metric_columns(db, rows.asset, moments, place),
        **await book_columns(db, rows),
        **await news_columns(db, rows),
        **await quality_columns(db, step, rows, bars),
    }


async def book_columns(db: D1Database, rows: Rows) -> dict[str, Floats]:
    moments, place = rows.moments()
    assets = np.unique(rows.asset).tolist()
    stored = await context.books(db, moments, BOOK_AGE, assets)
    if not stored:
        return {}
    found = {(moment, asset): number for number, (moment, asset, *_) in enumerate(stored)}
    pairs = zip(place.tolist(), rows.asset.tolist(), strict=True)
    which = np.array([found.get(pair, -1) for pair in pairs], np.int64)
    bids = sides([orjson.loads(bids) for *_, bids, _ in stored])
    asks = sides([orjson.loads(asks) for *_, asks in stored])
    return {
        name: np.where(which < 0, np.nan, column[which]) for name, column in book_features(bids, asks).items()
    }


async def news_columns(db: D1Database, rows: Rows) -> dict[str, Floats]:
    told = await signals.sentiments(db, int(rows.at.min()) - DAY, int(rows.at.max()))
    if not told:
        return {}
    asset, at, known_at = (np.array([row[i] for row in told], np.int64) for i in range(3))
    articles = Articles(asset, at, known_at, np.array([row[3] for row in told], np.float64))
    return news_features(articles, rows.asset, rows.at, rows.known_by)


async def quality_columns(
    db: D1Database, step: int, rows: Rows, bars: Mapping[str, Floats]
) -> dict[str, Floats]:
    late = np.maximum(rows.known_at - rows.at, 0).astype(np.float64)
    parts = {
        "coverage": quality.coverage(bars["window_bars"], bars["window_span"], step),
        "gaps": quality.gaps(bars["longest_hole"], step),
        "freshness": quality.freshness(late, step),
        "agreement": await agreement(db, rows),
        "corrections": quality.corrections(await corrected_bars(db, step, rows)),
    }
    found = {**parts, "score": quality.score(parts)}
    return {f"quality_{name}": column for name, column in found.items()}


async def agreement(db: D1Database, rows: Rows) -> Floats:
    """How near the closes are to what other sources quoted shortly before."""
    moments, place = rows.moments()
    told = await context.quotes(db, moments, QUOTE_AGE, np.unique(rows.asset).tolist())
    by_pair: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for moment, asset, source, price in told:
        by_pair.setdefault((moment, asset), []).append((source, price))
    pairs: list[tuple[int, float]] = []
    keys = zip(place.tolist(), rows.asset.tolist(), rows.source.tolist(), strict=True)
    for row, (moment, asset, own) in enumerate(keys):
        others = by_pair.get((moment, asset), ())
        pairs += [(row, price) for source, price in others if source != own]
    if not pairs:
        return np.full(len(rows.at), np.nan)
    whose, prices = np.array([row for row, _ in pairs], np.int64), np.array([price for _, price in pairs])
    return quality.agreement(rows.close, whose, prices)


async def corrected_bars(db: D1Database, step: int, rows: Rows) -> Floats:
    """How many bars of each row's window had been corrected by then."""
    found = np.zeros(len(rows.at))
    span = quality.BARS * step
    told = await context.corrected(db, step, int(rows.at.min()) - span, int(rows.known_at.max()))
    first: dict[tuple[int, int, int], int] = {}
    for asset, source, opened, at in told:
        first[asset, source, opened] = min(at, first.get((asset, source, opened), at))
    for (asset, source, opened), at in first.items():
        inside = (rows.asset == asset) & (rows.source == source) & (rows.known_at >= at)
        found[inside & (opened < rows.at) & (opened >= rows.at - span)] += 1
    return found
