"""The built page, and a real Chromium to open it in."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from fake_api import FakeApi, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Open = Callable[..., "Page"]
# The console names every HTTP error that a test provokes; what else it says is a fault of the page.
EXPECTED = re.compile(r"Failed to load resource|ERR_INCOMPLETE_CHUNKED_ENCODING")

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "dashboard"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def sources() -> Iterator[Path]:
    yield from (
        PAGE / name for name in ("index.html", "package-lock.json", "vite.config.ts", "tsconfig.json")
    )
    yield from (file for folder in ("src", "build") for file in (PAGE / folder).rglob("*") if file.is_file())


def is_built() -> bool:
    index = PAGE / "dist" / "index.html"
    return index.is_file() and all(file.stat().st_mtime <= index.stat().st_mtime for file in sources())


def is_installed() -> bool:
    installed = PAGE / "node_modules" / ".package-lock.json"
    lock = PAGE / "package-lock.json"
    return installed.is_file() and lock.stat().st_mtime <= installed.stat().st_mtime


def run(*command: str) -> None:
    npm = shutil.which(command[0])
    assert npm, f"{command[0]} is missing: install Node 20.19 or newer"
    done = subprocess.run([npm, *command[1:]], cwd=PAGE, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def dist() -> Path:
    """The page as built from the sources as they are; builds it where it is not. One process at a time."""
    with (PAGE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_built():
            if not is_installed():
                run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            run("npm", "run", "build")
    return PAGE / "dist"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One a module: while Playwright's own event loop is open, no asynchronous test can run."""
    from playwright.sync_api import sync_playwright

    assert Path(CHROMIUM).is_file(), f"no Chromium at {CHROMIUM}: install it, or name one in CHROMIUM"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def api(dist: Path) -> Iterator[FakeApi]:
    with serving(dist) as fake:
        yield fake


@pytest.fixture
def open_page(api: FakeApi, browser: Browser) -> Iterator[Open]:
    """Open a path; when the test ends, check that the page broke no rule on the way."""
    contexts, faults = [], list[str]()

    def open_page(path: str = "/", width: int = 1280, height: int = 900, **options: Any) -> Page:
        # A reader far away: neither language nor time zone may change what is shown.
        known = {"locale": "de-DE", "timezone_id": "America/New_York", **options}
        context = browser.new_context(viewport={"width": width, "height": height}, **known)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: faults.extend(fault_of(message.type, message.text)))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: faults.extend(foreign(api, request.url)))
        page.goto(api.url + path)
        return page

    yield open_page
    for context in contexts:
        assert all(page.evaluate("window.hacked") is None for page in context.pages)
        context.close()
    assert faults == []


def fault_of(kind: str, text: str) -> list[str]:
    return [text] if kind in ("error", "warning") and not EXPECTED.search(text) else []


def foreign(api: FakeApi, url: str) -> list[str]:
    return [] if urlsplit(url).scheme == "data" or url.startswith(api.url) else [url]
