"""What charts are made of (IND-04): one small file a provider, found by being in this folder.

A provider is pure. It declares what it needs; who asks it loads that and gets JSON back. To add one, write
`<name>.py` here with `PROVIDER = Provider(...)`: the API serves it under that name, with its metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import Invalid, NotFound
from shared.market.codec import Columns
from shared.market.indicators.reach import bars_before
from shared.market.indicators.registry import Ohlcv, compute_indicator
from shared.models import DAY, HOUR, MINUTE, OrderBook

Floats = NDArray[np.float64]
Value = int | float | str
Settings = Mapping[str, Any]
Json = dict[str, Any]

REFRESH_S, REFRESH_BOOK_S, REFRESH_PROFILE_S = 15, 10, 30  # REF-05
MOST_BARS = 1000
CHUNKS = 16  # parts of the time that move side by side where an indicator looks at its window alone


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a caller may set. A number lies within `low` and `high`; None as default: found from the data."""

    name: str
    doc: str
    default: Value | None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        if isinstance(self.default, int):
            return "integer"
        return "number" if isinstance(self.default, float) else "string"

    def describe(self) -> Json:
        found: Json = {"type": self.kind, "default": self.default, "description": self.doc}
        if self.low is not None:
            found |= {"minimum": self.low, "maximum": self.high}
        return found | ({"enum": list(self.choices)} if self.choices else {})

    def read(self, text: str | None) -> Value | None:
        """Turn what a query says into a value; raises Invalid naming the parameter."""
        if text is None or self.kind == "string":
            return self.default if text is None else self.word(text)
        try:
            value = int(text) if self.kind == "integer" else float(text)
        except ValueError:
            value = float("nan")
        if not (self.low is None or self.high is None or self.low <= value <= self.high):
            whole = "whole " if self.kind == "integer" else ""
            what = f"is not a {whole}number from {self.low:g} to {self.high:g}"
            raise Invalid(f"{self.name}: {text!r} {what}", field=self.name)
        return value

    def word(self, text: str) -> str:
        if self.choices and text not in self.choices:
            what = f"is not one of {', '.join(self.choices)}"
            code = "INVALID_TIMEFRAME" if self.name == "interval" else None
            raise Invalid(f"{self.name}: {text!r} {what}", code=code, field=self.name)
        return text


LIMIT = Parameter("limit", "The newest so many bars", 200, 1, MOST_BARS)
STEPS = {"1m": MINUTE, "5m": 5 * MINUTE, "1h": HOUR, "1d": DAY}
INTERVAL = Parameter("interval", "Length of a bar", "1h", choices=tuple(STEPS))


@dataclass(frozen=True, slots=True)
class Bars:
    """One asset's candles, oldest first: `open_time` in ms, prices and volumes as arrays (n,)."""

    open_time: list[int]
    ohlcv: Ohlcv

    def __len__(self) -> int:
        return len(self.open_time)

    def last(self, rows: int) -> Bars:
        """The newest so many."""
        parts = [None if part is None else part[-rows:] for part in self.ohlcv]
        return Bars(self.open_time[-rows:], Ohlcv._make(parts))


def of_columns(bars: Columns) -> Bars:
    """Bars of the store as arrays."""
    lists = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    arrays = [np.array(values, dtype=np.float64) for values in lists]
    return Bars(bars.open_time, Ohlcv(*arrays)._replace(open_time=np.array(bars.open_time, dtype=np.float64)))


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was loaded for a provider: the asset's bars with the bars before the first shown one, those of
    other assets by symbol, and the newest order book of each source."""

    symbol: str
    bars: Bars | None = None
    others: Mapping[str, Bars] = field(default_factory=dict)
    books: Sequence[OrderBook] = ()

    @property
    def candles(self) -> Bars:
        if self.bars is None:
            raise ValueError("the provider did not ask for candles")
        return self.bars


@dataclass(frozen=True, slots=True)
class Provider:
    """`read(inputs, settings)` answers with `outputs`; `lead(settings)` are the bars it needs before the
    first one shown, `others` the parameters that name further assets whose bars it needs."""

    title: str
    chart: str
    outputs: Mapping[str, str]
    read: Callable[[Inputs, Settings], Json]
    parameters: tuple[Parameter, ...] = (LIMIT, INTERVAL)
    needs: str = "candles"
    lead: Callable[[Settings], int] = lambda settings: 0
    others: tuple[str, ...] = ()
    refresh_s: int = REFRESH_S

    def settings(self, given: Mapping[str, str]) -> dict[str, Any]:
        """All parameters, those given checked; raises Invalid for one that is unknown or wrong."""
        known = [one.name for one in self.parameters]
        for name in given:
            if name not in known:
                raise Invalid(f"{name}: no such parameter; there are {', '.join(known)}", field=name)
        return {one.name: one.read(given.get(one.name)) for one in self.parameters}

    def describe(self, name: str) -> Json:
        """What a client must know to draw it."""
        return {
            "name": name,
            "title": self.title,
            "description": " ".join((self.read.__doc__ or "").split()),
            "chart": self.chart,
            "parameters": {one.name: one.describe() for one in self.parameters},
            "outputs": dict(self.outputs),
            "refresh_seconds": self.refresh_s,
        }


def lead_of(indicator: str, *names: str) -> Callable[[Settings], int]:
    """`lead` of a provider that shows an indicator whose parameters have these names too."""
    return lambda settings: bars_before(
        indicator, STEPS[settings["interval"]], **{name: settings[name] for name in names}
    )


@cache
def providers() -> dict[str, Provider]:
    """All of this folder by file name."""
    found = {}
    for module in sorted(item.name for item in iter_modules(__path__)):
        found[module] = import_module(f"{__name__}.{module}").PROVIDER
    return found


def provider(name: str) -> Provider:
    """One by name; raises NotFound with those there are."""
    found = providers().get(name)
    if found is None:
        known = [*providers()]
        raise NotFound(f"there is no provider {name[:64]!r}: there are {', '.join(known)}", providers=known)
    return found


def indicated(bars: Bars, indicator: str, **parameters: int | float) -> list[Floats]:
    """The outputs of an indicator in the order of its definition."""
    return list(compute_indicator(indicator, bars.ohlcv, chunks=CHUNKS, **parameters).values())


def newest(bars: Bars, settings: Settings) -> slice:
    """The rows to show: the last `limit`."""
    return slice(max(0, len(bars) - settings["limit"]), None)


def nullable(values: Floats) -> list[float | None]:
    """A column for JSON: None where there is no value."""
    return [None if value != value else value for value in values.tolist()]


def listed(**columns: Sequence[Any]) -> Json:
    """Rows as lists; `columns` names their places."""
    return {"columns": [*columns], "data": [list(row) for row in zip(*columns.values(), strict=True)]}


def table(bars: Bars, shown: slice, **columns: Floats) -> Json:
    """The shown bars as `listed` rows, open_time first."""
    values = {name: nullable(column[shown]) for name, column in columns.items()}
    return listed(open_time=bars.open_time[shown], **values)
