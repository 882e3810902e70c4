"""The built page, and a real Chromium to open it in."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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
    yield from (PAGE / name for name in ("index.html", "package-lock.json", "vite.config.ts", "tsconfig.json"))
    yield from (file for folder in ("src", "build") for file in (PAGE / folder).rglob("*") if file.is_file())


def is_built() -> bool:
    index = PAGE / "dist" / "index.html"
    return index.is_file() and all(file.stat().st_mtime <= index.stat().st_mtime for file in sources())


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
            if not (PAGE / "node_modules" / ".package-lock.json").is_file():
                run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            run("npm", "run", "build")
    return PAGE / "dist"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    assert Path(CHROMIUM).is_file(), f"no Chromium at {CHROMIUM}: install it, or name one in CHROMIUM"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()
