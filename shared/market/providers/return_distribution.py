"""How returns are spread."""

from __future__ import annotations

from dataclasses import asdict

from shared.errors import NotFound
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
)
from shared.market.statistics import histogram, moments, percentiles


def read(inputs: Inputs, settings: Settings) -> Json:
    """How often the close changed by how many percent from bar to bar, with the moments and percentiles."""
    closes = inputs.candles.ohlcv.close
    changes = 100.0 * (closes[1:] / closes[:-1] - 1.0)[-settings["limit"] :]
    if not len(changes):
        raise NotFound("a return needs two bars, there is one")
    edges, counts = histogram(changes, settings["bins"])
    return {
        **listed(
            low=edges[:-1].tolist(),
            high=edges[1:].tolist(),
            count=counts.tolist(),
            share=(counts / len(changes)).tolist(),
        ),
        "statistics": {
            **asdict(moments(changes)),
            "min": float(changes.min()),
            "max": float(changes.max()),
            **percentiles(changes),
        },
    }


PROVIDER = Provider(
    "Return distribution",
    "histogram",
    {
        "low": "Lower end of a bin, in percent",
        "high": "Its upper end, which only the last one includes",
        "count": "Returns in it",
        "share": "Their share of all",
        "statistics": "Mean, sample standard deviation, skewness and excess kurtosis (both 0 for a normal "
        "distribution), extremes, P5 to P95; in percent",
    },
    read,
    (LIMIT, INTERVAL, Parameter("bins", "Ranges of return", 30, 2, 200)),
    lead=lambda settings: 1,
    refresh_s=REFRESH_PROFILE_S,
)
