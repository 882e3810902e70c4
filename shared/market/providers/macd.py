"""Moving average convergence and divergence."""

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

PERIODS = ("fast_period", "slow_period", "signal_period")


def read(inputs: Inputs, settings: Settings) -> Json:
    """Fast less slow exponential average of the close, the average of that as signal, and what they differ
    by."""
    bars = inputs.candles
    macd, signal, histogram = indicated(bars, "macd", **{name: settings[name] for name in PERIODS})
    shown = newest(bars, settings)
    return table(bars, shown, close=bars.ohlcv.close, macd=macd, signal=signal, histogram=histogram)


PROVIDER = Provider(
    "MACD",
    "line and bars",
    {
        "close": "Price in USD",
        "macd": "Line, in USD; null in warm-up",
        "signal": "Line, in USD; null in warm-up",
        "histogram": "Bars: macd less signal",
    },
    read,
    (
        LIMIT,
        INTERVAL,
        Parameter("fast_period", "Bars of the fast average", 12, 2, 499),
        Parameter("slow_period", "Bars of the slow average", 26, 3, 500),
        Parameter("signal_period", "Bars of the signal", 9, 1, 500),
    ),
    lead=lead_of("macd", *PERIODS),
)
