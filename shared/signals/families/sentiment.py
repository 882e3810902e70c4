"""Sentiment by the hour: each full hour is looked at once, over the articles that were known at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from shared.platform.d1 import D1Database
from shared.signals.families.family import Family, Fresh, Look, asset_of_id
from shared.signals.families.hours import hours_since
from shared.signals.families.memory import Memory
from shared.signals.moods import BASELINE, RECENT, moods_at, table_of
from shared.store import signals

KIND = "moods"


async def fresh(db: D1Database, cursor: int, now: int) -> Fresh | None:
    """The rated articles that the hours since the last look need; None within the hour or without any."""
    hours = hours_since(cursor, now)
    rows = await signals.sentiments(db, hours[0] - RECENT - BASELINE, hours[-1]) if hours else []
    return Fresh(hours[-1], (hours, rows), len(rows)) if rows else None


def step(memory: Memory, fresh: Fresh) -> Iterator[Look]:
    hours, rows = fresh.rows
    lanes, table = memory.lanes(KIND), table_of(rows)
    for hour in hours:
        moods: Any = moods_at(table, hour)
        lane = lanes.place(map(str, moods.asset.tolist()))
        yield Look(KIND, lane, moods.at, np.ones(len(lane), np.bool_), moods)


FAMILY = Family("sentiment", fresh, step, asset_of_id)
