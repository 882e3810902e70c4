"""Joins what is known beside new bars as of each close: from the bars themselves, else from the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from shared.models import DAY, HOUR
from shared.platform.d1 import D1Database
from shared.signals.bars import Bars, Floats, Ints
from shared.signals.beside import MARKETS, Beside, closes_at
from shared.store import candles, context, metrics

LEADER = "bitcoin"
MACRO = {"spx": "macro:spx", "dxy": "macro:dxy"}
# Longest stretch without trading at a stock exchange, and some: older than that an index is not known.
MACRO_AGE = 10 * DAY
# Measured by the hour or less often: what is older than two says nothing of a five-minute bar.
FLOW_AGE = 2 * HOUR
# What compound detectors ask beside the bars, by the name of its column; metrics are named `<kind>:<slug>`.
FLOWS = {
    "known_netflow": "exchange_netflow",
    "known_liquidations_long": "liquidations_long",
    "known_liquidations_short": "liquidations_short",
}

# name, source, at, known_at, value
Row = tuple[str, int, int, int, float]


async def beside(db: D1Database, step: int, bars: Bars) -> Beside:
    """Everything known at the close of these bars: two reads, and one where bitcoin's bars are elsewhere."""
    assets = {slug: id for id, slug in (await context.slugs(db)).items()}
    close = bars.open_time + step
    first, last = int(close.min()), int(close.max())
    present = set(np.unique(bars.asset).tolist())
    asked = [f"{kind}:{slug}" for slug, id in assets.items() if id in present for kind in FLOWS.values()]
    age = max(FLOW_AGE, step)
    macro = await metrics.recent(db, list(MACRO.values()), first - MACRO_AGE, last)
    flows = await metrics.recent(db, asked, first - age, last)
    indices = [
        as_known(rows, close, MACRO_AGE) for rows in (of_name(macro, MACRO[name]) for name in MARKETS[1:])
    ]
    leader = assets.get(LEADER, 0)
    btc = await leading_closes(db, leader, step, bars)
    known = {column: of_assets(flows, kind, assets, bars, close, age) for column, kind in FLOWS.items()}
    return Beside(np.stack((btc, *indices)), known, leader)


async def leading_closes(db: D1Database, leader: int, step: int, bars: Bars) -> Floats:
    """The leader's close at the open time of each bar, from these bars or from the store."""
    own = bars.asset == leader
    found = np.full(len(bars), np.nan)
    if own.any():
        found = closes_at(bars.open_time[own], bars.close[own], bars.open_time)
    missing = np.isnan(found)
    if leader and missing.any():
        wanted = bars.open_time[missing]
        start, end = int(wanted.min()), int(wanted.max()) + 1
        _, stored = await candles.read_columns(db, leader, step, start, end)
        if stored.open_time:
            times, closes = np.array(stored.open_time, np.int64), np.array(stored.close)
            found[missing] = closes_at(times, closes, wanted)
    return found


def of_name(rows: Iterable[Row], name: str) -> list[Row]:
    return [row for row in rows if row[0] == name]


def of_assets(
    rows: Sequence[Row], kind: str, slugs: Mapping[str, int], bars: Bars, close: Ints, age: int
) -> Floats:
    """One kind of metric for each bar's own asset."""
    found = np.full(len(bars), np.nan)
    for name in {row[0] for row in rows if row[0].startswith(f"{kind}:")}:
        own = bars.asset == slugs[name.partition(":")[2]]
        found[own] = as_known(of_name(rows, name), close[own], age)
    return found


def as_known(rows: Iterable[Row], times: Any, age: int) -> Floats:
    """The newest value known at each time and not older than `age`, NaN where there is none.

    A value counts from when it was true and we had learned it; one learned late does not replace a newer one.
    """
    found = np.full(len(times), np.nan)
    learned = sorted((max(at, known_at), at, source, value) for _, source, at, known_at, value in rows)
    if not learned:
        return found
    since, true_at = (np.array([row[i] for row in learned], np.int64) for i in (0, 1))
    newest = np.maximum.accumulate(true_at)
    best = np.maximum.accumulate(np.where(true_at == newest, np.arange(len(learned)), 0))
    place = np.searchsorted(since, times, side="right") - 1
    there = (place >= 0) & (times - newest[place] < age)
    values = np.array([row[3] for row in learned])
    found[there] = values[best[place[there]]]
    return found
