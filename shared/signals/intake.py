"""Which bars are new to the detectors: one source an asset, everything its lane has not seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.models import EARLIEST
from shared.platform.d1 import D1Database
from shared.signals import windows
from shared.signals.bars import Bars, bars_of
from shared.signals.episodes import Episodes
from shared.signals.state import Carried
from shared.store import candle_series, candles
from shared.store.candle_series import Series

HISTORY = 1000  # bars looked back for an asset that was never seen: what a first collection fetches
NEAR = 12  # bars an asset may be behind to be read with all the others, and a source to be kept

# (source, open time of the newest bar) by asset.
Lanes = Mapping[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Intake:
    """New bars. Assets in `silent` start again from another source, with a cold lane: what it says of the
    time up to that open time was told by the old one."""

    bars: Bars
    silent: Mapping[int, int]


async def new_bars(db: D1Database, step: int, now: int, lanes: Lanes) -> Intake:
    """Closed bars behind the cursors of the lanes; without a lane, of the newest HISTORY bars."""
    series: dict[int, list[Series]] = defaultdict(list)
    for one in await candle_series.of_step(db, step):
        series[one.asset].append(one)
    chosen = {asset: choose(found, lanes.get(asset, (0, 0))[0]) for asset, found in series.items()}
    moved = {asset: lanes[asset][1] for asset, one in chosen.items() if switched(one, lanes)}
    kept = {asset: lane for asset, lane in lanes.items() if asset not in moved}
    behind = {
        asset: kept[asset][1] if asset in kept else one.last_open - HISTORY * step
        for asset, one in chosen.items()
        if asset not in kept or one.last_open > kept[asset][1]
    }
    if not behind:
        return Intake(bars_of([]), {})
    rows = await read(db, step, now, chosen, series, behind)
    return Intake(bars_of(rows), moved)


def choose(series: Sequence[Series], current: int) -> Series:
    """The source that was followed so far while it keeps up, else the most reliable that does.

    Two exchanges trade different volumes: what jumps between them sees spikes that nobody traded.
    """
    newest = max(one.last_open for one in series)
    fresh = [one for one in series if one.last_open >= newest - NEAR * one.step]
    return min(fresh, key=lambda one: (one.source != current, -one.reliability, one.source))


def switched(one: Series, lanes: Lanes) -> bool:
    return one.asset in lanes and lanes[one.asset][0] != one.source


def without(carried: Carried, assets: Iterable[int]) -> Carried:
    """The state with these lanes taken out."""
    stay = ~np.isin(carried.windows.asset, np.array(list(assets), np.int64))
    kept = {
        name: Episodes(one.last_finding[stay], one.last_calm[stay], one.open_at[stay])
        for name, one in carried.episodes.items()
    }
    return Carried(windows.without(carried.windows, stay), kept)


async def read(
    db: D1Database,
    step: int,
    now: int,
    chosen: Mapping[int, Series],
    series: Mapping[int, Sequence[Series]],
    behind: Mapping[int, int],
) -> list[tuple[Any, ...]]:
    """Rows for `bars_of` after each asset's open time in `behind`, closed at `now`.

    Those that are nearly up to date are read together, as the rows lie; the others one by one.
    """
    near = max(one.last_open for one in chosen.values()) - NEAR * step
    together = {asset for asset, after in behind.items() if after >= near and len(series[asset]) == 1}
    rows = list[tuple[Any, ...]]()
    if together:
        first = min(behind[asset] for asset in together)
        for at, asset, *bar, _ in await candles.window(db, step, first + step, now):
            if asset in together and at > behind[asset]:
                rows.append((asset, chosen[asset].source, at, *bar))
    for asset in behind.keys() - together:
        key = (asset, chosen[asset].source, step)
        start = max(behind[asset] + 1, EARLIEST)
        found = await candles.stored(db, key, start, now - step + 1, everything=False)
        prices = (found.open, found.high, found.low, found.close, found.volume)
        rows += [(*key[:2], *row) for row in zip(found.open_time, *prices, strict=True)]
    return rows
