"""Functions by name: one entry each, from which the checker, the evaluation, the answer of the API and the
table of the documentation are made."""

from __future__ import annotations

import numpy as np

from shared.signals.rules import series
from shared.signals.rules.operators import CROSSES, OPERATORS
from shared.signals.rules.signature import Function, Takes, named, numbers

X = numbers("x")
X_N = (*X, Takes("n", "window"))
C_N = (Takes("condition", "condition"), Takes("n", "window"))
MANY = (Takes("x", "number"), Takes("y", "number", many=True))
WITHIN = Takes("within", "span")


def before(bars: int) -> int:
    return bars


def inside(bars: int) -> int:
    return bars - 1


ARITHMETIC = (
    Function("abs", X, "number", "Size without its sign", "abs(change(close, 1h)) > 3%", np.abs),
    Function("min", MANY, "number", "The smallest", "min(open, close) > ema(50)", series.smallest),
    Function("max", MANY, "number", "The largest", "max(open, close) < ema(50)", series.largest),
    Function(
        "log",
        X,
        "number",
        "Natural logarithm; unknown for zero and less",
        "log(close / open) > 0.02",
        series.logarithm,
    ),
    Function("sqrt", X, "number", "Square root; unknown below zero", "sqrt(volume) > 100", series.root),
)
WINDOWS = (
    Function(
        "ago",
        X_N,
        "number",
        "x, n before",
        "close > ago(close, 24h) and close < ago(close, 7d)",
        series.ago,
        before,
        moment=True,
    ),
    Function(
        "change",
        X_N,
        "number",
        "x / ago(x, n) - 1; unknown where x was not positive then",
        "change(close, 24h) > 5%",
        series.change,
        before,
        2,
        moment=True,
    ),
    Function(
        "highest",
        X_N,
        "number",
        "Highest of the last n bars, this one included",
        "close >= highest(high, 20)",
        series.highest,
        inside,
    ),
    Function(
        "lowest",
        X_N,
        "number",
        "Lowest of the last n bars",
        "close <= lowest(low, 7d)",
        series.lowest,
        inside,
    ),
    Function("sum", X_N, "number", "Sum of the last n bars", "sum(volume, 24h) > 1e9", series.total, inside),
    Function(
        "mean", X_N, "number", "Mean of the last n bars", "close > mean(close, 50)", series.mean, inside
    ),
    Function(
        "stdev",
        X_N,
        "number",
        "Standard deviation of the last n bars, of the population",
        "abs(close - mean(close, 20)) > 3 * stdev(close, 20)",
        series.deviation,
        inside,
        4,
    ),
    Function(
        "rising",
        X_N,
        "condition",
        "Each of the last n bars is above the one before it",
        "rising(close, 5)",
        series.rising,
        before,
    ),
    Function(
        "falling",
        X_N,
        "condition",
        "Each of the last n bars is below the one before it",
        "falling(volume, 3 bars)",
        series.falling,
        before,
    ),
    Function(
        "for",
        C_N,
        "condition",
        "Held on each of the last n bars",
        "for(close > ema(200), 12 bars)",
        series.always,
        inside,
    ),
    Function(
        "any",
        C_N,
        "condition",
        "Held on at least one of the last n bars",
        "any(rsi(14) < 30, 24h) and close > open",
        series.ever,
        inside,
    ),
    Function(
        "count",
        C_N,
        "number",
        "On how many of the last n bars it held",
        "count(close > open, 10) >= 8",
        series.count,
        inside,
        2,
    ),
)
DATA = (
    Function(
        "sentiment",
        (WITHIN,),
        "number",
        "Mean sentiment, -1 to 1, of the asset's stories in the span before the close; unknown without any",
        "sentiment(6h) < -0.3",
        None,
    ),
    Function(
        "mentions",
        (WITHIN,),
        "number",
        "How many stories named the asset in the span before the close",
        "mentions(24h) > 20",
        None,
    ),
    Function(
        "signal",
        (
            Takes("type", "text"),
            Takes("within", "span", None),
            Takes("min_confidence", "share", 0.0),
            Takes("direction", "text", ""),
        ),
        "condition",
        "A signal of this type was raised for the asset in the span (default: one bar) before the close; "
        "with min_confidence only those whose calibrated confidence is known and at least that",
        'signal("volume_spike", within=4h) and close > open',
        None,
    ),
)
CALLS = named((*ARITHMETIC, *WINDOWS, *CROSSES, *DATA))


def function_of(name: str) -> Function:
    """The function or operator that a node of a checked rule applies."""
    return OPERATORS.get(name) or CALLS[name]
