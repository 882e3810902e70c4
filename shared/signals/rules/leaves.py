"""The series a rule reads: which one a reference means, and how many rows it needs before its first value."""

from __future__ import annotations

from typing import NamedTuple

from shared.errors import Invalid
from shared.market.indicators.registry import INDICATORS, Indicator, settings
from shared.signals.rules.context import Context, bind, literal
from shared.signals.rules.functions import CALLS
from shared.signals.rules.limits import DATA_WORK, INDICATOR_WORK
from shared.signals.rules.names import PRICES, output_of, shorts
from shared.signals.rules.problems import nearest
from shared.signals.rules.signature import Takes
from shared.signals.rules.syntax import Number, Part, Reference
from shared.signals.rules.tree import Leaf, Setting, Source
from shared.signals.view import label

DIRECTIONS = ("", "up", "down", "none")


class Found(NamedTuple):
    """A leaf, the rows it needs before its first value, those until it has settled, its work a bar."""

    leaf: Leaf
    lookback: int
    settle: int
    work: int


def leaf_of(context: Context, node: Reference) -> Found:
    """The series a reference means; RuleError at the part that means nothing."""
    asset, shown, parts = owner_of(context, node)
    first, rest = parts[0], parts[1:]
    name, prefix = first.name.lower(), f"{shown}." if asset else ""
    bare = first.arguments is None
    if name in INDICATORS:
        return indicator_leaf(context, INDICATORS[name], parts, asset, prefix)
    if rest and name in context.names.all():
        raise context.wrong(rest[0].at, f"{first.name} has no values behind a dot")
    if name in CALLS and CALLS[name].apply is None and not (bare and name in context.names.features):
        return data_leaf(context, first, asset, prefix)
    if not bare:
        if name in CALLS:  # BTC.mean(close, 20)
            raise context.wrong(first.at, f"{name} belongs to no symbol: write {name}({shown}.close, ...)")
        raise unknown(context, first)
    if name in PRICES:
        return Found(Leaf("price", name, asset, (), "", prefix + name), 0, 0, 1)
    if name in context.names.features:
        leaf = Leaf("feature", name, asset, (), "", prefix + name)
        return Found(leaf, *context.names.features[name], INDICATOR_WORK)
    raise unknown(context, first)


def owner_of(context: Context, node: Reference) -> tuple[str | None, str, tuple[Part, ...]]:
    """Slug of the asset in front (None: the rule's own), how it was written, and the parts behind it."""
    first = node.parts[0]
    alone = len(node.parts) == 1 or first.arguments is not None
    if not first.quoted and (alone or first.name.lower() in INDICATORS):
        return None, "", node.parts
    slug = context.names.resolve(first.name)
    if slug is None:
        near = context.names.near(first.name)
        raise context.wrong(first.at, f"no asset is called {first.name!r}", near[0] if near else None)
    shown = f'"{first.name}"' if first.quoted else first.name.upper()
    return slug, shown, node.parts[1:]


def unknown(context: Context, part: Part) -> Exception:
    near = nearest(part.name, context.names.all())
    if near is None and part.arguments is None and context.names.resolve(part.name):
        return context.wrong(part.at, f"{part.name} is a symbol: write {part.name}.close for its price")
    return context.wrong(part.at, f"no name is called {part.name!r}", near)


def indicator_leaf(
    context: Context, indicator: Indicator, parts: tuple[Part, ...], asset: str | None, prefix: str
) -> Found:
    """rsi, rsi(21), macd(12, 26, 9).histogram"""
    first = parts[0]
    takes = tuple(Takes(one.name, "number", float(one.default)) for one in indicator.parameters)
    given = dict[str, int | float]()
    for one, argument in bind(context, first, takes, written(indicator)):
        if argument is None:
            continue
        if not isinstance(argument.value, Number):
            raise context.wrong(argument.value.at, f"{one.name} of {indicator.name} must be a plain number")
        given[one.name] = argument.value.value
        try:
            settings(indicator, given)
        except Invalid as error:
            raise context.wrong(argument.value.at, f"{indicator.name}: {error}") from None
    chosen = settings(indicator, given)
    place, output = choose_output(context, indicator, parts)
    shown = ", ".join(f"{value:g}" for value in chosen.values())
    text = f"{prefix}{indicator.name}({shown})" + (f".{output}" if output else "")
    leaf = Leaf("indicator", indicator.name, asset, tuple(chosen.items()), indicator.outputs[place], text)
    kernel = indicator.make(**chosen)(1)
    lookback = max(kernel.depth - 1, indicator.warmup(**chosen))
    return Found(leaf, lookback, kernel.settle or 0, INDICATOR_WORK)


def choose_output(context: Context, indicator: Indicator, parts: tuple[Part, ...]) -> tuple[int, str]:
    first, rest = parts[0], parts[1:]
    if len(rest) > 1 or (rest and rest[0].arguments is not None):
        raise context.wrong(rest[-1].at, f"{indicator.name} has no such value")
    name = rest[0].name.lower() if rest else ""
    place = output_of(indicator, name)
    if place is not None:
        return place, name
    dotted = [f".{one}" for one in shorts(indicator) if one]
    if rest:
        told = f"{indicator.name} has no value {name}: there are {', '.join(dotted) or 'none behind a dot'}"
        raise context.wrong(rest[0].at, told, nearest(name, shorts(indicator)))
    raise context.wrong(first.at, f"{indicator.name} has several values: write one of {', '.join(dotted)}")


def written(indicator: Indicator) -> str:
    """macd(fast=12, slow=26, signal=9)"""
    inside = ", ".join(f"{one.name}={one.default:g}" for one in indicator.parameters)
    return f"{indicator.name}({inside})"


def data_leaf(context: Context, part: Part, asset: str | None, prefix: str) -> Found:
    """sentiment(6h), mentions(24h), signal("price_anomaly", within=4h)"""
    function = CALLS[part.name.lower()]
    bound = bind(context, part, function.takes, function.written)
    given = {one.name: literal(context, one, argument) for one, argument in bound}
    given["within"] = given["within"] or context.step
    source: Source = "signal" if function.name == "signal" else "mentions"
    if function.name == "sentiment":
        source = "sentiment"
    shown = label(int(given["within"]))
    if source == "signal":
        type = given.pop("type").replace("-", "_")
        at = {one.name: argument.value.at for one, argument in bound if argument}
        if type not in context.names.signals:
            told = f"no signal type is called {type!r}"
            raise context.wrong(at["type"], told, nearest(type, context.names.signals))
        if given["direction"] not in DIRECTIONS:
            raise context.wrong(at["direction"], "direction: up, down or none")
        shown = signal_text(type, given)
    text = f"{prefix}{function.name}({shown})"
    kept: tuple[Setting, ...] = tuple(given.items())
    name = type if source == "signal" else function.name
    return Found(Leaf(source, name, asset, kept, "", text), 0, 0, DATA_WORK)


def signal_text(type: str, given: dict[str, float | str]) -> str:
    shown = f'"{type}", within={label(int(given["within"]))}'
    if given["min_confidence"]:
        shown += f", min_confidence={given['min_confidence']:g}"
    return shown + (f', direction="{given["direction"]}"' if given["direction"] else "")
