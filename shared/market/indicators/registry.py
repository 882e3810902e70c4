"""All indicators by name. A new one is a small file that exports INDICATORS, and its line in MODULES."""

from __future__ import annotations

from shared.errors import Invalid
from shared.market.indicators import (
    bands,
    channels,
    hurst,
    money_flow,
    moving,
    oscillators,
    ranges,
    stochrsi,
    strength,
    trend,
    volatility,
    vwap,
)
from shared.market.indicators.definition import Indicator, Parameter
from shared.market.indicators.engine import Ohlcv, compute
from shared.market.indicators.kernel import Floats

MODULES = (
    moving,
    strength,
    ranges,
    bands,
    oscillators,
    stochrsi,
    money_flow,
    vwap,
    channels,
    trend,
    volatility,
    hurst,
)

INDICATORS: dict[str, Indicator] = {one.name: one for module in MODULES for one in module.INDICATORS}

__all__ = ["INDICATORS", "Indicator", "Ohlcv", "Parameter", "compute_indicator", "settings"]


def compute_indicator(
    name: str, ohlcv: Ohlcv, *, chunks: int = 1, **parameters: int | float
) -> dict[str, Floats]:
    """An indicator over whole series, column name -> values; raises Invalid naming what is wrong."""
    indicator = INDICATORS.get(name)
    if indicator is None:
        raise Invalid(f"no such indicator: {name}", field="indicator")
    return compute(indicator.make(**settings(indicator, parameters)), ohlcv, chunks=chunks)


def settings(indicator: Indicator, parameters: dict[str, int | float]) -> dict[str, int | float]:
    """All parameters of an indicator, the given ones checked and the others by default."""
    unknown = sorted(parameters.keys() - {one.name for one in indicator.parameters})
    if unknown:
        raise Invalid(f"{indicator.name} has no parameter {unknown[0]}", field=unknown[0])
    return {one.name: checked(one, parameters.get(one.name, one.default)) for one in indicator.parameters}


def checked(parameter: Parameter, value: int | float) -> int | float:
    whole = isinstance(parameter.default, int)
    if isinstance(value, bool) or not isinstance(value, int | float) or (whole and value % 1):
        raise Invalid(f"{parameter.name} must be a {'whole ' * whole}number", field=parameter.name)
    if not parameter.low <= value <= parameter.high:
        raise Invalid(f"{parameter.name} must be {parameter.low} to {parameter.high}", field=parameter.name)
    return int(value) if whole else float(value)
