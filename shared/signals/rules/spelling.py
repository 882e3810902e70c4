"""Any part of a rule as text: read again, it is the same part.

Short forms are written out: what stood as `mean(close, 24h)` over bars of an hour is `mean(close, 24)`, `5%`
is `0.05`. Where a time was asked for, not so many bars, it stays one: `ago(close, 1d)`.
"""

from __future__ import annotations

from shared.signals.rules.tree import Apply, Constant, Leaf, Tree
from shared.signals.view import label

# How tightly each operator binds, as in the grammar; what binds less than its place asks for gets brackets.
BINDS = {"or": 0, "and": 1, "not": 2, "between": 3, "+": 4, "-": 4, "*": 5, "/": 5, "negative": 6, "^": 7}
COMPARED, SIGNED, ATOM = 3, BINDS["negative"], 8
INFIX = {
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), COMPARED),
    **{f"crosses_{side}": COMPARED for side in ("above", "below")},
    **{sign: BINDS[sign] for sign in ("+", "-", "*", "/", "^")},
}


def spelled(tree: Tree, step: int, least: int = 0) -> str:
    """The text of a part of a rule for bars of `step` ms; in brackets where it binds less than `least`."""
    text, binds = bare(tree, step)
    return text if binds >= least else f"({text})"


def bare(tree: Tree, step: int) -> tuple[str, int]:
    """The text without brackets around it, and how tightly it binds."""
    if isinstance(tree, Constant):
        return number(tree.value), SIGNED if tree.value < 0 else ATOM
    if isinstance(tree, Leaf):
        return tree.text, ATOM
    name, operands = tree.name, tree.operands
    if name in INFIX:
        return infix(tree, step), INFIX[name]
    if name in ("and", "or"):
        return f" {name} ".join(spelled(one, step, BINDS[name] + 1) for one in operands), BINDS[name]
    if name in ("not", "negative"):
        sign = "not " if name == "not" else "-"
        return sign + spelled(operands[0], step, BINDS[name]), BINDS[name]
    if name == "between":
        value, low, high = (spelled(one, step, COMPARED + 1) for one in operands)
        return f"{value} between {low} and {high}", COMPARED
    inside = [spelled(one, step) for one in operands]
    if tree.bars:
        inside.append(label(tree.bars * step) if tree.exact else str(tree.bars))
    return f"{name}({', '.join(inside)})", ATOM


def infix(tree: Apply, step: int) -> str:
    """Left to right, but for the power; a comparison stands between two sums."""
    binds = INFIX[tree.name]
    left, right = (ATOM, SIGNED) if tree.name == "^" else (binds, binds + 1)
    if binds == COMPARED:
        left = right
    a, b = tree.operands
    return f"{spelled(a, step, left)} {tree.name.replace('_', ' ')} {spelled(b, step, right)}"


def number(value: float) -> str:
    """As short as it can be and still the same number: 20, 0.05, 1e+18."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)
