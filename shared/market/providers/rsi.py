"""Relative strength index."""

from __future__ import annotations

from shared.market.providers import (
    INTERVAL,
    LIMIT,
    Inputs,
    Json,
    Parameter,
    Provider,
    Settings,
    indicated,
    lead_of,
    newest,
    table,
)


def read(inputs: Inputs, settings: Settings) -> Json:
    """Wilder's relative strength index of the close, with the bounds beyond which a move counts as
    overstretched."""
    bars = inputs.candles
    (rsi,) = indicated(bars, "rsi", period=settings["period"])
    found = table(bars, newest(bars, settings), close=bars.ohlcv.close, rsi=rsi)
    return found | {"overbought": settings["overbought"], "oversold": settings["oversold"]}


PROVIDER = Provider(
    "Relative strength index",
    "line",
    {
        "close": "Price in USD",
        "rsi": "0 to 100; null in warm-up",
        "overbought": "The upper bound, as asked for",
        "oversold": "The lower bound",
    },
    read,
    (
        LIMIT,
        INTERVAL,
        Parameter("period", "Bars that the averages follow", 14, 2, 500),
        Parameter("overbought", "Upper bound", 70.0, 50, 100),
        Parameter("oversold", "Lower bound", 30.0, 0, 50),
    ),
    lead=lead_of("rsi", "period"),
)
