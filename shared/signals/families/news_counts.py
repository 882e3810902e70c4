"""Articles of each asset, hour by hour; copies of a story count, for many tellers are what makes news."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from shared.models import HOUR
from shared.platform.d1 import D1Database
from shared.signals.families.family import Family, Fresh, Look, Rows, asset_of_id
from shared.signals.families.hours import hours_since
from shared.signals.families.memory import Memory
from shared.signals.families.tally import LIVE, Told, columns, counted, hour_of, looked
from shared.store import mentions
from shared.store.mentions import Told as Article

KIND = "news"
RECENT, SLOTS = 1, 7 * 24  # the last hour against the hours of the week before it
ARTICLES_MAX = 50


async def fresh(db: D1Database, cursor: int, now: int) -> Fresh | None:
    hours = hours_since(cursor, now)
    if not hours:
        return None
    rows = await mentions.told(db, hours[0] - (RECENT + SLOTS + 1) * HOUR, hours[-1])
    return Fresh(hours[-1], (hours, rows), len(rows)) if rows else None


def step(memory: Memory, fresh: Fresh) -> Iterator[Look]:
    hours, rows = fresh.rows
    told, by_hour = told_of(rows), defaultdict[int, list[Article]](list)
    for row in rows:
        by_hour[hour_of(row.at)].append(row)
    lane = memory.lanes(KIND).place(told.keys)
    for at in hours:
        found = counted(told, at // HOUR, RECENT, SLOTS)
        rows = Rows(columns(found), details_of(told.keys, by_hour[at // HOUR], at // HOUR))
        yield looked(KIND, lane, at, found, rows)


def told_of(rows: Sequence[Article]) -> Told:
    """Columns of the rows, which come by asset."""
    keys = list(dict.fromkeys(str(row.asset) for row in rows))
    places = {key: place for place, key in enumerate(keys)}
    feeds = {feed: n for n, feed in enumerate(sorted({row.feed for row in rows}))}
    table = np.array(
        [(places[str(r.asset)], feeds[r.feed], hour_of(r.at), hour_of(r.known_at)) for r in rows], np.int64
    ).reshape(-1, 4)
    lane, feed, hour, known = table.T
    return Told(keys, lane, feed, hour, known, np.ones(len(rows)))


def details_of(keys: Sequence[str], rows: Sequence[Article], hour: int) -> Callable[[int], dict[str, Any]]:
    """Ids, feeds and mean mood of the articles that were counted in this hour."""

    def details(row: int) -> dict[str, Any]:
        own = [one for one in rows if str(one.asset) == keys[row] and hour_of(one.known_at) <= hour]
        own = [one for one in own if hour_of(one.known_at) - hour_of(one.at) <= LIVE]
        moods = [one.sentiment for one in own if one.sentiment is not None]
        return {
            "articles": [one.article for one in own[-ARTICLES_MAX:]],
            "votes": dict(sorted(count_by_feed(own).items())),
            "mood": sum(moods) / len(moods) if moods else None,
        }

    return details


def count_by_feed(rows: Sequence[Article]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.feed] = counts.get(row.feed, 0) + 1
    return counts


FAMILY = Family("news", fresh, step, asset_of_id)
