"""Volume over time."""

from __future__ import annotations

import numpy as np

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
    """Volume of each bar, whether the bar rose or fell, and the mean volume."""
    bars = inputs.candles
    volume = bars.ohlcv.volume
    (mean,) = indicated(bars, "volume_sma", period=settings["period"])
    direction = np.sign(bars.ohlcv.close - bars.ohlcv.open)
    shown = newest(bars, settings)
    return table(bars, shown, volume=volume, direction=direction, mean=mean) | {
        "total": float(volume[shown].sum())
    }


PROVIDER = Provider(
    "Volume",
    "bars",
    {
        "volume": "In units of the asset",
        "direction": "1 where the close lies above the open, -1 below, 0 on it",
        "mean": "Mean volume of `period` bars; null before there are so many",
        "total": "Volume of all bars shown",
    },
    read,
    (LIMIT, INTERVAL, Parameter("period", "Bars of the mean", 20, 1, 500)),
    lead=lead_of("volume_sma", "period"),
)
