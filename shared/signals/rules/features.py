"""Features as rules read them: those that follow from bars are computed from the bars at hand, as far back as
candles reach; the others are read as they were stored at each close."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from shared.market.features.calendar import calendar
from shared.market.features.dictionary import BY_NAME, FEATURES
from shared.market.features.feature import GIVEN, Feature
from shared.market.features.kernels import MAKERS
from shared.market.features.values import OPERATIONS
from shared.market.indicators.engine import Ohlcv
from shared.market.indicators.kernel import Maker
from shared.signals.bars import Floats, Ints
from shared.signals.columns import indicators

PRICES = ("open", "high", "low", "close", "volume")
INDICES = {"spx", "dxy"}  # known beside the bars, and stored with them

# Output columns of a kernel over the bars at hand, by name.
Compute = Callable[[Maker], Mapping[str, Floats]]


class Reach(NamedTuple):
    """Rows before the first value, and those in front after which its start no longer matters."""

    lookback: int
    settle: int


@cache
def makers() -> dict[str, Maker]:
    """The kernel that gives each column a feature may be made of."""
    found = dict[str, Maker]()
    for maker in (*MAKERS, *indicators()):
        for name in maker(1).names:
            found.setdefault(name, maker)
    return found


def parts_of(feature: Feature) -> tuple[str, ...] | None:
    """Columns it follows from, of bars and kernels; None where it rests on more than bars."""
    parts = (feature.name,) if feature.how == GIVEN else feature.inputs
    if INDICES & set(feature.inputs):
        return None
    return parts if all(part in PRICES or part in makers() for part in parts) else None


def is_stored(name: str) -> bool:
    """Whether a feature must be read, for bars alone do not tell it."""
    feature = BY_NAME[name]
    return feature.group != "calendar" and parts_of(feature) is None


@cache
def reaches() -> dict[str, Reach]:
    """Every feature by name, with the rows it needs."""
    return {feature.name: reach_of(feature) for feature in FEATURES}


def reach_of(feature: Feature) -> Reach:
    if is_stored(feature.name) or feature.group == "calendar":
        return Reach(0, 0)
    kernels = [makers()[part](1) for part in parts_of(feature) or () if part not in PRICES]
    settle = max((kernel.settle or 0 for kernel in kernels), default=0)
    return Reach(max([feature.warmup, *(kernel.depth - 1 for kernel in kernels)]), settle)


def computed(name: str, ohlcv: Ohlcv, closes: Ints, compute: Compute) -> Floats:
    """A feature of bars (T, S) that closed at `closes` (T, S); NaN where it has no answer."""
    feature = BY_NAME[name]
    if feature.group == "calendar":
        return calendar(closes.ravel())[name].reshape(closes.shape)
    parts = [part_of(part, ohlcv, compute) for part in parts_of(feature) or ()]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = parts[0] if feature.how == GIVEN else OPERATIONS[feature.how](*parts)
        values: Floats = np.where(np.isfinite(found), found, np.nan)
    return values


def part_of(name: str, ohlcv: Ohlcv, compute: Compute) -> Floats:
    if name in makers():
        return compute(makers()[name])[name]
    price: Floats = getattr(ohlcv, name)
    return price
