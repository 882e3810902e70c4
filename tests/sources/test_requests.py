"""What is asked of providers: how many calls, how far back, with which key and at what cost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from recordings_support import NOW, ask

from shared.models import HOUR, MINUTE
from shared.sources import SOURCES, binance_klines, binance_ticker, coingecko_markets, rss
from shared.sources.binance_klines import stretch


def test_one_call_serves_all_assets() -> None:
    (request,) = coingecko_markets.requests(ask())
    ids = dict(request.params)["ids"].split(",")
    assert len(ids) == 130
    assert dict(request.params)["per_page"] == "250"
    assert request.headers == ()


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("https://api.coingecko.com", "x-cg-demo-api-key"),
        ("https://pro-api.coingecko.com", "x-cg-pro-api-key"),
    ],
)
def test_the_key_goes_into_the_header_of_its_plan(url: str, header: str) -> None:
    asked = ask()
    settings = replace(asked.settings, coingecko_url=url, coingecko_api_key="k3y")
    (request,) = coingecko_markets.requests(replace(asked, settings=settings))
    assert request.headers == ((header, "k3y"),)
    assert "k3y" not in request.full_url()


@pytest.mark.parametrize(
    ("minutes", "limit"), [(0, 10), (1, 11), (60, 70), (989, 999), (990, 1000), (10_000, 1000)]
)
def test_as_many_bars_are_asked_as_minutes_passed(minutes: int, limit: int) -> None:
    assert stretch(NOW - minutes * MINUTE, NOW) == (NOW - (minutes + 10) * MINUTE, limit)


def test_the_first_fetch_takes_a_hundred_bars() -> None:
    assert stretch(None, NOW) == (None, 100)


def test_a_clock_set_back_asks_for_the_overlap_alone() -> None:
    assert stretch(NOW + HOUR, NOW)[1] == 10


def test_candles_are_asked_for_tracked_symbols_only() -> None:
    asked = replace(ask(), progress={("BTCUSDT", "klines"): NOW - MINUTE})
    requests = {dict(r.params)["symbol"]: dict(r.params) for r in binance_klines.requests(asked)}
    assert len(requests) == 20
    assert requests["BTCUSDT"]["startTime"] == str(NOW - 11 * MINUTE)
    assert requests["BTCUSDT"]["limit"] == "11"
    assert "startTime" not in requests["ETHUSDT"]


def test_a_minute_of_binance_stays_within_its_budget() -> None:
    cost = sum(r.cost for s in SOURCES if s.name.startswith("binance") for r in s.requests(ask()))
    (ticker,) = binance_ticker.requests(ask())
    assert cost <= (ticker.budget_per_minute or 0) / 4


def test_there_are_at_least_26_feeds_over_https() -> None:
    feeds = rss.feeds()
    assert len(feeds) >= 26
    assert len({feed["url"] for feed in feeds}) == len(feeds)
    assert all(feed["url"].startswith("https://") and feed["tier"] in ("1", "2") for feed in feeds)
    wanted = {"coindesk", "cointelegraph", "cryptoslate", "decrypt", "bitcoin_magazine"}
    assert wanted <= {feed["name"] for feed in feeds}
