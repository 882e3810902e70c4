"""What is being checked, and the reading of arguments that must be literal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.signals.rules.limits import LOOKBACK_MAX, SPAN_MAX, SPAN_MIN
from shared.signals.rules.names import Names
from shared.signals.rules.problems import RuleError, nearest
from shared.signals.rules.signature import Takes
from shared.signals.rules.syntax import Argument, BarCount, Duration, Node, Number, Part, Text
from shared.signals.view import label


@dataclass(frozen=True, slots=True)
class Context:
    """The text, the bar length (ms) it is for, and the names it may use."""

    text: str
    step: int
    names: Names

    def wrong(self, at: int, message: str, suggestion: str | None = None) -> RuleError:
        return RuleError(self.text, at, message, suggestion)


def bind(
    context: Context, part: Part, takes: tuple[Takes, ...], called: str
) -> list[tuple[Takes, Argument | None]]:
    """Each parameter with the argument given for it, by place or by name; `many` may come several times."""
    given: dict[str, list[Argument]] = {one.name: [] for one in takes}
    for place, argument in enumerate(part.arguments or ()):
        last = takes[min(place, len(takes) - 1)]
        if argument.name and argument.name not in given:
            told = f"{part.name} has no parameter {argument.name}: it is {called}"
            raise context.wrong(argument.at, told, nearest(argument.name, given))
        if not argument.name and place >= len(takes) and not last.many:
            raise context.wrong(argument.at, f"{part.name} takes no more: it is {called}")
        given[argument.name or last.name].append(argument)
    bound = list[tuple[Takes, Argument | None]]()
    for one in takes:
        found = given[one.name]
        if len(found) > 1 and not one.many:
            raise context.wrong(found[1].at, f"{one.name} is given twice")
        if not found and one.required:
            raise context.wrong(part.at, f"{part.name} needs {one.name}: it is {called}")
        bound += [(one, argument) for argument in found] or [(one, None)]
    return bound


def window(context: Context, node: Node) -> tuple[int, bool]:
    """Bars, and whether they were given as a duration."""
    exact = isinstance(node, Duration)
    if isinstance(node, Duration):
        bars, rest = divmod(node.value, context.step)
        if rest or not bars:
            told = f"{label(node.value)} is no whole number of bars of {label(context.step)}"
            raise context.wrong(node.at, told)
    elif isinstance(node, BarCount):
        bars = node.value
    elif isinstance(node, Number) and node.value == int(node.value):
        bars = int(node.value)
    else:
        raise context.wrong(node.at, "a number of bars such as 20, or a duration such as 24h, is needed here")
    if not 1 <= bars <= LOOKBACK_MAX:
        raise context.wrong(node.at, f"a window has 1 to {LOOKBACK_MAX} bars, this one has {bars}")
    return bars, exact


def literal(context: Context, takes: Takes, argument: Argument | None) -> Any:
    """The value of a span (ms), a share or a text; the default where none is given."""
    if argument is None:
        return takes.default
    node = argument.value
    if takes.expects == "span":
        if not isinstance(node, Duration):
            raise context.wrong(node.at, f"{takes.name}: a duration such as 6h is needed here")
        if not SPAN_MIN <= node.value <= SPAN_MAX:
            raise context.wrong(node.at, f"{takes.name}: {label(SPAN_MIN)} to {label(SPAN_MAX)}")
        return node.value
    if takes.expects == "share":
        if not isinstance(node, Number) or not 0 <= node.value <= 1:
            raise context.wrong(node.at, f"{takes.name}: a number from 0 to 1 is needed here")
        return node.value
    if not isinstance(node, Text):
        raise context.wrong(node.at, f'{takes.name}: a quoted text such as "price_anomaly" is needed here')
    return node.value
