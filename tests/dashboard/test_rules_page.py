"""Rules: who may have them, the place of a fault, the dry run, saving, switching, deleting, firings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import page_data
import pytest
import rules_data
from fake_api import FakeApi, problem
from support import fits, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]
API = "/api/v1/rules"
DRY_RUN = f"POST {API}/dry-run"
EXPRESSION = "Fires on the bar where this turns true"
FIRST = rules_data.RULES[0]["id"]


def test_who_may_not_write_rules_is_told_what_is_needed(open_page: Open, api: FakeApi) -> None:
    api.answers["/api/v1/auth/session"] = (200, page_data.session(user=None, scopes=[]))
    page = open_page("/rules")
    page.get_by_text("Log in to have rules of your own").wait_for()
    page.get_by_role("link", name="How to get a login link").wait_for()
    api.answers["/api/v1/auth/session"] = (200, page_data.session(scopes=["read:signals"]))
    page.reload()
    page.get_by_text("Your account may not write rules").wait_for()
    assert page.get_by_role("textbox").count() == 0


def test_a_fault_is_shown_at_its_character(open_page: Open, api: FakeApi) -> None:
    page = open_page("/rules")
    field = page.get_by_label(EXPRESSION)
    field.fill("close > 1 and rsj(14) < 30")
    api.answers[DRY_RUN] = rules_data.wrong_at(
        14, "close > 1 and rsj(14) < 30", "no name is called 'rsj'", "rsi"
    )
    page.get_by_role("button", name="Dry run").click()
    wait_for(page.get_by_test_id("caret"), f"close > 1 and rsj(14) < 30\n{' ' * 14}^")
    page.get_by_role("alert").get_by_text(
        "Line 1, column 15: no name is called 'rsj'; did you mean rsi?"
    ).wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    assert field.evaluate("(area) => [document.activeElement === area, area.selectionStart]") == [True, 14]
    field.press_sequentially("x")
    assert page.get_by_test_id("caret").count() == 0, "a fault that may be gone is not shown"


def test_the_dry_run_tells_what_would_have_been(open_page: Open, api: FakeApi) -> None:
    page = open_page("/rules")
    page.get_by_role("button", name="deep and fast fall").click()
    assert page.get_by_label(EXPRESSION).input_value() == rules_data.EXAMPLES[1][0]
    page.get_by_label("Assets").fill("btc, SOL")
    page.get_by_role("group", name="Expected way").get_by_role("button", name="up").click()
    page.get_by_label("Try on").select_option("1y")
    api.answers[DRY_RUN] = (200, {"data": rules_data.dry_run()})
    page.get_by_role("button", name="Dry run").click()
    wait_for(page.get_by_test_id("would"), "Would have fired 61 times")
    assert api.posted[-1][2] == {
        "expression": rules_data.EXAMPLES[1][0],
        "symbols": ["btc", "SOL"],
        "timeframe": "1h",
        "direction": "up",
        "cooldown_seconds": 3600,
        "period": "1y",
    }
    after = page.get_by_role("group", name="What followed the firings")
    day = after.get_by_role("row", name=re.compile("^24h")).inner_text()
    assert all(text in day for text in ("60", "+0.42%", "−0.10% to +0.94%", "46%", "41%", "−4.0% to +14.0%"))
    week = after.get_by_role("row", name=re.compile("^7d")).inner_text()
    assert "insufficient data: 12 of 50 outcomes" in week
    assert "%" not in week
    page.get_by_text("When it would have fired").click()
    assert page.get_by_role("list", name="Firings").get_by_role("listitem").count() == 61


def test_a_dry_run_can_be_stopped_and_other_faults_are_told(open_page: Open, api: FakeApi) -> None:
    page = open_page("/rules")
    page.get_by_label(EXPRESSION).fill("close > 1")
    page.route("**/rules/dry-run", lambda route: None)  # never answered
    page.get_by_role("button", name="Dry run").click()
    page.get_by_role("button", name="Stop trying").click()
    page.get_by_role("button", name="Dry run").wait_for()
    assert page.get_by_role("alert").count() == 0
    page.unroute("**/rules/dry-run")
    api.answers[DRY_RUN] = problem(400, "period: 900,000 bars to judge, at most 200,000")
    page.get_by_role("button", name="Dry run").click()
    page.get_by_role("alert").get_by_text("900,000 bars").wait_for()


def test_saving_again_changes_the_same_rule(open_page: Open, api: FakeApi) -> None:
    stored = rules_data.rule(7, name="Mine", expression="close > 1")
    api.answers[f"POST {API}"] = (201, {"data": {**stored, "dry_run": rules_data.dry_run(fires=1)}})
    api.answers[f"PATCH {API}/{stored['id']}"] = (200, {"data": stored})
    page = open_page("/rules")
    page.get_by_label("Name", exact=True).fill("Mine")
    page.get_by_label(EXPRESSION).fill("close > 1")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved: it is judged from the next bar on.").wait_for()
    wait_for(page.get_by_test_id("would"), "Would have fired 1 time")
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("Changed.").wait_for()
    assert [(method, path) for method, path, _ in api.posted] == [
        ("POST", API),
        ("PATCH", f"{API}/{stored['id']}"),
    ]
    assert api.posted[0][2]["name"] == "Mine"
    page.get_by_role("button", name="Write a new one").click()
    assert page.get_by_label(EXPRESSION).input_value() == ""


def test_a_stored_rule_is_edited_switched_and_deleted(open_page: Open, api: FakeApi) -> None:
    page = open_page("/rules")
    row = page.locator(f"[data-rule='{FIRST}']")
    row.get_by_text("last fired 3 h ago").wait_for()
    page.get_by_text("Gone <b>wrong</b>").first.wait_for()
    page.get_by_text("Could not be judged: no name is called 'rsj'").wait_for()
    row.get_by_role("button", name="Edit").click()
    wait_for(page.get_by_label(EXPRESSION), rules_data.RULES[0]["expression"])
    assert page.get_by_label("Assets").input_value() == "BTC, ETH"
    row.get_by_role("switch", name="Dip in a rising trend is watched").click()
    row.get_by_role("button", name="Delete").click()
    assert page.evaluate("document.activeElement.textContent") == "Keep"
    page.keyboard.press("Enter")
    row.get_by_role("button", name="Delete").click()
    api.answers[API] = (200, {"data": [rules_data.RULES[1]], "next_cursor": None})
    row.get_by_role("button", name="Delete", exact=True).click()
    row.wait_for(state="detached")
    assert api.posted == [("PATCH", f"{API}/{FIRST}", {"enabled": False}), ("DELETE", f"{API}/{FIRST}", None)]
    assert page.get_by_label(EXPRESSION).input_value() == "", "the form let go of what is gone"


def test_firings_with_the_numbers_that_made_them(open_page: Open) -> None:
    page = open_page("/rules")
    page.locator(f"[data-rule='{FIRST}']").get_by_role("button", name="Firings").click()
    drawer = page.get_by_role("dialog", name="Firings of Dip in a rising trend")
    drawer.get_by_text("21 Nov 2025, 09:00:00 UTC").wait_for()
    assert drawer.get_by_text("29.31").is_visible()


def test_without_rules_and_with_a_failure(open_page: Open, api: FakeApi) -> None:
    api.answers[API] = problem(503, "the database is away")
    page = open_page("/rules")
    page.get_by_role("alert").get_by_text("the database is away").wait_for()
    api.answers[API] = (200, {"data": [], "next_cursor": None})
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("No rules yet").wait_for()


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "dark"), (390, "light"), (1280, "dark"), (1280, "light")]
)
def test_it_fits_and_can_be_read(open_page: Open, api: FakeApi, width: int, scheme: str) -> None:
    api.answers[DRY_RUN] = (200, {"data": rules_data.dry_run()})
    page = open_page("/rules", width=width, color_scheme=scheme)
    page.get_by_label(EXPRESSION).fill("close > 1")
    page.get_by_role("button", name="Dry run").click()
    page.get_by_test_id("would").wait_for()
    page.locator("[data-rule]").first.wait_for()
    fits(page, width)
