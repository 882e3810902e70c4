"""The page of one signal: its permalink, its evidence, its chart; what is missing is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import page_data
import pytest
from fake_api import FakeApi, problem
from support import fits, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]
ROWS = page_data.signals()["data"]
PRICE, VOLUME, MOOD, WRONG, UNKNOWN = (row["id"] for row in ROWS[:5])


def test_the_drawer_leads_to_the_page(open_page: Open, api: FakeApi) -> None:
    page = open_page()
    page.locator("[data-signal]").nth(1).get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("link", name="Open page").click()
    page.get_by_role("heading", level=1, name="SOL Volume spike").wait_for()
    assert page.url == f"{api.url}/signals/{VOLUME}"
    page.reload()
    page.get_by_role("heading", level=1, name="SOL Volume spike").wait_for()
    assert page.title() == "SOL Volume spike · cryptointel"


def test_it_computes_the_number_again(open_page: Open) -> None:
    page = open_page(f"/signals/{PRICE}")
    score = ROWS[0]["confidence"]["raw_score"]
    said = f"Computed again here from the stored inputs: {score:.2f}, the same as stored."
    wait_for(page.get_by_test_id("verdict"), said)
    page.goto(page.url.replace(PRICE, WRONG))
    wait_for(page.get_by_test_id("verdict"), re.compile("but .* is stored"))


def test_chart_news_and_random_entries(open_page: Open) -> None:
    page = open_page(f"/signals/{VOLUME}")
    page.get_by_role("img", name=re.compile("Candles of .*, 1h: 140 bars")).wait_for()
    news = page.get_by_role("region", name="News")
    news.get_by_text("Explained by 3 stories from 2 feeds since 21 Nov 2025, 10:20:00 UTC.").wait_for()
    assert news.get_by_role("listitem").count() == 4
    assert news.locator("img, script").count() == 0
    outcomes = page.get_by_role("group", name="Outcomes by time")
    assert "+1.23%" in outcomes.get_by_role("row", name=re.compile("^1h")).inner_text()
    matched = page.get_by_role("group", name="Random entries by time")
    assert matched.get_by_role("row", name=re.compile("^1h")).inner_text().split() == [
        "1h",
        "20",
        "35%",
        "+0.21%",
    ]
    assert "–" in matched.get_by_role("row", name=re.compile("^4h")).inner_text()


def test_confidence_is_a_probability_with_its_grounds(open_page: Open) -> None:
    page = open_page(f"/signals/{VOLUME}")
    part = page.get_by_role("region", name="Confidence")
    part.get_by_text("95 %: 53% to 73% · usual 52% · 214 outcomes").wait_for()
    assert part.get_by_role("row").count() == 3
    page.goto(page.url.replace(VOLUME, ROWS[6]["id"]))
    part.get_by_text("insufficient data: 12 of 50 outcomes").wait_for()
    assert part.get_by_text("%").count() == 0


def test_what_is_not_there_is_said(open_page: Open) -> None:
    page = open_page(f"/signals/{MOOD}")
    page.get_by_text("No bars are stored around it").wait_for()
    page.goto(page.url.replace(MOOD, UNKNOWN))
    page.get_by_text("This page does not know how this type is computed").wait_for()
    page.get_by_text("No story in the window: unexplained.").wait_for()
    assert page.get_by_text("calls no direction").is_visible()


@pytest.mark.parametrize("id", ["01KAK4J6G0AP2X6ZMGJ5612SJC", "nothing"])
def test_an_unknown_address_says_so(open_page: Open, id: str) -> None:
    page = open_page(f"/signals/{id}")
    page.get_by_text("There is no signal at this address").wait_for()
    assert page.get_by_role("alert").count() == 0


def test_a_failure_can_be_tried_again(open_page: Open, api: FakeApi) -> None:
    path = f"/api/v1/signals/by-id/{PRICE}"
    api.answers[path] = problem(503, "the database is away")
    page = open_page(f"/signals/{PRICE}")
    page.get_by_role("alert").get_by_text("the database is away").wait_for()
    del api.answers[path]
    page.get_by_role("button", name="Try again").click()
    page.get_by_test_id("verdict").wait_for()


def test_an_event_changes_the_signal_and_keeps_the_rest(open_page: Open, api: FakeApi) -> None:
    page = open_page(f"/signals/{PRICE}")
    page.get_by_text("active", exact=True).wait_for()
    page.get_by_text("Live", exact=True).wait_for()
    api.push("signals", [{**ROWS[1], "state": "expired"}, {**ROWS[0], "state": "resolved"}])
    page.get_by_text("resolved", exact=True).wait_for()
    page.get_by_role("img", name=re.compile("Candles of")).wait_for()


def test_its_link_is_copied_or_shown(open_page: Open, api: FakeApi) -> None:
    page = open_page(f"/signals/{PRICE}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=api.url)
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Link copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{api.url}/signals/{PRICE}"
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.get_by_role("button", name="Copy link").click()
    shown = page.get_by_role("textbox", name="Link to copy")
    assert shown.input_value() == f"{api.url}/signals/{PRICE}"


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "dark"), (390, "light"), (1280, "dark"), (1280, "light")]
)
def test_it_fits_and_can_be_read(open_page: Open, width: int, scheme: str) -> None:
    page = open_page(f"/signals/{VOLUME}", width=width, color_scheme=scheme)
    page.locator("canvas").first.wait_for()
    fits(page, width)
