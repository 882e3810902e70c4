"""How an asset moves with two others."""

from __future__ import annotations

from functools import reduce

import numpy as np

from shared.market.providers import (
    INTERVAL,
    LIMIT,
    Bars,
    Floats,
    Inputs,
    Json,
    Parameter,
    Provider,
    Settings,
    listed,
    nullable,
)
from shared.market.statistics import correlation, rolling_correlation

ALSO = ("compare_symbol1", "compare_symbol2")


def returns_together(series: list[Bars]) -> tuple[list[int], list[Floats]]:
    """Log returns between bars that all series have, by the later one's open time."""
    times = reduce(np.intersect1d, [np.array(bars.open_time, np.int64) for bars in series])
    closes = [bars.ohlcv.close[np.searchsorted(np.array(bars.open_time, np.int64), times)] for bars in series]
    return times[1:].tolist(), [np.diff(np.log(close)) for close in closes]


def matrix(series: list[Floats]) -> list[list[float | None]]:
    """Correlations of all pairs."""
    size = range(len(series))
    found = {(i, j): correlation(series[i], series[j]) for i in size for j in size if i < j}
    return [[1.0 if i == j else found[min(i, j), max(i, j)] for j in size] for i in size]


def read(inputs: Inputs, settings: Settings) -> Json:
    """Rolling correlation of the log returns of an asset with those of two others, over the bars that all
    three have, and the correlations of all of them over the whole stretch."""
    symbols = [inputs.symbol, *inputs.others]
    times, returns = returns_together([inputs.candles, *inputs.others.values()])
    shown = slice(max(0, len(times) - settings["limit"]), None)
    rolling = [rolling_correlation(returns[0], other, settings["window"])[shown] for other in returns[1:]]
    parts = [one[shown] for one in returns]
    names = [f"correlation{number}" for number in range(1, len(symbols))]
    values = dict(zip(names, map(nullable, rolling), strict=True))
    return {
        **listed(open_time=times[shown], **values),
        "compared": symbols[1:],
        "matrix": {"symbols": symbols, "data": matrix(parts)},
    }


PROVIDER = Provider(
    "Correlation",
    "line",
    {
        "correlation1": "Pearson's r with the first of `compared` over `window` returns, -1 to 1; null "
        "before there are so many, and where one of the two did not move",
        "correlation2": "The same with the second",
        "compared": "The other assets",
        "matrix": "Pearson's r of all pairs over the bars shown",
    },
    read,
    (
        LIMIT,
        INTERVAL,
        Parameter("window", "Returns of one rolling value", 30, 3, 500),
        Parameter(ALSO[0], "First other asset; else BTC, or the next by rank", None),
        Parameter(ALSO[1], "Second other asset; else ETH, or the next by rank", None),
    ),
    lead=lambda settings: int(settings["window"]),
    others=ALSO,
)
