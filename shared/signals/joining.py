"""Joins what is known beside new bars as of each close: from the bars themselves, else from the store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from shared.models import DAY
from shared.platform.d1 import D1Database
from shared.signals.bars import Bars, Floats
from shared.signals.beside import MARKETS, Beside, closes_at
from shared.store import candles, context, metrics

LEADER = "bitcoin"
MACRO = {"spx": "macro:spx", "dxy": "macro:dxy"}
# Longest stretch without trading at a stock exchange, and some: older than that an index is not known.
MACRO_AGE = 10 * DAY
# name, source, at, known_at, value
Row = tuple[str, int, int, int, float]


async def beside(db: D1Database, step: int, bars: Bars) -> Beside:
    """Everything known at the close of these bars: two reads, and one where bitcoin's bars are elsewhere."""
    leader = {slug: id for id, slug in (await context.slugs(db)).items()}.get(LEADER, 0)
    close = bars.open_time + step
    macro = await metrics.recent(db, list(MACRO.values()), int(close.min()) - MACRO_AGE, int(close.max()))
    indices = [as_known(of_name(macro, MACRO[name]), close, MACRO_AGE) for name in MARKETS[1:]]
    return Beside(np.stack((await leading_closes(db, leader, step, bars), *indices)), leader)


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
