"""Counts by the hour: how often something was told lately, against equal slots of time before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shared.models import HOUR
from shared.signals.bars import Floats, Ints
from shared.signals.families.family import Look, Rows

# A first collection brings days of articles at once, and only from feeds that keep them: they say nothing of
# how much is told in an hour. What became known later than this counts neither as news nor as usual.
LIVE = 6
# Hours of collection before anything is judged: a shorter past has seen too few days and nights.
LEAST_HOURS = 72


@dataclass(slots=True)
class Told:
    """What was told, in columns (N,): of whom (`lane` of `keys`), by which `feed`, in which `hour`, `known`
    in which (both numbers of hours since 1970), how often."""

    keys: list[str]
    lane: Ints
    feed: Ints
    hour: Ints
    known: Ints
    articles: Floats


@dataclass(frozen=True, slots=True)
class Counted:
    """Of each key: how much of it lately, by how many feeds; how much before (`events`), in how many slots,
    and the variance between these. All (K,); `slots` is 0 before LEAST_HOURS of collection."""

    count: Floats
    feeds: Floats
    events: Floats
    variance: Floats
    slots: int


def hour_of(at: int) -> int:
    """The number of the hour that contains `at` and ends with it: (h - 1 h, h]."""
    return -(-at // HOUR)


def counted(told: Told, hour: int, recent: int, slots: int) -> Counted:
    """As it was known at the end of `hour`: the last `recent` hours against as long slots before them."""
    k, ago = len(told.keys), hour - told.hour  # 0 is the hour that ends at the look
    # one hour more than is counted: with it, it is known whether collection ran when the first slot began
    passed = (told.known <= hour) & (ago >= 0) & (ago <= recent * (slots + 1))
    live = passed & (told.known - told.hour <= LIVE)
    late, early = live & (ago < recent), live & (ago >= recent) & (ago < recent * (slots + 1))
    count = np.bincount(told.lane[late], told.articles[late], k).astype(np.float64)
    pairs = np.unique(told.lane[late] * (1 + told.feed.max(initial=0)) + told.feed[late])
    feeds = np.bincount(pairs // (1 + told.feed.max(initial=0)), minlength=k).astype(np.float64)
    watched = hour - recent - int(told.known[passed].min(initial=hour))
    seen = min((watched + recent // 2) // recent, slots) if watched >= LEAST_HOURS else 0
    slot = (ago[early] - recent) // recent
    table = np.bincount(told.lane[early] * slots + slot, told.articles[early], k * slots)
    inside = table.reshape(k, slots)[:, :seen]
    variance = inside.var(axis=1, ddof=1) if seen > 1 else np.zeros(k)
    return Counted(count, feeds, inside.sum(axis=1), variance, seen)


def looked(kind: str, lane: Ints, at: int, found: Counted, rows: Rows) -> Look:
    """All lanes at one instant."""
    ready = np.full(len(lane), found.slots > 0)
    return Look(kind, lane, np.full(len(lane), at), ready, rows, watched=True)


def columns(found: Counted) -> dict[str, Floats]:
    """The figures as columns of rows."""
    slots = np.full(len(found.events), float(found.slots))
    return {
        "count": found.count,
        "feeds": found.feeds,
        "events": found.events,
        "slots": slots,
        "variance": found.variance,
    }
