"""What each type of signal reads, and how much of it there is now: a type without data finds nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from shared.models import DAY, Asset
from shared.platform.d1 import D1Database
from shared.signals.bars import STEPS
from shared.signals.detector import NO_BAR, Detector
from shared.signals.detectors import DETECTORS
from shared.signals.families.followed import FOLLOWED
from shared.signals.families.subjects import PEGGED, by_slug, subject_of
from shared.signals.families.watched import WATCHED
from shared.signals.view import label
from shared.store import assets, books, candle_series, mentions, metrics, quotes

# What told nothing for so long, beyond its own pace, counts as not there.
RECENT = DAY
INPUTS: Mapping[str, tuple[str, ...]] = {
    "bars": ("candles of 5m, 1h and 1d",),
    "moods": ("sentiment of news articles, by asset",),
    "news": ("news articles, by asset and feed",),
    "mentions": ("news articles that name an entity", "metric mentions:{asset}"),
    "quotes": ("quotes of an asset by two sources or more",),
    "pegs": ("quotes of dollar coins", "metric stablecoin_price:{coin}"),
    "books": ("order books",),
    "liquidity": ("order books", "metric dex_liquidity:{chain or pool}"),
    "series": tuple(f"metric {prefix}:{{…}}" for prefix in FOLLOWED),
}
# Metrics that compound types ask beside the bars, where they are known.
BESIDE: Mapping[str, tuple[str, ...]] = {
    "whale_accumulation": ("exchange_netflow",),
    "liquidity_cascade": ("liquidations_long", "liquidations_short"),
}
Slugs = Mapping[str, Asset]


class Coverage(NamedTuple):
    """How many series of how many assets have recent values, and the instant of the newest value, if any."""

    series: int = 0
    assets: int = 0
    newest: int | None = None

    def __or__(self, other: Coverage) -> Coverage:
        """Both inputs of a kind; an asset may be in each."""
        newest = max(filter(None, (self.newest, other.newest)), default=None)
        return Coverage(self.series + other.series, max(self.assets, other.assets), newest)


async def coverage(db: D1Database, now: int) -> list[dict[str, Any]]:
    """One entry a type, in the order of evaluation: what it is, what it reads, how much of that there is."""
    known, told = by_slug(await assets.load(db)), dict(await metrics.newest(db))
    kinds = await covered(db, now, known, told)
    return [entry(one, kinds[one.reads], beside(one.type, known, told, now)) for one in DETECTORS]


def entry(detector: Detector, found: Coverage, also: list[dict[str, Any]]) -> dict[str, Any]:
    title, explanation = said_of(detector)
    return {
        "type": detector.type,
        "title": title,
        "explanation": explanation,
        "inputs": list(inputs_of(detector.reads)),
        "status": "ok" if found.series else "no data",
        "coverage": found._asdict(),
        "beside": also,
        "thresholds": {label(step) if step else "look": at for step, at in detector.raise_at.items()},
        "on": "tables" if NO_BAR in detector.raise_at else "bars",
    }


def said_of(detector: Detector) -> tuple[str, str]:
    """Title and sentence of the detector's own docstring: "Price anomaly: a bar's return is far from …"."""
    first = (sys.modules[detector.score.__module__].__doc__ or "").partition("\n")[0]
    title, _, sentence = first.partition(": ")
    return title, sentence[:1].upper() + sentence[1:]


def inputs_of(kind: str) -> tuple[str, ...]:
    """In words; of metrics the names."""
    named = tuple(f"metric {prefix}:{{…}}" for prefix, watch in WATCHED.items() if watch.kind == kind)
    return INPUTS.get(kind, named)


async def covered(db: D1Database, now: int, known: Slugs, told: Mapping[str, int]) -> dict[str, Coverage]:
    """What there is for each kind of rows."""
    rated = await mentions.assets_told(db, now - RECENT)
    named = await mentions.entities_named(db, now - RECENT)
    found = {kind: of_metrics(kind, known, told, now) for kind in {one.reads for one in DETECTORS}}
    news = Coverage(rated[0], rated[0], rated[1])
    snapshots = await of_books(db, now)
    heard = [one for one in await quotes.heard(db) if one[2] >= now - RECENT]
    found |= {
        "bars": await of_bars(db, now),
        "moods": news,
        "news": news,
        "mentions": found["mentions"] | Coverage(named[0], rated[0], named[1]),
        "quotes": of_quotes(heard, lambda asset, sources: sources > 1),
        "pegs": of_quotes(heard, pegged(known, told, now)),
        "books": snapshots,
        "liquidity": found["liquidity"] | snapshots,
        # on-chain figures are told once a day
        "series": of_names(known, told, now - RECENT, dict.fromkeys(FOLLOWED, DAY)),
    }
    return found


def of_metrics(kind: str, known: Slugs, told: Mapping[str, int], now: int) -> Coverage:
    pace = {prefix: watch.every for prefix, watch in WATCHED.items() if watch.kind == kind}
    return of_names(known, told, now - RECENT, pace)


def of_names(known: Slugs, told: Mapping[str, int], since: int, pace: Mapping[str, int]) -> Coverage:
    """Metrics of some sorts with a value since an instant, less the ms that lie between two of a sort."""
    fresh = {
        name: at
        for name, at in told.items()
        if (prefix := name.partition(":")[0]) in pace and at >= since - pace[prefix]
    }
    if not fresh:
        return Coverage()
    return Coverage(len(fresh), len({subject_of(name, known).id for name in fresh}), max(fresh.values()))


async def of_bars(db: D1Database, now: int) -> Coverage:
    series = [one for step in STEPS for one in await candle_series.of_step(db, step)]
    fresh = [one for one in series if one.last_open + 2 * one.step >= now - RECENT]
    newest = max((one.last_open + one.step for one in fresh), default=None)
    return Coverage(len(fresh), len({one.asset for one in fresh}), newest)


async def of_books(db: D1Database, now: int) -> Coverage:
    found = await books.newest_of_each(db, now - RECENT)
    return Coverage(len(found), len(found), max((at for _, at in found), default=None))


def of_quotes(heard: list[tuple[int, int, int]], counts: Callable[[int, int], bool]) -> Coverage:
    """The assets with recent quotes that count, by asset and number of sources."""
    chosen = [one for one in heard if counts(one[0], one[1])]
    newest = max((at for _, _, at in chosen), default=None)
    return Coverage(sum(sources for _, sources, _ in chosen), len(chosen), newest)


def pegged(known: Slugs, told: Mapping[str, int], now: int) -> Callable[[int, int], bool]:
    """Whether two sources price a dollar coin: exchanges and aggregators, or the metric beside them."""
    also = {
        known[slug].id: told.get(f"stablecoin_price:{coin}", 0) >= now - RECENT
        for slug, coin in PEGGED.items()
        if slug in known
    }
    return lambda asset, sources: asset in also and sources + also[asset] > 1


def beside(type: str, known: Slugs, told: Mapping[str, int], now: int) -> list[dict[str, Any]]:
    """What a compound type asks where it is known, and how much of it is."""
    return [
        {"input": f"metric {sort}:{{asset}}", **of_names(known, told, now - RECENT, {sort: 0})._asdict()}
        for sort in BESIDE.get(type, ())
    ]
