"""Recorded candles of many files as columns, in the order in which they became known."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.market.imports import ImportPlan, rows
from shared.market.rollup import STEPS as ROLLED
from shared.market.rollup import rollup
from shared.models import MINUTE, Asset
from shared.platform.d1 import D1Database
from shared.signals.bars import Bars
from shared.store import assets as asset_store
from shared.store.candle_rows import CandleRow, Key

NO_TRADES = -1  # in the column of trades: not told


@dataclass(slots=True)
class Recorded:
    """Columns (N,) by close time, then step; `refused`: "file: line: reason" of rows that are no bars."""

    step: NDArray[np.int64]
    open_time: NDArray[np.int64]
    asset: NDArray[np.int64]
    source: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    trades: NDArray[np.int64]
    aside: frozenset[Key] = frozenset()  # series that are stored, while detectors follow another source
    files: int = 0
    rows: int = 0
    refused: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.step)

    @property
    def close_time(self) -> NDArray[np.int64]:
        return self.open_time + self.step

    @property
    def first_close(self) -> int:
        return int(self.open_time[0] + self.step[0]) if len(self) else 0

    def groups(self, chosen: slice) -> dict[Key, list[CandleRow]]:
        """Rows of a stretch as `candles.add_groups` takes them."""
        found: dict[Key, list[CandleRow]] = defaultdict(list)
        names = ("step", "asset", "source", "open_time", "open", "high", "low", "close", "volume", "trades")
        for step, asset, source, *bar, trades in zip(
            *(getattr(self, name)[chosen].tolist() for name in names), strict=True
        ):
            found[asset, source, step].append((*bar, None if trades == NO_TRADES else trades))
        return found

    def bars(self, chosen: slice, step: int) -> Bars:
        """Bars of one length of a stretch as detectors read them: one source an asset, each bar once.

        Of two rows for one bar the later wins, as in the store.
        """
        rows = np.flatnonzero(self.step[chosen] == step) + chosen.start
        for asset, source, length in self.aside:
            if length == step:
                rows = rows[(self.asset[rows] != asset) | (self.source[rows] != source)]
        rows = rows[np.lexsort((self.open_time[rows], self.asset[rows]))]
        again = (np.diff(self.asset[rows]) == 0) & (np.diff(self.open_time[rows]) == 0)
        rows = np.delete(rows, np.flatnonzero(again))
        return Bars(*(getattr(self, item.name)[rows] for item in fields(Bars)))


async def read_recorded(db: D1Database, planned: ImportPlan) -> Recorded:
    """Read every file; symbols nobody knows become assets, minutes also become the longer bars they make."""
    parts = list[tuple[Key, list[CandleRow]]]()
    refused, read = list[str](), 0
    assets: dict[str, Asset] = {}
    for batch in rows(planned):
        file = batch.file
        refused += [f"{file.path.name}: {one.line}: {one.reason}" for one in batch.refused]
        read += len(batch.rows)
        if file.symbol not in assets:
            assets[file.symbol] = await asset_store.ensure(db, file.symbol)
        source = await asset_store.source_id(db, file.source)
        key = (assets[file.symbol].id, source, file.step)
        parts.append((key, batch.rows))
    parts += [made for key, bars in minutes_of(parts).items() for made in rolled(key, bars)]
    recorded = in_order([columns_of(key, bars) for key, bars in parts if bars])
    recorded.files, recorded.rows, recorded.refused = len(planned.files), read, refused
    return recorded


def minutes_of(parts: list[tuple[Key, list[CandleRow]]]) -> dict[Key, list[CandleRow]]:
    found: dict[Key, list[CandleRow]] = defaultdict(list)
    for key, bars in parts:
        if key[2] == MINUTE:
            found[key] += bars
    return found


def rolled(key: Key, minutes: list[CandleRow]) -> list[tuple[Key, list[CandleRow]]]:
    """The longer bars of one series of minutes: whole windows only, as the roll-up of collection has it."""
    minutes = sorted(minutes, key=lambda bar: bar[0])
    made = []
    for step in ROLLED:
        start, end = -(-minutes[0][0] // step) * step, minutes[-1][0] // step * step
        inside = [bar for bar in minutes if start <= bar[0] < end]
        made.append(((key[0], key[1], step), rollup(inside, step)))
    return made


def columns_of(key: Key, bars: list[CandleRow]) -> list[NDArray[Any]]:
    """The ten columns of some bars of one series."""
    asset, source, step = key
    opened, *prices, trades = zip(*bars, strict=True)
    n = len(bars)
    return [
        np.full(n, step),
        np.array(opened, np.int64),
        np.full(n, asset),
        np.full(n, source),
        *(np.array(column, np.float64) for column in prices),
        np.array([NO_TRADES if count is None else count for count in trades], np.int64),
    ]


def in_order(parts: list[list[NDArray[Any]]]) -> Recorded:
    """By close time; of bars that close together the shortest first."""
    if not parts:
        nothing: list[Any] = [np.empty(0, np.int64)] * 10
        return Recorded(*nothing)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[2], columns[0], columns[0] + columns[1]))
    ordered: list[Any] = [column[order] for column in columns]
    found = Recorded(*ordered)
    found.aside = not_followed(parts)
    return found


def not_followed(parts: list[list[NDArray[Any]]]) -> frozenset[Key]:
    """Of several sources of one asset and bar length all but the one with most bars.

    Two exchanges never agree to the cent: taken together, each bar would jump from one to the other.
    """
    bars = Counter[Key]()
    for step, _, asset, source, *_ in parts:
        bars[int(asset[0]), int(source[0]), int(step[0])] += len(step)
    most: dict[tuple[int, int], Key] = {}
    for key in sorted(bars, key=lambda key: (-bars[key], key)):
        most.setdefault((key[0], key[2]), key)
    return frozenset(bars.keys() - set(most.values()))
