"""What was written, before names and types are looked at. `at` is the character a node starts at, or that of
its operator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shared.models import DAY, HOUR, MINUTE

UNITS = {"s": 1000, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


@dataclass(frozen=True, slots=True)
class Number:
    """20, 1.5e6, or 5% as 0.05."""

    value: float
    at: int


@dataclass(frozen=True, slots=True)
class Duration:
    """30m, 4h, 7d in milliseconds."""

    value: int
    at: int


@dataclass(frozen=True, slots=True)
class BarCount:
    """20 bars."""

    value: int
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    """ "price_anomaly"."""

    value: str
    at: int


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call, with the name it was given under."""

    name: str | None
    value: Node
    at: int


@dataclass(frozen=True, slots=True)
class Part:
    """One step of a reference: close, rsi(14), or "1inch" (quoted). `arguments`: None without ()."""

    name: str
    arguments: tuple[Argument, ...] | None
    quoted: bool
    at: int


@dataclass(frozen=True, slots=True)
class Reference:
    """close, rsi(14), BTC.close, macd(12, 26, 9).histogram, mean(close, 20): parts joined by dots."""

    parts: tuple[Part, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator and its operands: or, and, not, a comparison, between, crosses_above, + - * / ^, neg."""

    name: str
    operands: tuple[Node, ...]
    at: int


Node = Number | Duration | BarCount | Text | Reference | Operation


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below one."""
    if isinstance(node, Operation):
        yield from node.operands
    elif isinstance(node, Reference):
        for part in node.parts:
            for argument in part.arguments or ():
                yield argument.value


def walk(root: Node) -> Iterator[tuple[int, Node]]:
    """Every node with its depth, 1 for the root; without recursion, for nobody has checked the depth yet."""
    waiting = [(1, root)]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting += [(depth + 1, child) for child in children(node)]


def size(root: Node) -> tuple[int, int, Node]:
    """How many nodes a tree has, how deep it is, and a deepest node."""
    found = list(walk(root))
    depth, deepest = max(found, key=lambda one: one[0])
    return len(found), depth, deepest
