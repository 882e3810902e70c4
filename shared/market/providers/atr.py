"""Average true range."""

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
    """Wilder's average of how far bars reach, in USD and in percent of the close."""
    bars = inputs.candles
    (atr,) = indicated(bars, "atr", period=settings["period"])
    close = bars.ohlcv.close
    return table(bars, newest(bars, settings), close=close, atr=atr, atr_percent=100.0 * atr / close)


PROVIDER = Provider(
    "Average true range",
    "line",
    {
        "close": "Price in USD",
        "atr": "In USD; null in warm-up",
        "atr_percent": "In percent of the close",
    },
    read,
    (LIMIT, INTERVAL, Parameter("period", "Bars that the average follows", 14, 2, 500)),
    lead=lead_of("atr", "period"),
)
