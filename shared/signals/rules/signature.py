"""What can be called: parameters, result, meaning, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from shared.signals.rules.tree import Kind

# window: bars, or a duration of whole bars; span: a duration; share: a number from 0 to 1
Expects = Literal["number", "condition", "window", "span", "share", "text"]
REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Takes:
    """A parameter. `default` None: as the text says; the last may be `many`: one or more of its kind."""

    name: str
    expects: Expects
    default: float | str | None = REQUIRED
    many: bool = False

    @property
    def required(self) -> bool:
        return self.default == REQUIRED


@dataclass(frozen=True, slots=True)
class Function:
    """A function or operator. `apply` works on whole columns; None: it reads series of its own.

    `back`: how many rows before its own a window of n makes it read. `work`: passes over each row of its
    window. `moment`: it looks at one row, n before, which must lie exactly there where n was a duration.
    """

    name: str
    takes: tuple[Takes, ...]
    gives: Kind
    doc: str
    example: str
    apply: Callable[..., Any] | None
    back: Callable[[int], int] = lambda bars: 0
    work: int = 1
    moment: bool = False

    @property
    def written(self) -> str:
        """mean(x, n)"""
        inside = ", ".join(one.name + ", ..." * one.many for one in self.takes)
        return f"{self.name}({inside})"


def numbers(*names: str) -> tuple[Takes, ...]:
    return tuple(Takes(name, "number") for name in names)


def named(functions: tuple[Function, ...]) -> dict[str, Function]:
    return {one.name: one for one in functions}
