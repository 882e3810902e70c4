"""A program over columns: the same functions whether one bar is judged or years of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from shared.signals.bars import Floats, Ints
from shared.signals.rules.functions import function_of
from shared.signals.rules.logic import Verdicts, of_numbers
from shared.signals.rules.tree import Apply, Constant, Leaf, Program, Tree


def go_on() -> None:
    """Nobody wants to stop this."""


def evaluate(
    program: Program,
    columns: Mapping[Leaf, Floats],
    open_time: Ints,
    proceed: Callable[[], None] = go_on,
) -> Verdicts:
    """FALSE, UNKNOWN or TRUE on each row. `columns` and `open_time` are (T,) or (T, S), time downwards, each
    column a symbol; rows in front of a shorter series are NaN. `proceed` is asked before each step and may
    raise."""
    with np.errstate(all="ignore"):
        found: Verdicts = value(program.root, program.step, columns, open_time, proceed)
    return found


def value(
    tree: Tree,
    step: int,
    columns: Mapping[Leaf, Floats],
    open_time: Ints,
    proceed: Callable[[], None],
    known: dict[Apply, Any] | None = None,
) -> Any:
    """A part of a program on each row, as numbers or Verdicts; `known` keeps the parts of it for who asks for
    several."""
    if isinstance(tree, Constant):
        return np.full(open_time.shape, tree.value)
    if isinstance(tree, Leaf):
        column = columns[tree]
        return of_numbers(column) if tree.source == "signal" else column
    if known is not None and tree in known:
        return known[tree]
    proceed()
    function = function_of(tree.name)
    assert function.apply is not None
    operands = [value(one, step, columns, open_time, proceed, known) for one in tree.operands]
    found = function.apply(*operands, tree.bars) if tree.bars else function.apply(*operands)
    if tree.exact:
        found = exactly(found, tree, step, open_time)
    if known is not None:
        known[tree] = found
    return found


def exactly(found: Floats, tree: Apply, step: int, open_time: Ints) -> Floats:
    """A day ago is not known where bars are missing since then, for the row so many before is older."""
    kept = np.full(found.shape, np.nan)
    elapsed = open_time[tree.bars :] - open_time[: max(len(open_time) - tree.bars, 0)]
    late = np.abs(elapsed - tree.bars * step) < step  # a bar may open late
    kept[tree.bars :] = np.where(late, found[tree.bars :], np.nan)
    return kept
