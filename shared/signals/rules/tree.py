"""A checked expression: every name known, every type right, every duration counted in bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "condition"]
Source = Literal["price", "indicator", "feature", "sentiment", "mentions", "signal"]
Setting = tuple[str, float | str]


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that was written down."""

    value: float


@dataclass(frozen=True, slots=True)
class Leaf:
    """One series the rule reads, of its own symbol or of `asset` (a slug): close, rsi(14), sentiment(6h).

    `settings` in the order of their definition; spans of time among them in ms. `text` is how it is shown.
    """

    source: Source
    name: str
    asset: str | None
    settings: tuple[Setting, ...]
    output: str
    text: str

    def setting(self, name: str) -> float | str:
        return dict(self.settings)[name]


@dataclass(frozen=True, slots=True)
class Apply:
    """A function or operator over operands. `bars` is the length of its window, 0 without one; `exact`: the
    row so many before must lie exactly that long before, for a time was asked for."""

    name: str
    operands: tuple[Tree, ...]
    bars: int = 0
    exact: bool = False


Tree = Constant | Leaf | Apply


@dataclass(frozen=True, slots=True)
class Program:
    """A rule ready to run on bars of `step` ms. `lookback`: rows before the one that is judged; `settle`:
    rows in front of those, so that it does not matter where the history began; `cost`: operations a bar."""

    expression: str
    step: int
    root: Tree
    leaves: tuple[Leaf, ...]
    lookback: int
    settle: int
    nodes: int
    cost: int

    @property
    def assets(self) -> tuple[str, ...]:
        """Slugs of the other assets it reads."""
        return tuple(dict.fromkeys(leaf.asset for leaf in self.leaves if leaf.asset))

    @property
    def history(self) -> int:
        """Rows to read before the first one that is judged."""
        return self.lookback + self.settle


def nodes_of(root: Tree) -> Iterator[Tree]:
    """Every node, one that occurs twice twice."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Apply):
            waiting += node.operands
