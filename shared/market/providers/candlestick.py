"""Candles with moving averages."""

from __future__ import annotations

from shared.errors import Invalid
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

MOST_AVERAGES, LONGEST = 5, 500


def periods(settings: Settings) -> list[int]:
    """Lengths of the averages; raises Invalid."""
    words = settings["averages"].split(",")
    if len(words) > MOST_AVERAGES or not all(
        word.isascii() and word.isdecimal() and 2 <= int(word) <= LONGEST for word in words
    ):
        what = f"at most {MOST_AVERAGES} whole numbers from 2 to {LONGEST}, with commas between"
        raise Invalid(f"averages: {settings['averages']!r} is not {what}", field="averages")
    return list(dict.fromkeys(int(word) for word in words))


def read(inputs: Inputs, settings: Settings) -> Json:
    """Open, high, low, close and volume of each bar, with simple moving averages of the close."""
    bars = inputs.candles
    prices = {name: getattr(bars.ohlcv, name) for name in ("open", "high", "low", "close", "volume")}
    for period in periods(settings):
        (prices[f"ma_{period}"],) = indicated(bars, "sma", period=period)
    return table(bars, newest(bars, settings), **prices)


PROVIDER = Provider(
    "Candlestick",
    "candlestick",
    {
        "open": "Price at its beginning, in USD",
        "high": "Highest price",
        "low": "Lowest price",
        "close": "Price at its end",
        "volume": "In units of the asset",
        "ma_{n}": "Mean close of n bars; null before there are so many",
    },
    read,
    (LIMIT, INTERVAL, Parameter("averages", "Lengths of the moving averages, comma separated", "7,25,99")),
    lead=lambda settings: max(periods(settings)) - 1,
)
