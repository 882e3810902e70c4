"""What several tests of the page do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Text = str | re.Pattern[str]


def wait_for(locator: Locator, text: Text | list[Text]) -> None:
    from playwright.sync_api import expect

    expect(locator).to_have_text(text, timeout=30_000)


def low_contrast(page: Page) -> list[str]:
    """Texts whose contrast with what is behind them is below 4.5:1 (WCAG AA)."""
    script = (Path(__file__).parent / "contrast.js").read_text()
    found: list[str] = page.evaluate(script)
    return found


def fits(page: Page, width: int) -> None:
    """Nothing is wider than the window, and every text can be read."""
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert low_contrast(page) == []
