"""What is wrong with an expression, and where: the message, the line, a caret under the character."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from shared.errors import Invalid

SHOWN = 60  # characters of the line shown on each side of the caret


class RuleError(Invalid):
    """An expression that is not a rule. `position` counts characters from 0; `excerpt` is the line with a
    caret under the place; `suggestion` is what was probably meant, or None."""

    def __init__(self, text: str, position: int, message: str, suggestion: str | None = None) -> None:
        line_start = text.rfind("\n", 0, position) + 1
        line, column = text.count("\n", 0, position) + 1, position - line_start + 1
        told = f"{message}; did you mean {suggestion}?" if suggestion else message
        self.position, self.line, self.column = position, line, column
        self.excerpt, self.suggestion = excerpt(text, line_start, position), suggestion
        super().__init__(
            f"{told} (line {line}, column {column})",
            field="expression",
            problem=message,
            position=position,
            line=line,
            column=column,
            excerpt=self.excerpt,
            suggestion=suggestion,
        )


def excerpt(text: str, line_start: int, position: int) -> str:
    """Two lines: the source near the place, and a caret under it."""
    line_end = text.find("\n", position)
    end = min(len(text) if line_end < 0 else line_end, position + SHOWN)
    start = max(line_start, position - SHOWN)
    shown = "".join(char if char.isprintable() else " " for char in text[start:end])
    return f"{shown}\n{' ' * (position - start)}^"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one, upper and lower case alike; None if none does."""
    by_lower = {one.lower(): one for one in known}
    close = get_close_matches(name.lower()[:64], by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None
