"""The outside of the demo: one market, the providers that tell of it, the press, and their bad hours."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from shared.dev.demo import answers
from shared.dev.demo.market import Market
from shared.dev.demo.press import Press
from shared.models import DAY, HOUR, MINUTE
from shared.sources import rss

SEED = 21
PAST = 131  # days of market before the start: the detectors of daily bars need 97
SLOT = 6 * HOUR  # at most one provider is away in each
AWAY = 0.8  # of the slots
CALM = HOUR  # no slot begins with an outage, so that a demo starts whole
VICTIMS = ("coingecko", "binance", "defillama", "feeds")
FEED_ITEMS, FEED_DAYS = 30, 3
JSON, XML, HTML = "application/json", "application/rss+xml", "text/html"
GONE = b"<html><head><title>503</title></head><body>Service unavailable (an outage of the demo)</body></html>"

Answered = tuple[int, str, bytes]  # status, content type, body


class DemoWorld:
    """Answers provider URLs as of `now()`; everything follows from `seed` and `start` (ms)."""

    def __init__(self, seed: int, start: int, now: Callable[[], int]) -> None:
        self.seed, self.start, self.now = seed, start, now
        self.market = Market(seed, start - PAST * DAY)
        self.market.pass_through(PAST)
        self.feeds = {address(feed["url"]): number for number, feed in enumerate(rss.feeds())}
        self.press = Press(self.market, len(self.feeds))

    def answer(self, url: str) -> Answered:
        """What the provider behind `url` says now; 404 for what the demo does not know."""
        now, place, params = self.now(), address(url), dict(parse_qsl(urlsplit(url).query))
        path = urlsplit(url).path
        if self.provider(place, path) == self.away(now):
            return 503, HTML, GONE
        if place in self.feeds:
            return 200, XML, self.feed(place, now)
        known: dict[str, Callable[[], bytes | None]] = {
            "/api/v3/klines": lambda: answers.klines(self.market, params, now),
            "/api/v3/depth": lambda: answers.depth(self.market, params, now),
            "/api/v3/ticker/24hr": lambda: answers.tickers(self.market, now),
            "/api/v3/coins/markets": lambda: answers.markets(self.market, params, now),
            "/v2/chains": lambda: answers.chains(self.market, now),
            "/stablecoins": lambda: answers.stablecoins(self.market, now),
        }
        body = known[path]() if path in known else None
        return (404, JSON, b'{"error":"not in the demo"}') if body is None else (200, JSON, body)

    def provider(self, place: str, path: str) -> str:
        """Who is behind a URL; of the feeds every third shares a host that fails."""
        if place in self.feeds:
            return "feeds" if self.feeds[place] % 3 == 0 else "other feeds"
        if "llama.fi" in place:
            return "defillama"
        return "coingecko" if "/coins/" in path else "binance"

    def away(self, now: int) -> str | None:
        """The provider that has an outage now, for 15 to 40 minutes."""
        slot, passed = divmod(now - self.start, SLOT)
        rng = np.random.default_rng([self.seed, abs(slot), 3])
        victim, luck = VICTIMS[int(rng.integers(len(VICTIMS)))], rng.random()
        begins = CALM + rng.random() * (SLOT - CALM - 40 * MINUTE)
        lasts = rng.uniform(15, 40) * MINUTE
        return victim if slot >= 0 and luck < AWAY and begins <= passed < begins + lasts else None

    def feed(self, place: str, now: int) -> bytes:
        """The newest stories of one feed."""
        own = [one for one in self.press.stories(now - FEED_DAYS * DAY, now) if one.feed == self.feeds[place]]
        return answers.feed(place.partition("/")[0], own[: -FEED_ITEMS - 1 : -1], now)


def address(url: str) -> str:
    """Host and path."""
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}"
