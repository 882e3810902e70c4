"""The numbers from which anybody can see that a rule was true on a bar.

    series                     every series the rule reads, as it was on the bar
    operands                   both sides of each comparison, by their text; of a crossing one bar before, too
    windows over conditions    on how many of their bars the condition held, and on how many it did not

Only bars that fired are looked at: of the symbols that have any, the rows these need are worked out again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from shared.signals.bars import Floats, Ints
from shared.signals.rules.evaluate import go_on, value
from shared.signals.rules.functions import function_of
from shared.signals.rules.limits import EVIDENCE_CHARS, EVIDENCE_MAX
from shared.signals.rules.logic import FALSE, TRUE
from shared.signals.rules.spelling import spelled
from shared.signals.rules.tree import Apply, Constant, Leaf, Program, Tree

STEPS = {"rising": ">", "falling": "<"}  # how each bar compares with the one before it
WINDOWS = ("for", "any", *STEPS)


class Shown(NamedTuple):
    """One number: a tree's value so many bars `back`, or on how many of the last `bars` it was `verdict`."""

    text: str
    tree: Tree
    back: int = 0
    bars: int = 0
    verdict: int = TRUE


def evidence(
    program: Program, columns: Mapping[Leaf, Floats], open_time: Ints, rows: Sequence[int], column: int
) -> list[dict[str, float | None]]:
    """For each of some rows, in time order, of one column of `columns` and `open_time` (T, S): numbers by the
    text of what they are, None where one is not known."""
    if not rows:
        return []
    first = max(0, rows[0] - program.lookback)
    part = slice(first, rows[-1] + 1)
    own, times = {leaf: values[part, column] for leaf, values in columns.items()}, open_time[part, column]
    told, known = chosen(program), dict[Apply, Any]()
    with np.errstate(all="ignore"):
        values = [
            own[one.tree]  # a signal as 1 or 0, not as a verdict
            if isinstance(one.tree, Leaf) and not one.bars
            else value(one.tree, program.step, own, times, go_on, known)
            for one in told
        ]
    pairs = list(zip(told, values, strict=True))
    return [{one.text: number(one, found, row - first) for one, found in pairs} for row in rows]


def number(one: Shown, values: Any, row: int) -> float | None:
    """What is shown, of a tree's numbers or verdicts on each row."""
    if one.bars:
        return float((values[max(row + 1 - one.bars, 0) : row + 1] == one.verdict).sum())
    found = float(values[row - one.back]) if row >= one.back else np.nan
    return found if isfinite(found) else None


def chosen(program: Program) -> list[Shown]:
    """What is shown of a rule: its series first, then as much as EVIDENCE_MAX and EVIDENCE_CHARS allow."""
    found, left = dict[str, Shown](), EVIDENCE_CHARS
    for one in (*(Shown(leaf.text, leaf) for leaf in program.leaves), *operands(program.root, program.step)):
        if one.text in found or len(found) >= EVIDENCE_MAX or len(one.text) > left:
            continue
        found[one.text] = one
        left -= len(one.text)
    return list(found.values())


def operands(tree: Tree, step: int) -> Iterator[Shown]:
    """The numbers that decide a condition, in the order of the text."""
    if not isinstance(tree, Apply):
        return  # a signal: one of the series
    if tree.name in WINDOWS:
        inner, text = condition_of(tree), spelled(tree, step)
        yield Shown(f"{text} [bars true]", inner, 0, tree.bars, TRUE)
        yield Shown(f"{text} [bars false]", inner, 0, tree.bars, FALSE)
        yield from operands(inner, step)
    elif tree.name in ("and", "or", "not"):
        for one in tree.operands:
            yield from operands(one, step)
    else:
        sides = [(spelled(one, step), one) for one in tree.operands if not isinstance(one, Constant)]
        yield from (Shown(text, one) for text, one in sides)
        if function_of(tree.name).back(0):
            yield from (Shown(f"{text} [1 bar before]", one, 1) for text, one in sides)


def condition_of(tree: Apply) -> Tree:
    """What a window asks of each of its bars."""
    (inner,) = tree.operands
    if tree.name in STEPS:
        return Apply(STEPS[tree.name], (inner, Apply("ago", (inner,), 1)))
    return inner
