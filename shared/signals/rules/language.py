"""The language described from what it is made of: for the API, the documentation and its tests."""

from __future__ import annotations

from typing import Any

from shared.market.features.dictionary import FEATURES
from shared.market.indicators.registry import INDICATORS
from shared.signals.detectors import DETECTORS
from shared.signals.rules import limits
from shared.signals.rules.functions import ARITHMETIC, DATA, WINDOWS
from shared.signals.rules.leaves import written
from shared.signals.rules.names import PRICES, shorts
from shared.signals.rules.operators import OPERATORS
from shared.signals.rules.signature import Function

# What people ask for, in words and as rules.
EXAMPLES = (
    ("rsi(14) crosses below 30", "RSI turns oversold"),
    ("ema(50) crosses above ema(200)", "golden cross"),
    ("close > highest(ago(high, 1), 20) and volume > 2 * mean(volume, 20)", "breakout with volume"),
    ("change(close, 24h) < -10% and rsi(14) < 25", "deep and fast fall"),
    ("close crosses below bollinger(20, 2).lower", "below the lower band"),
    ("macd.histogram crosses above 0 and close > sma(200)", "momentum turns up in a rising trend"),
    ("change(close, 24h) - change(BTC.close, 24h) > 5%", "stronger than bitcoin"),
    ("for(close > ema(20), 12 bars) and falling(volume, 3)", "a trend that runs out of breath"),
    ("sentiment(6h) < -0.3 and mentions(6h) > 5", "bad news, and plenty of it"),
    ('signal("volume_spike", within=4h) and not signal("price_anomaly", within=4h)', "volume without a move"),
    ("abs(close - mean(close, 48)) > 3 * stdev(close, 48)", "three deviations off its mean"),
    ("volatility_24 > 2 * volatility_96 and close < open", "a wild day down, by two features"),
)


def language() -> dict[str, Any]:
    """Everything a rule may consist of."""
    return {
        "operators": [function_json(one) for one in OPERATORS.values()],
        "functions": [function_json(one) for one in (*ARITHMETIC, *WINDOWS, *DATA)],
        "prices": [{"name": name, "doc": doc} for name, doc in PRICES.items()],
        "indicators": [indicator_json(name) for name in sorted(INDICATORS)],
        "features": [
            {"name": one.name, "group": one.group, "doc": one.definition, "unit": one.unit}
            for one in FEATURES
        ],
        "signals": sorted(one.type for one in DETECTORS),
        "symbols": ["BTC", "all", "top(20)"],
        "examples": [{"expression": text, "doc": doc} for text, doc in EXAMPLES],
        "limits": {
            "characters": limits.LENGTH_MAX,
            "parts": limits.NODES_MAX,
            "lookback_bars": limits.LOOKBACK_MAX,
            "series": limits.LEAVES_MAX,
            "other_symbols": limits.OTHERS_MAX,
            "cost_per_bar": limits.COST_MAX,
            "symbols": limits.SYMBOLS_MAX,
            "rules": limits.RULES_MAX,
            "dry_run_bars": limits.BARS_MAX,
        },
        "timeframes": [*limits.TIMEFRAMES],
        "periods": [*limits.PERIODS],
    }


def function_json(function: Function) -> dict[str, Any]:
    return {
        "name": function.name,
        "written": infix(function.name) if function.name in OPERATORS else function.written,
        "takes": [one.name for one in function.takes],
        "gives": function.gives,
        "doc": function.doc,
        "example": function.example,
    }


def infix(name: str) -> str:
    """An operator as it stands between its operands."""
    special = {"not": "not a", "negative": "-a", "between": "a between low and high"}
    return special.get(name) or f"a {name.replace('_', ' ')} b"


def indicator_json(name: str) -> dict[str, Any]:
    one = INDICATORS[name]
    parameters = [
        {"name": p.name, "default": p.default, "low": p.low, "high": p.high} for p in one.parameters
    ]
    values = [f".{short}" if short else "" for short in shorts(one)]
    return {
        "name": name,
        "written": written(one),
        "title": one.title,
        "parameters": parameters,
        "values": values,
    }
