"""Write docs/API_REFERENCE.md from the API itself: `python -m functions.api.docs_file`."""

from __future__ import annotations

from typing import Any, cast

from functions.api.framework import make_app
from functions.api.openapi import describe
from functions.api.reference import markdown
from shared.env import ROOT

FILE = ROOT / "docs" / "API_REFERENCE.md"


def text() -> str:
    """Return what the file should say; the description needs no bindings."""
    return markdown(describe(make_app(cast(Any, None))))


if __name__ == "__main__":
    FILE.write_text(text())
    print(f"wrote {FILE.name}")
