"""The track record: verdicts with their intervals, filters in the address, what an opened row tells."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import track_data
from fake_api import FakeApi, problem
from support import fits, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]
PATH = "/api/v1/signals/performance"


def rows_of(page: Page) -> Locator:
    return page.get_by_role("region", name="What signals were worth").get_by_role("row")


def test_it_shows_each_type_at_its_own_horizon(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("link", name="Track record").click()
    page.get_by_role("heading", level=1, name="Track record").wait_for()
    rows = rows_of(page)
    rows.nth(1).wait_for()
    names = [row.get_by_role("rowheader").inner_text() for row in rows.all()[1:]]
    assert names == [
        "Price anomaly 1h bars, 24h later",
        "Volume spike 5m bars, 4h later",
        "MACD cross 1d bars, 7d later",
        "Sentiment shift 24h later",
        "Volatility regime 1h bars, 24h later",
    ]
    edge = rows.nth(1).inner_text()
    assert all(text in edge for text in ("214", "57%", "40%", "+17.0%", "+9.0% to +25.0%", "+1.70%", "edge"))
    assert "no edge shown" in rows.nth(2).inner_text()
    assert "−2.1%" in rows.nth(2).inner_text()


def test_below_fifty_outcomes_only_their_number_is_told(open_page: Open) -> None:
    page = open_page("/track-record")
    few = rows_of(page).nth(3)
    few.get_by_text("insufficient data: 12 of 50 outcomes").wait_for()
    assert "%" not in few.inner_text()
    few.get_by_role("button").click()
    page.get_by_text("12 of its outcomes are resolved.").wait_for()
    assert "no direction" in rows_of(page).last.inner_text()


def test_filters_stay_in_the_address(open_page: Open) -> None:
    page = open_page("/track-record")
    rows = rows_of(page)
    page.get_by_label("After").select_option("all")
    page.get_by_label("Type").select_option("price_anomaly")
    wait_for(rows.locator("th[scope=row]"), [re.compile("24h later"), re.compile("1h later")])
    assert urlsplit(page.url).query == "horizon=all&type=price_anomaly"
    page.reload()
    wait_for(rows.locator("th[scope=row]"), [re.compile("24h later"), re.compile("1h later")])
    page.get_by_label("Asset").select_option("SOL")
    wait_for(rows.locator("th[scope=row]"), re.compile("24h later"))
    page.goto(page.url.split("?")[0] + "?type=new_pair")
    page.get_by_text("No outcomes yet").wait_for()


def test_an_opened_row_tells_how_true_its_probabilities_are(open_page: Open) -> None:
    page = open_page("/track-record")
    button = rows_of(page).nth(1).get_by_role("button")
    button.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    page.get_by_role("img", name=re.compile("Reliability diagram of 73 outcomes in 3 bins")).wait_for()
    opened = rows_of(page).nth(2)
    for text in ("0.221", "+3.1%", "4.1%", "1.2% to 8.7%", "21 Nov 2025, 11:00:00 UTC"):
        assert text in opened.inner_text()
    page.get_by_text("The diagram as a table").click()
    table = page.get_by_role("group", name="Reliability by predicted probability")
    assert table.get_by_role("row").nth(1).inner_text().split() == [
        "30%",
        "to",
        "40%",
        "35.0%",
        "32.0%",
        "23",
    ]


def test_its_parts_are_asked_for_one_way_at_a_time(open_page: Open) -> None:
    page = open_page("/track-record")
    rows_of(page).nth(1).get_by_role("button").click()
    parts = page.get_by_role("group", name="Parts by Market")
    wait_for(parts.get_by_role("rowheader"), ["Bear", "Bull"])
    page.get_by_role("button", name="Asset").click()
    wait_for(page.get_by_role("group", name="Parts by Asset").get_by_role("rowheader"), "BTC")
    page.get_by_role("button", name="Hour (UTC)").click()
    page.get_by_text("No part of it has 50 outcomes yet.").wait_for()


def test_words_and_the_head_of_the_log(open_page: Open) -> None:
    page = open_page("/track-record")
    wait_for(page.get_by_test_id("log-head"), track_data.HEAD)
    page.get_by_text("Verify with cryptointel verify").wait_for()
    page.get_by_text("A normal result: zero lies in an interval").wait_for()


def test_without_outcomes_and_with_a_failure(open_page: Open, api: FakeApi) -> None:
    api.answers[PATH] = problem(500, "the database is away")
    page = open_page("/track-record")
    page.get_by_role("alert").get_by_text("the database is away").wait_for()
    api.answers[PATH] = (200, {"data": [], "least_outcomes": 50, "generated_at": 0})
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("No outcomes yet").wait_for()


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "dark"), (390, "light"), (1280, "dark"), (1280, "light")]
)
def test_it_fits_and_can_be_read(open_page: Open, width: int, scheme: str) -> None:
    page = open_page("/track-record", width=width, color_scheme=scheme)
    rows_of(page).nth(1).get_by_role("button").click()
    page.get_by_role("img", name=re.compile("Reliability")).wait_for()
    page.get_by_role("group", name="Parts by Market").wait_for()
    fits(page, width)
