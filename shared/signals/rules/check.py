"""From text to a program: names, types and bounds are settled here, so that running it cannot fail."""

from __future__ import annotations

from typing import NamedTuple

from shared.signals.rules.context import Context, bind, window
from shared.signals.rules.functions import CALLS, function_of
from shared.signals.rules.leaves import Found, leaf_of
from shared.signals.rules.limits import COST_MAX, LEAVES_MAX, LOOKBACK_MAX, OTHERS_MAX, SETTLE_MAX
from shared.signals.rules.names import Names
from shared.signals.rules.operators import OPERATORS
from shared.signals.rules.parsing import parse
from shared.signals.rules.signature import Function
from shared.signals.rules.syntax import BarCount, Duration, Node, Number, Operation, Part, Reference, Text
from shared.signals.rules.tree import Apply, Constant, Kind, Leaf, Program, Tree, nodes_of

NEEDED = {
    "number": "a number is needed here, this is a condition",
    "condition": "a condition is needed here, this is a number: compare it, as in rsi(14) > 30",
}


class Checked(NamedTuple):
    """A subtree, what it gives, and the rows before the judged one that it needs."""

    tree: Tree
    kind: Kind
    lookback: int


def check(text: str, step: int, names: Names) -> Program:
    """Parse and check an expression for bars of `step` ms; RuleError says what is wrong and where."""
    context, found = Context(text, step, names), dict[Leaf, Found]()
    root = checked(context, parse(text), "condition", found)
    if not found:
        raise context.wrong(0, "the rule reads nothing that moves: name a price, an indicator, a signal")
    assets = {leaf.asset for leaf in found if leaf.asset}
    if len(assets) > OTHERS_MAX:
        raise context.wrong(0, f"the rule reads {len(assets)} other symbols, at most {OTHERS_MAX}")
    if len(found) > LEAVES_MAX:
        raise context.wrong(0, f"the rule reads {len(found)} different series, at most {LEAVES_MAX}")
    cost = sum(one.work for one in found.values()) + sum(work(node) for node in nodes_of(root.tree))
    if cost > COST_MAX:
        told = f"the rule costs {cost:,} operations a bar, at most {COST_MAX:,}: shorten its windows"
        raise context.wrong(0, told)
    settle = min(max((one.settle for one in found.values()), default=0), SETTLE_MAX)
    nodes = sum(1 for _ in nodes_of(root.tree))
    return Program(text, step, root.tree, tuple(found), root.lookback, settle, nodes, cost)


def work(node: Tree) -> int:
    if not isinstance(node, Apply):
        return 0
    return function_of(node.name).work * max(node.bars, 1)


def checked(context: Context, node: Node, kind: Kind, found: dict[Leaf, Found]) -> Checked:
    """Check a node that must give `kind`; what it reads is added to `found`."""
    one = any_kind(context, node, found)
    if one.kind != kind:
        raise context.wrong(start(node), NEEDED[kind])
    if one.lookback > LOOKBACK_MAX:
        told = f"this looks {one.lookback:,} bars back, at most {LOOKBACK_MAX:,}"
        raise context.wrong(start(node), told)
    return one


def start(node: Node) -> int:
    """Where a node begins, left of its operator."""
    while isinstance(node, Operation) and node.name not in ("not", "negative"):
        node = node.operands[0]
    return node.at


def any_kind(context: Context, node: Node, found: dict[Leaf, Found]) -> Checked:
    match node:
        case Number():
            return Checked(Constant(node.value), "number", 0)
        case Operation():
            function = OPERATORS[node.name]
            kinds = [function.takes[min(i, len(function.takes) - 1)] for i in range(len(node.operands))]
            pairs = zip(node.operands, kinds, strict=True)
            operands = [checked(context, one, kind_of(takes.expects), found) for one, takes in pairs]
            return applied(function, operands)
        case Reference(parts=(Part() as part,)) if calls(part):
            return called(context, part, found)
        case Reference():
            one = leaf_of(context, node)
            found[one.leaf] = one
            return Checked(one.leaf, "condition" if one.leaf.source == "signal" else "number", one.lookback)
        case Duration() | BarCount():
            raise context.wrong(
                node.at, "a duration can only be the length of a window, as in mean(close, 24h)"
            )
        case Text():
            raise context.wrong(node.at, 'a text alone means nothing: write "1inch".close or signal("…")')


def kind_of(expects: str) -> Kind:
    return "condition" if expects == "condition" else "number"


def calls(part: Part) -> bool:
    """Whether this is a function over other values, not a series of its own."""
    name = part.name.lower()
    return not part.quoted and name in CALLS and CALLS[name].apply is not None


def called(context: Context, part: Part, found: dict[Leaf, Found]) -> Checked:
    function = CALLS[part.name.lower()]
    if part.arguments is None:
        raise context.wrong(part.at, f"{part.name} is a function: {function.written}")
    operands, bars, exact = list[Checked](), 0, False
    for takes, argument in bind(context, part, function.takes, function.written):
        assert argument is not None  # none of these has a default
        if takes.expects == "window":
            bars, exact = window(context, argument.value)
        else:
            operands.append(checked(context, argument.value, kind_of(takes.expects), found))
    return applied(function, operands, bars, exact)


def applied(function: Function, operands: list[Checked], bars: int = 0, exact: bool = False) -> Checked:
    lookback = function.back(bars) + max(one.lookback for one in operands)
    tree = Apply(function.name, tuple(one.tree for one in operands), bars, exact and function.moment)
    return Checked(tree, function.gives, lookback)
