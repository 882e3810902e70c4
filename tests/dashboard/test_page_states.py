"""The built page where there is nothing to show, where the server fails, at the login, and at every width."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import page_data
import pytest
from fake_api import FakeApi, problem
from support import fits, low_contrast

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]
EMPTY: dict[str, Any] = {"data": [], "next_cursor": None, "as_of": page_data.NOW}
SESSION = "/api/v1/auth/session"


def test_an_empty_server_says_what_will_come(open_page: Open, api: FakeApi) -> None:
    for path in ("market-data", "signals", "news/crypto/latest"):
        api.answers[f"/api/v1/{path}"] = (200, EMPTY)
    api.answers["/api/v1/health"] = (503, {"status": "unhealthy", "timestamp": page_data.NOW, "sources": []})
    page = open_page()
    for text in ("No prices yet", "No signals yet", "No news yet", "No source has run yet"):
        page.get_by_text(text).wait_for()
    assert page.get_by_text("could not be loaded").count() == 0
    page.get_by_text("server unhealthy").wait_for(state="attached")


@pytest.mark.parametrize("status", [200, 404])
def test_an_asset_without_candles_says_so(open_page: Open, api: FakeApi, status: int) -> None:
    history = {**page_data.history("BTC", "1h"), "data": [], "gaps": 0, "source": None}
    known = (200, history) if status == 200 else problem(404, "there are no 1h candles of BTC")
    api.answers["/api/v1/market-data/BTC/history"] = known
    open_page().get_by_text("No candles yet").wait_for()


def test_one_failure_stays_one_failure(open_page: Open, api: FakeApi) -> None:
    api.answers["/api/v1/signals"] = problem(500, "the database is away")
    page = open_page()
    signals = page.get_by_role("region", name="Signals")
    signals.get_by_role("alert").get_by_text("the database is away").wait_for()
    page.get_by_role("img", name=re.compile("Candles of Bitcoin")).wait_for()
    del api.answers["/api/v1/signals"]
    signals.get_by_role("button", name="Try again").click()
    page.locator("[data-signal]").first.wait_for()


def test_what_could_not_be_renewed_stays_and_is_marked(open_page: Open, api: FakeApi) -> None:
    page = open_page()
    page.get_by_text("Live", exact=True).wait_for()
    api.answers["/api/v1/market-data"] = problem(503, "the database is away")
    api.answers["/api/v1/stream"] = problem(503, "no stream")
    api.drop_streams()
    page.get_by_text("Not renewed: the database is away").wait_for()
    assert page.get_by_role("row", name=re.compile("Bitcoin")).is_visible()


def test_an_answer_that_is_not_json_is_an_error_not_a_crash(open_page: Open, api: FakeApi) -> None:
    api.answers[SESSION] = problem(401, "no session")
    page = open_page("/login")
    page.get_by_text("Log in with a one-time link").wait_for()
    page.route("**/api/v1/**", lambda route: route.fulfill(status=200, body="<html>a proxy speaks</html>"))
    page.goto(page.url.replace("/login", "/"))
    page.get_by_text("The server's answer could not be read.").wait_for()


def test_who_is_not_logged_in_is_told_how_to_be(open_page: Open, api: FakeApi) -> None:
    api.answers[SESSION] = problem(401, "no session")
    page = open_page()
    page.get_by_text("Log in to see this page").wait_for()
    page.get_by_role("link", name="How to get a login link").click()
    page.get_by_text("cryptointel login-link").wait_for()
    assert page.locator("table").count() == 0


def test_a_session_that_ends_leads_to_the_login(open_page: Open, api: FakeApi) -> None:
    page = open_page()
    page.get_by_text("Live", exact=True).wait_for()
    api.answers[SESSION] = problem(401, "no session")
    api.answers["/api/v1/market-data"] = problem(401, "no session")
    api.answers["/api/v1/stream"] = problem(401, "no session")
    api.drop_streams()
    page.get_by_text("Log in to see this page").wait_for()


def test_a_link_logs_in_once_and_leaves_no_trace(open_page: Open, api: FakeApi) -> None:
    page = open_page("/login#one-time_Token.1")
    page.get_by_role("button", name="Show Bitcoin, BTC").wait_for()
    assert api.posted == [("POST", SESSION, {"token": "one-time_Token.1"})]
    assert page.url == f"{api.url}/"
    page.go_back()
    assert "Token" not in page.url
    assert len(api.posted) == 1


def test_an_answer_older_than_the_login_does_not_count(open_page: Open, api: FakeApi) -> None:
    def log_in() -> tuple[int, None]:
        del api.answers[SESSION]
        return 204, None

    # asked before the login, answered after it
    api.answers[SESSION] = (200, page_data.session(user=None, demo=False))
    api.slow.add(SESSION)
    api.answers[f"POST {SESSION}"] = log_in
    page = open_page("/login#token")
    page.get_by_role("button", name="Show Bitcoin, BTC").wait_for()


def test_a_used_link_says_so(open_page: Open, api: FakeApi) -> None:
    api.answers[SESSION] = problem(401, "no session")
    api.answers[f"POST {SESSION}"] = problem(401, "unknown token")
    page = open_page("/login#used")
    page.get_by_text("It was used already, or it is too old.").wait_for()
    assert page.url == f"{api.url}/login"


def test_logging_out(open_page: Open, api: FakeApi) -> None:
    page = open_page()
    button = page.get_by_role("button", name="Log out admin")
    button.wait_for()
    api.answers[SESSION] = problem(401, "no session")
    button.click()
    page.get_by_text("Log in to see this page").wait_for()
    assert api.posted == [("DELETE", SESSION, None)]


def test_an_unknown_path_has_a_page_and_the_right_status(open_page: Open) -> None:
    page = open_page()
    answer = page.goto(page.url + "nowhere")
    assert answer is not None
    assert answer.status == 404
    page.get_by_role("link", name="Go to the market page").click()
    page.get_by_role("region", name="Market", exact=True).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_can_be_read(open_page: Open, width: int, scheme: str, tmp_path: Path) -> None:
    page = open_page(width=width, color_scheme=scheme)
    page.locator("canvas").first.wait_for()
    page.locator("[data-signal]").first.wait_for()
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    fits(page, width)
    page.locator("[data-signal]").first.get_by_role("button").click()
    drawer = page.get_by_role("dialog")
    drawer.wait_for()
    assert drawer.evaluate("(element) => element.scrollWidth <= element.clientWidth")
    assert low_contrast(page) == []
    page.screenshot(path=tmp_path / f"{scheme}-{width}.png")


def test_a_narrow_page_shows_eight_and_then_all(open_page: Open) -> None:
    page = open_page(width=390)
    rows = page.get_by_role("region", name="Market", exact=True).locator("tbody tr")
    rows.first.wait_for()
    assert sum(row.is_visible() for row in rows.all()) == 8
    page.get_by_role("button", name=f"Show all {len(page_data.ASSETS)} assets").click()
    assert sum(row.is_visible() for row in rows.all()) == len(page_data.ASSETS)


def test_the_theme_follows_the_system_until_it_is_chosen(open_page: Open) -> None:
    page = open_page(color_scheme="dark")
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "dark"
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{theme} === 'light'")
    page.get_by_role("button", name="Theme: as the system. Change to light").click()
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(theme) == "light"
    page.reload()
    assert page.evaluate(theme) == "light"


def test_the_keyboard_reaches_the_content(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Show Bitcoin, BTC").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for landmark in ("banner", "navigation", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1  # type: ignore[arg-type]


def test_reduced_motion_moves_nothing(open_page: Open) -> None:
    page = open_page(reduced_motion="reduce")
    page.get_by_text("Live", exact=True).wait_for()
    assert page.evaluate("document.getAnimations().length") == 0
