"""Bollinger bands."""

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
    newest,
    table,
)


def read(inputs: Inputs, settings: Settings) -> Json:
    """Bands at so many standard deviations (of the population) about the mean close, their width and where
    the close lies between them."""
    bars = inputs.candles
    period, deviations = settings["period"], settings["std_dev"]
    upper, middle, lower, width, percent_b = indicated(
        bars, "bollinger", period=period, deviations=deviations
    )
    return table(
        bars,
        newest(bars, settings),
        close=bars.ohlcv.close,
        upper=upper,
        middle=middle,
        lower=lower,
        width=width,
        percent_b=percent_b,
    )


PROVIDER = Provider(
    "Bollinger bands",
    "band",
    {
        "close": "Price in USD",
        "upper": "In USD; null in warm-up",
        "middle": "Mean close",
        "lower": "In USD; null in warm-up",
        "width": "Distance of the bands by the middle",
        "percent_b": "0 at the lower band, 1 at the upper one",
    },
    read,
    (
        LIMIT,
        INTERVAL,
        Parameter("period", "Bars of the mean", 20, 2, 500),
        Parameter("std_dev", "Standard deviations to each side", 2.0, 0.1, 10),
    ),
    lead=lambda settings: int(settings["period"]) - 1,
)
