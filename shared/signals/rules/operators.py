"""Operators, in the order in which they bind, the loosest first."""

from __future__ import annotations

import numpy as np

from shared.signals.rules import logic, series
from shared.signals.rules.signature import Function, Takes, named, numbers

CONDITIONS = (Takes("a", "condition"), Takes("b", "condition", many=True))
A_B = numbers("a", "b")
COMPARE = {
    "<": (np.less, "Less than"),
    "<=": (np.less_equal, "Less than or equal"),
    ">": (np.greater, "Greater than"),
    ">=": (np.greater_equal, "Greater than or equal"),
    "==": (np.equal, "Exactly equal"),
    "!=": (np.not_equal, "Not equal"),
}
CROSSES = tuple(
    Function(
        f"crosses_{side}",
        A_B,
        "condition",
        f"a is {side} b now and was not one bar before; also as crosses_{side}(a, b)",
        f"ema(12) crosses {side} ema(26)",
        series.crosses(beyond),
        lambda bars: 1,
    )
    for side, beyond in (("above", np.greater), ("below", np.less))
)
OPERATORS = named(
    (
        Function(
            "or",
            CONDITIONS,
            "condition",
            "One of them holds",
            "rsi(14) < 25 or change(close, 24h) < -10%",
            logic.either,
        ),
        Function("and", CONDITIONS, "condition", "All hold", "rsi(14) < 30 and close > ema(200)", logic.both),
        Function(
            "not",
            (Takes("a", "condition"),),
            "condition",
            "It does not hold; unknown stays unknown",
            "not close > ema(200) and rsi(14) > 50",
            logic.opposite,
        ),
        *(
            Function(sign, A_B, "condition", doc, f"close {sign} open", series.compared(compare))
            for sign, (compare, doc) in COMPARE.items()
        ),
        Function(
            "between",
            numbers("a", "low", "high"),
            "condition",
            "low <= a and a <= high",
            "rsi(14) between 40 and 60",
            series.between,
        ),
        *CROSSES,
        Function("+", A_B, "number", "Sum", "close > ema(20) + 2 * atr(14)", np.add),
        Function("-", A_B, "number", "Difference", "high - low > 3 * atr(14)", np.subtract),
        Function("*", A_B, "number", "Product", "volume > 3 * mean(volume, 20)", np.multiply),
        Function(
            "/",
            A_B,
            "number",
            "Quotient; unknown where b is zero",
            "(high - low) / close > 5%",
            series.divide,
        ),
        Function(
            "negative", numbers("a"), "number", "The other sign", "change(close, 4h) < -5%", np.negative
        ),
        Function("^", A_B, "number", "Power; binds to the right", "(close / open) ^ 2 > 1.1", series.power),
    )
)
