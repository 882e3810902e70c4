"""What happened before the demo was opened: stored, detected on and measured as if it had run for weeks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from shared.collect.news import new_article, tagger_of
from shared.dev.demo import answers
from shared.dev.demo.coins import COINS
from shared.dev.demo.world import DemoWorld, address
from shared.dev.recorded import Recorded, in_order
from shared.dev.replay import MarketClock, play
from shared.env import Env
from shared.models import DAY, HOUR, MINUTE, Article
from shared.news.duplicates import Headlines
from shared.sources import Ask, read_all, rss
from shared.store import articles as article_store
from shared.store import assets as asset_store
from shared.store.assets import Assets

# bar length and days: charts of a week, a month and a season, and enough of each for its detectors
BARS = ((5 * MINUTE, 5), (HOUR, 32), (DAY, 130))
NEWS_DAYS = 12  # a week of baseline and five days to detect in
TOLD_EVERY = 30 * MINUTE  # how often the feeds were read
Progress = Callable[[int, int, str], None]


async def live_through(env: Env, world: DemoWorld, progress: Progress | None = None) -> None:
    """Fill the database of `env` with the world's past; nothing of it is known before its time."""
    clock, known = MarketClock(), await asset_store.load(env.db)
    tell = progress or (lambda done, total, what: None)
    past = replace(env, now=clock)
    await store_news(past, world, known, lambda share: tell(round(share * 100), 100, "news"))
    recorded = await bars_of(past, world, known)
    await play(past, recorded, clock, progress=lambda share: tell(round(share * 100), 100, "market"))


async def bars_of(env: Env, world: DemoWorld, known: Assets) -> Recorded:
    """The world's bars as Binance would have told them: eight decimals."""
    source = await asset_store.source_id(env.db, "binance")
    parts = list[list[Any]]()
    for step, days in BARS:
        end = world.start // step * step
        start = max(end - days * DAY, world.market.start)
        bars = world.market.bars(start, end, step)
        for number, coin in enumerate(COINS):
            asset = known.resolve(coin.slug)
            if asset:
                opened = start + step * np.arange(bars.shape[2])
                fixed = [np.full(len(opened), value) for value in (step, asset.id, source)]
                prices = [eight_decimals(column) for column in bars[number, :5]]
                trades = bars[number, 5].astype(np.int64)
                parts.append([fixed[0], opened, fixed[1], fixed[2], *prices, trades])
    return in_order(parts)


def eight_decimals(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The numbers that are left when they travel as text."""
    return np.array([float(answers.number(value)) for value in values.tolist()])


async def store_news(env: Env, world: DemoWorld, known: Assets, progress: Callable[[float], None]) -> None:
    """Stories of the past, read from the feeds' own XML, each known within the half hour."""
    by_time: dict[int, list[Article]] = defaultdict(list)
    for article in read_feeds(env, world, known):
        by_time[-(-article.at // TOLD_EVERY) * TOLD_EVERY].append(article)
    headlines, tagger = Headlines(), tagger_of(env, known)
    for number, known_at in enumerate(sorted(at for at in by_time if at <= world.start), 1):
        told = sorted(by_time[known_at], key=lambda article: (article.at, article.key))
        new = [new_article(article, headlines, tagger) for article in told]
        await env.db.batch(article_store.add_statements(env.db, new, known_at))
        progress(number / len(by_time))


def read_feeds(env: Env, world: DemoWorld, known: Assets) -> list[Article]:
    """All articles of the past, by the reader of each feed."""
    told = world.press.stories(world.start - NEWS_DAYS * DAY, world.start)
    ask = Ask(world.start, world.start, env.settings, known)
    found = list[Article]()
    for source in rss.SOURCES:
        (request,) = source.requests(ask)
        place = address(request.url)
        own = [story for story in told if story.feed == world.feeds[place]]
        # a reader takes so many items of one answer and no more
        for first in range(0, len(own), rss.ITEMS_MAX):
            part = own[first : first + rss.ITEMS_MAX]
            body = answers.feed(place.partition("/")[0], part, world.start)
            records = read_all(source, body, request, ask).records
            found += [record for record in records if isinstance(record, Article)]
    return found
