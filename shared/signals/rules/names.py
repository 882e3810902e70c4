"""The names a rule may use: prices, indicators, features, types of signals, and symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from shared.market.indicators.registry import INDICATORS, Indicator
from shared.signals.rules.features import Reach
from shared.signals.rules.functions import CALLS

PRICES = {
    "open": "First price of the bar",
    "high": "Highest price of the bar",
    "low": "Lowest price of the bar",
    "close": "Last price of the bar",
    "volume": "Units of the coin traded in the bar",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What is known besides prices, functions and indicators. `features`: the rows each needs; `resolve`
    gives the slug of an asset by any of its names, `near` names that look like an unknown one."""

    features: Mapping[str, Reach]
    signals: frozenset[str]
    resolve: Callable[[str], str | None]
    near: Callable[[str], Sequence[str]]

    def all(self) -> chain[str]:
        """Every name that can stand where a value is expected."""
        return chain(PRICES, CALLS, INDICATORS, self.features)


def output_of(indicator: Indicator, name: str) -> int | None:
    """Place of an output by its short name: `histogram` of macd, "" for the value that bears its name."""
    short = shorts(indicator)
    if name in short:
        return short.index(name)
    return 0 if name == "" and len(short) == 1 else None


def shorts(indicator: Indicator) -> list[str]:
    """The outputs as they are written behind the dot, "" for the one without: "", signal, histogram."""
    own, prefix = indicator.name, indicator.name + "_"
    return ["" if output == own else output.removeprefix(prefix) for output in indicator.outputs]
