"""Where prices have been."""

from __future__ import annotations

import numpy as np

from shared.market.providers import (
    INTERVAL,
    LIMIT,
    REFRESH_PROFILE_S,
    Inputs,
    Json,
    Parameter,
    Provider,
    Settings,
    listed,
    newest,
)
from shared.market.statistics import histogram, moments, percentiles


def read(inputs: Inputs, settings: Settings) -> Json:
    """How often the close lay in each of equally wide ranges of price, and what is typical."""
    closes = inputs.candles.ohlcv.close[newest(inputs.candles, settings)]
    edges, counts = histogram(closes, settings["bins"])
    found = moments(closes)
    last = float(closes[-1])
    return {
        **listed(
            low=edges[:-1].tolist(),
            high=edges[1:].tolist(),
            count=counts.tolist(),
            share=(counts / len(closes)).tolist(),
        ),
        "statistics": {
            "n": found.n,
            "mean": found.mean,
            "median": float(np.median(closes)),
            "sd": found.sd,
            "min": float(closes.min()),
            "max": float(closes.max()),
            "last": last,
            "last_percentile": 100.0 * float(np.mean(closes <= last)),
            **percentiles(closes),
        },
    }


PROVIDER = Provider(
    "Price distribution",
    "histogram",
    {
        "low": "Lower end of a bin, in USD",
        "high": "Its upper end, which only the last one includes",
        "count": "Closes in it",
        "share": "Their share of all",
        "statistics": "Mean, median, sample standard deviation, extremes, P5 to P95, and the percentile of "
        "the last close",
    },
    read,
    (LIMIT, INTERVAL, Parameter("bins", "Ranges of price", 30, 2, 200)),
    refresh_s=REFRESH_PROFILE_S,
)
