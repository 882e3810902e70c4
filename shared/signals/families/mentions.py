"""Who the news name, hour by hour: assets, people, firms and offices, by articles of the last day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from shared.models import DAY, HOUR
from shared.platform.d1 import D1Database
from shared.signals.families.family import Family, Fresh, Look, Rows
from shared.signals.families.hours import hours_since
from shared.signals.families.memory import Memory
from shared.signals.families.subjects import asset_of_entity
from shared.signals.families.tally import Told, columns, counted, looked
from shared.store import mentions
from shared.store.mentions import Named

KIND = "mentions"
RECENT, SLOTS = 24, 7  # the last day against the seven before it: no time of day weighs more than another
CATCH_UP = DAY  # looks overlap by 23 hours: older ones would tell what the newest tells
ARTICLES_MAX = 20


async def fresh(db: D1Database, cursor: int, now: int) -> Fresh | None:
    hours = hours_since(cursor, now, CATCH_UP)
    if not hours:
        return None
    rows = await mentions.named(db, hours[0] - (RECENT * (SLOTS + 1) + 1) * HOUR, hours[-1])
    return Fresh(hours[-1], (hours, rows), len(rows)) if rows else None


def step(memory: Memory, fresh: Fresh) -> Iterator[Look]:
    hours, rows = fresh.rows
    told = told_of(rows)
    lane = memory.lanes(KIND).place(told.keys)
    for at in hours:
        found = counted(told, at // HOUR, RECENT, SLOTS)
        yield looked(KIND, lane, at, found, Rows(columns(found), details_of(told.keys)))


def told_of(rows: Sequence[Named]) -> Told:
    keys = list(dict.fromkeys(f"{row.entity_type}:{row.entity_name}" for row in rows))
    places = {key: place for place, key in enumerate(keys)}
    feeds = {feed: n for n, feed in enumerate(sorted({row.feed for row in rows}))}
    table = np.array(
        [(places[f"{r.entity_type}:{r.entity_name}"], feeds[r.feed], *r[3:]) for r in rows], np.int64
    ).reshape(-1, 5)
    lane, feed, hour, known, articles = table.T
    return Told(keys, lane, feed, hour, known, articles.astype(np.float64))


def details_of(keys: Sequence[str]) -> Any:
    def details(row: int) -> dict[str, Any]:
        type, _, name = keys[row].partition(":")
        return {"entity": {"type": type, "name": name}, "hours": RECENT}

    return details


async def articles(db: D1Database, key: str, at: int) -> list[int]:
    """Ids of the newest articles that name the entity of a lane."""
    type, _, name = key.partition(":")
    return await mentions.naming(db, (type, name), at - RECENT * HOUR, at, ARTICLES_MAX)


FAMILY = Family("mentions", fresh, step, asset_of_entity, articles)
