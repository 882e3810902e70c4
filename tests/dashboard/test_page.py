"""The built page in a real Chromium, against an API that answers what each test wants."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import page_data
import pytest
from fake_api import FakeApi, problem
from support import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]
# Whether some canvas of the chart holds more than a few colours.
PAINTED = """() => [...document.querySelectorAll('canvas')].some((canvas) => {
  const { width, height } = canvas;
  if (!width || !height) return false;
  const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, width, height).data.buffer);
  return new Set(pixels).size > 20;
})"""


def gone(locator: Locator) -> None:
    locator.wait_for(state="detached")


def price_of(page: Page, symbol: str) -> Locator:
    row = page.locator("tbody tr", has=page.get_by_role("button", name=re.compile(f", {symbol}$")))
    return row.locator("[data-cell=price]")


def test_the_market_fills(open_page: Open) -> None:
    page = open_page()
    wait_for(price_of(page, "BTC"), "$86,412.37")
    wait_for(price_of(page, "SHIB"), "$0.000008113")
    assert page.locator("table").first.locator("tbody tr").count() == len(page_data.ASSETS)
    page.get_by_text("Demo: generated market data, not real").wait_for()
    overview = page.get_by_role("region", name="Overview")
    overview.get_by_text("$2.65T").wait_for()
    overview.get_by_text("Bear", exact=True).wait_for()
    overview.get_by_text("high volatility, fear").wait_for()
    assert page.get_by_role("row", name=re.compile("Zcash")).get_by_text("+11.70%").is_visible()
    # Ages follow the server's clock, wherever the reader's stands.
    assert page.get_by_role("row", name=re.compile("Show Bitcoin")).get_by_text("12 s ago").is_visible()
    for name in ("Market", "Bitcoin (BTC)", "Signals", "News", "Sources"):
        page.get_by_role("region", name=name, exact=True).wait_for()


def test_sorting_and_filtering(open_page: Open) -> None:
    page = open_page()
    rows = page.get_by_role("region", name="Market", exact=True).locator("tbody tr")
    page.get_by_role("button", name="24 h").click()
    wait_for(rows.first.locator("th"), re.compile("ZEC"))
    heading = page.get_by_role("columnheader", name="24 h")
    assert heading.get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="24 h").click()
    wait_for(rows.first.locator("th"), re.compile("UNI"))
    wait_for(rows.last.locator("th"), re.compile("NEW"))
    page.get_by_role("searchbox").fill("sol")
    wait_for(rows.locator("th"), re.compile("Solana"))
    page.get_by_role("searchbox").fill("nothing like it")
    page.get_by_text("Nothing matches “nothing like it”").wait_for()


def test_a_live_price_changes_its_cell(open_page: Open, api: FakeApi) -> None:
    page = open_page()
    wait_for(price_of(page, "BTC"), "$86,412.37")
    page.get_by_text("Live", exact=True).wait_for()
    known = page_data.market()["data"][0]
    api.push("prices", [{**known, "price": 90_000.5, "known_at": page_data.NOW + 1}])
    wait_for(price_of(page, "BTC"), "$90,000.50")
    wait_for(page.get_by_test_id("chart-price"), "$90,000.50")
    api.push("prices", [{**known, "price": 1.0, "known_at": page_data.NOW - 3_600_000}])
    api.push("prices", [{**page_data.market()["data"][1], "price": 2.0, "known_at": page_data.NOW + 2}])
    wait_for(price_of(page, "ETH"), "$2.0000")
    assert price_of(page, "BTC").text_content() == "$90,000.50", "an older price came later"


def test_live_signals_and_news_join_their_lists(open_page: Open, api: FakeApi) -> None:
    page = open_page()
    page.get_by_text("Live", exact=True).wait_for()
    first = page.locator("[data-signal]").first
    wait_for(first, re.compile("BTC Price anomaly"))
    evidence = page_data.sentiment_evidence()
    raised = page_data.signal(0, "sentiment_shift", "ADA", evidence, raw_score=3.3)
    api.push("signals", {**raised, "id": "02", "at": page_data.NOW + 5})
    wait_for(first, re.compile("ADA Sentiment shift"))
    api.push(
        "news",
        {**page_data.article(0, "Just in", "https://news.example/new"), "id": "n", "at": page_data.NOW + 9},
    )
    wait_for(page.get_by_role("region", name="News").locator("li").first, re.compile("Just in"))


def test_a_broken_stream_is_polled_around_and_resumed(open_page: Open, api: FakeApi) -> None:
    page = open_page()
    page.get_by_text("Live", exact=True).wait_for()
    api.push("prices", [])
    page.wait_for_timeout(100)
    known = page_data.market()
    known["data"][0]["price"] = 77_777.0
    api.answers["/api/v1/market-data"] = (200, known)
    api.answers["/api/v1/stream"] = problem(503, "no stream")
    api.drop_streams()
    wait_for(price_of(page, "BTC"), "$77,777.00")
    page.get_by_text("Polling", exact=True).wait_for()
    del api.answers["/api/v1/stream"]
    page.get_by_text("Live", exact=True).wait_for()


def test_the_browser_resumes_after_the_last_event(open_page: Open, api: FakeApi) -> None:
    page = open_page()
    page.get_by_text("Live", exact=True).wait_for()
    api.push("prices", [{**page_data.market()["data"][0], "price": 77_777.0}])
    wait_for(price_of(page, "BTC"), "$77,777.00")
    api.drop_streams()
    for _ in range(200):
        if api.resumed:
            break
        page.wait_for_timeout(50)
    assert api.resumed == ["1"]
    page.get_by_text("Live", exact=True).wait_for()


def test_selecting_a_row_draws_its_chart(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("img", name=re.compile("Candles of Bitcoin, 1h: 715 bars")).wait_for()
    page.get_by_role("button", name="Show Shiba Inu, SHIB").press("Enter")
    chart = page.get_by_role("img", name=re.compile("Candles of Shiba Inu"))
    chart.wait_for()
    assert urlsplit(page.url).query == "asset=SHIB"
    page.wait_for_function(PAINTED)
    page.get_by_text("5 bars missing").wait_for()
    page.get_by_role("button", name="1d").click()
    page.get_by_role("img", name=re.compile("Candles of Shiba Inu, 1d: 360 bars")).wait_for()
    page.reload()
    chart.wait_for()
    assert page.get_by_role("row", name=re.compile("Show Shiba Inu")).get_attribute("aria-current") == "true"


def test_the_evidence_reproduces_the_number(open_page: Open) -> None:
    page = open_page()
    scores = [row["confidence"]["raw_score"] for row in page_data.signals()["data"]]
    for place, kind in enumerate(("Price anomaly", "Volume spike", "Sentiment shift")):
        page.locator("[data-signal]").nth(place).get_by_role("button").press("Enter")
        drawer = page.get_by_role("dialog")
        drawer.get_by_role("heading", name=kind).wait_for()
        said = f"Computed again here from the stored inputs: {scores[place]:.2f}, the same as stored."
        wait_for(drawer.get_by_test_id("verdict"), said)
        page.keyboard.press("Escape")
        gone(drawer)
    page.locator("[data-signal]").nth(3).click()
    drawer.get_by_text(f"but {scores[3]:.2f} is stored").wait_for()
    drawer.get_by_role("button", name="Close").click()
    page.locator("[data-signal]").nth(4).click()
    drawer.get_by_text("This page does not know how this type is computed").wait_for()
    drawer.get_by_text("is <b>not</b> known yet").wait_for()


def test_confidence_is_measured_or_said_to_be_missing(open_page: Open) -> None:
    page = open_page()
    rows = page.locator("[data-signal]")
    rows.first.get_by_text("insufficient data").wait_for()
    assert rows.nth(1).get_by_text("63% within 24h").is_visible()
    assert rows.nth(5).get_by_text("insufficient data").is_visible()
    outcomes = rows.nth(5).get_by_role("list", name="Outcomes")
    assert outcomes.get_by_text("no data").count() == 2


def test_hostile_feeds_are_text(open_page: Open, api: FakeApi) -> None:
    page = open_page()
    region = page.get_by_role("region", name="News")
    region.get_by_text('<img src=x onerror="window.hacked=1">').wait_for()
    assert region.locator("img, script").count() == 0
    links = region.locator("a").all()
    assert len(links) == 22, "all but the two with an address that is not of the web"
    for link in links:
        assert (link.get_attribute("href") or "").startswith("https://news.example/")
        assert link.get_attribute("rel") == "noopener noreferrer"
    page.get_by_role("region", name="Sources").get_by_text("<b>bad gateway</b>").last.wait_for()
    assert page.get_by_text("A harmless title over a script address").is_visible()


def test_sources_of_a_price_and_of_the_server(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Sources agree: 2 of 3 used").first.focus()
    tip = page.get_by_role("tooltip")
    tip.get_by_text("kraken").wait_for()
    page.get_by_text("Price by coingecko, binance; left out: kraken").wait_for()
    sources = page.get_by_role("region", name="Sources")
    stale = sources.get_by_role("row", name=re.compile("defillama"))
    assert stale.get_by_text("stale").is_visible()
    assert stale.get_by_text("HTTP 502").last.is_visible()
    assert sources.get_by_role("row", name=re.compile("fred")).get_by_text("never run").is_visible()
