"""What the psychology of an asset or of the market is told from: a day's news and bars against a week's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.market.consensus import median
from shared.models import DAY, HOUR
from shared.news.psychology import Inputs, of_bars, of_moods
from shared.platform.d1 import D1Database
from shared.store import candles, mentions

SPAN = 8 * DAY  # the last day, and the week before it
LATE = 3 * HOUR  # bars that end earlier than this say nothing of now
LEAST_ASSETS = 5  # a median of fewer is not the market's


@dataclass(frozen=True, slots=True)
class Told:
    """Inputs, and how much they rest on: articles and bars of the day and before, source, assets."""

    inputs: Inputs
    evidence: dict[str, Any]


async def of_asset(db: D1Database, asset: int, at: int) -> Told:
    """As it was known at `at`."""
    rows = await mentions.moods_of_asset(db, asset, at - SPAN, at)
    source, found = await candles.read_columns(db, asset, HOUR, at - SPAN, at - HOUR + 1, as_of=at)
    bars = list(zip(found.open_time, found.close, found.volume, strict=True))
    day, before = split(bars, at) if bars and bars[-1][0] + HOUR >= at - LATE else ([], [])
    moods, news = moods_at(rows, at)
    counts = {"source": source or None, "bars": len(day), "bars_before": len(before)}
    return Told(Inputs(*moods, *of_bars(day, before)), {**news, **counts})


async def of_market(db: D1Database, at: int) -> Told:
    """All articles, and of prices the median of the assets that have hourly bars."""
    rows = await mentions.moods(db, at - SPAN, at)
    series = defaultdict[int, list[tuple[int, float, float]]](list)
    for opened, asset, *prices, known_at in await candles.window(db, HOUR, at - SPAN, at):
        if known_at <= at:
            series[asset].append((opened, prices[3], prices[4]))
    there = [of_bars(*split(bars, at)) for bars in series.values() if bars[-1][0] + HOUR >= at - LATE]
    columns = [[value for value in column if value is not None] for column in zip(*there, strict=True)]
    middles = [median(column) if len(column) >= LEAST_ASSETS else None for column in columns]
    moods, news = moods_at(rows, at)
    return Told(Inputs(*moods, *(middles or [None] * 3)), {**news, "assets": len(there)})


def split(bars: Sequence[tuple[int, float, float]], at: int) -> tuple[list[Any], list[Any]]:
    """(close, volume) of the bars that opened within the last day, and of those before."""
    day = [(close, volume) for opened, close, volume in bars if opened >= at - DAY]
    return day, [(close, volume) for opened, close, volume in bars if opened < at - DAY]


def moods_at(
    rows: Sequence[tuple[int, float]], at: int
) -> tuple[tuple[float | None, float | None], dict[str, int]]:
    day = [mood for published, mood in rows if published > at - DAY]
    before = [mood for published, mood in rows if published <= at - DAY]
    return of_moods(day, before), {"articles": len(day), "articles_before": len(before)}
