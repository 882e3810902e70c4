"""Closed bars as columns: what every bar detector reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.models import DAY, HOUR, MINUTE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Watched where a series exists. Shorter bars are mostly noise of the spread, longer ones too few to
# learn from.
STEPS = (5 * MINUTE, HOUR, DAY)


@dataclass(frozen=True, slots=True)
class Bars:
    """One row a bar, all columns (N,), sorted by asset, then open_time, which is unique within an asset."""

    asset: Ints
    source: Ints
    open_time: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.asset)

    def take(self, rows: Any) -> Bars:
        """The rows a mask or an index array names."""
        return bars_from([getattr(self, item.name)[rows] for item in fields(self)])


def bars_from(columns: Sequence[Any]) -> Bars:
    """Bars from its eight columns, already sorted."""
    return Bars(*columns)


def bars_of(rows: Sequence[Sequence[Any]]) -> Bars:
    """Columns from rows (asset, source id, open_time, open, high, low, close, volume), in any order.

    Of two rows for one asset and open_time the later wins.
    """
    if not rows:
        return bars_from([np.empty(0, np.int64)] * 3 + [np.empty(0)] * 5)
    columns = list(zip(*rows, strict=True))
    ints = [np.array(column, np.int64) for column in columns[:3]]
    floats = [np.array(column, np.float64) for column in columns[3:8]]
    order = np.lexsort((ints[2], ints[0]))
    bars = bars_from([column[order] for column in (*ints, *floats)])
    last = np.ones(len(bars), np.bool_)
    last[:-1] = (np.diff(bars.asset) != 0) | (np.diff(bars.open_time) != 0)
    return bars if last.all() else bars.take(last)
