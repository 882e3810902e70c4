"""The parts of docs/RULES.md that are made from the language itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from shared.env import ROOT

PAGE = ROOT / "docs" / "RULES.md"


def page() -> str:
    """The whole page, its generated parts renewed."""
    from shared.signals.rules.language import language

    told, text = language(), PAGE.read_text()
    for name, make in PARTS.items():
        block = f"<!-- {name} -->\n{make(told)}\n<!-- /{name} -->"
        text = re.sub(f"<!-- {name} -->.*<!-- /{name} -->", lambda _, block=block: block, text, flags=re.S)  # type: ignore[misc]
    return text


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def functions(told: dict[str, Any]) -> str:
    rows = [
        (f"`{one['written']}`", one["gives"], one["doc"], f"`{one['example']}`")
        for one in (*told["operators"], *told["functions"])
    ]
    return table(("written", "gives", "meaning", "example"), rows)


def indicators(told: dict[str, Any]) -> str:
    rows = [
        (
            f"`{one['written']}`",
            ", ".join(f"`{value}`" if value else "itself" for value in one["values"]),
            one["title"],
        )
        for one in told["indicators"]
    ]
    return table(("with its usual parameters", "values", ""), rows)


def examples(told: dict[str, Any]) -> str:
    return table(("rule", ""), [(f"`{one['expression']}`", one["doc"]) for one in told["examples"]])


def limits(told: dict[str, Any]) -> str:
    names = {
        "characters": "characters of an expression",
        "parts": "parts of an expression",
        "lookback_bars": "bars a rule looks back",
        "series": "different series it reads",
        "other_symbols": "other symbols it reads",
        "cost_per_bar": "operations a bar",
        "symbols": "symbols of a rule",
        "rules": "rules of a user",
        "dry_run_bars": "bars of a dry run, of all symbols together",
    }
    return table(("at most", ""), [(f"{told['limits'][name]:,}", what) for name, what in names.items()])


PARTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "functions": functions,
    "indicators": indicators,
    "examples": examples,
    "limits": limits,
}
