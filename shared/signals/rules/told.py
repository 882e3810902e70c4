"""News and signals as columns: what had been told of an asset at the close of each bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.models import MINUTE
from shared.signals.bars import Floats, Ints
from shared.signals.rules.tree import Leaf

TOLD = ("sentiment", "mentions", "signal")  # the series that are told
# What detectors find on a bar is stored within a run or two behind its close; a signal that came later counts
# from when it was known.
USUAL_DELAY = 5 * MINUTE
EXACT = 1_000_000_000  # moods are summed up as whole billionths: the same sum from any start


@dataclass(frozen=True, slots=True)
class Stories:
    """Articles about assets, copies of a story left out: all (N,). `mood` is NaN where it was not rated."""

    asset: Ints
    at: Ints
    known_at: Ints
    mood: Floats
    since: int | None  # when the first article of all became known


@dataclass(frozen=True, slots=True)
class Raised:
    """Signals of one type: all (N,). `confidence` is NaN where it was not known; `direction` a word."""

    asset: Ints
    at: Ints
    known_at: Ints
    confidence: Floats
    direction: Sequence[str]


def signals_at(leaf: Leaf, asset: int, closes: Ints, raised: Raised | None) -> Floats:
    """1 where a signal of an asset counts at a close (T,), else 0."""
    if raised is None:
        return np.zeros(len(closes))
    enter, leave = lasting(raised, leaf, asset, int(leaf.setting("within")))
    return (active(enter, leave, np.ones(len(enter), np.int64), closes) > 0).astype(np.float64)


def stories_at(leaf: Leaf, asset: int, closes: Ints, stories: Stories) -> Floats:
    """Sentiment or number of the stories about an asset at each close (T,)."""
    within = int(leaf.setting("within"))
    mine = stories.asset == asset
    if leaf.source == "sentiment":
        mine = mine & ~np.isnan(stories.mood)
    enter = np.maximum(stories.at[mine], stories.known_at[mine])
    leave = stories.at[mine] + within
    count = active(enter, leave, np.ones(len(enter), np.int64), closes).astype(np.float64)
    known = np.full(len(closes), stories.since is not None) & (closes - within >= (stories.since or 0))
    if leaf.source == "mentions":
        return np.where(known, count, np.nan)
    moods = np.rint(stories.mood[mine] * EXACT).astype(np.int64)
    total = active(enter, leave, moods, closes)
    with np.errstate(invalid="ignore"):
        return np.where(known & (count > 0), total / EXACT / count, np.nan)


def lasting(raised: Raised, leaf: Leaf, asset: int, within: int) -> tuple[Ints, Ints]:
    """From when until when each signal of an asset counts, as the rule asks it."""
    least, direction = float(leaf.setting("min_confidence")), leaf.setting("direction")
    mine = raised.asset == asset
    if least:
        mine = mine & (raised.confidence >= least)
    if direction:
        mine = mine & (np.array(raised.direction, dtype=object) == direction)
    at, known_at = raised.at[mine], raised.known_at[mine]
    return np.where(known_at - at <= USUAL_DELAY, at, known_at), at + within


def active(enter: Ints, leave: Ints, weight: Ints, moments: Ints) -> Ints:
    """Sum of the weights of what has entered and not left at each moment; whole numbers, so exact."""
    lasts = leave > enter
    enter, leave, weight = enter[lasts], leave[lasts], weight[lasts]
    come = np.searchsorted(np.sort(enter), moments, side="right")
    gone = np.searchsorted(np.sort(leave), moments, side="right")
    by_enter = np.concatenate(([0], np.cumsum(weight[np.argsort(enter)])))
    by_leave = np.concatenate(([0], np.cumsum(weight[np.argsort(leave)])))
    total: Ints = by_enter[come] - by_leave[gone]
    return total
