"""When signals come, and which come together: counts with intervals, over rows of what was raised.

Correlation: for an ordered pair of types (first, then) it counts the signals of `first` that one of `then`
follows on the same asset within WITHIN, and compares the share with the same share on the days around, at the
same hour of the day and on the same asset:

    expected = mean over those signals of the share of the CONTROLS days around that `then` followed on
    lift     = observed / expected

A usual rate over the whole period would not do: types begin to be collected one after the other, and bars of
five minutes long after those of a day, so that any two would seem to come together where both are frequent.
Signals and days from before both types were there are left out.

What happens to the market raises the same type on many assets at once. So intervals are over clusters of
weeks (of days where hours and weekdays are counted; shared/signals/intervals.py). Pairs with fewer than
LEAST of `first` are not shown: below that the interval is wider than any finding.
Articles take part as the type "news": does news lead the signal, or follow it?
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from shared.models import DAY, HOUR
from shared.signals.bars import Bools, Ints
from shared.signals.intervals import clusters, estimate

WITHIN = 4 * HOUR
CONTROLS = (-3, -2, -1, 1, 2, 3)  # days around: near enough for the same market and the same collection
REACH = 7 * DAY  # a signal and its controls: what is nearer than that is one cluster
IMAGINED = 0.5  # of all controls one half that was followed: what was never seen is rare, not impossible
LEAST = 50
Z = 1.959964  # 95 %
NEWS = "news"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
THURSDAY = 3  # 1970-01-01

# (type, asset, at)
Event = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Pair:
    """How often `then` follows `first` within WITHIN: of `n` signals `together` were followed."""

    first: str
    then: str
    n: int
    together: int
    observed: float
    observed_95: tuple[float, float]
    expected: float
    lift: float
    lift_95: tuple[float, float]
    median_delay_ms: int | None


@dataclass(frozen=True, slots=True)
class Slot:
    """One hour of the day or day of the week: how many signals of how many, against an even spread over the
    time since the first of them."""

    slot: str
    n: int
    share: float
    share_95: tuple[float, float]
    even: float


def wilson(hits: float, n: float) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (0, 1) where there is nothing to go by."""
    if n == 0:
        return 0.0, 1.0
    share, z = hits / n, Z * Z / n
    middle, half = share + z / 2, Z * sqrt(share * (1 - share) / n + z / (4 * n))
    return max((middle - half) / (1 + z), 0.0), min((middle + half) / (1 + z), 1.0)


def correlations(events: Sequence[Event], start: int, end: int) -> list[Pair]:
    """All ordered pairs of different types with enough of the first, strongest lift first.

    `events` lie in [start, end) ms; those of the last WITHIN before `end` are not judged as a first: what
    follows them is not known yet.
    """
    rows = defaultdict[str, list[tuple[int, int]]](list)
    for type, asset, at in events:
        rows[type].append((asset, at))
    times = {type: Times.of(found, start, end) for type, found in sorted(rows.items())}
    pairs = [
        pair
        for first, own in times.items()
        for then, other in times.items()
        if first != then and (pair := follow(first, then, own, other)) is not None
    ]
    return sorted(pairs, key=lambda pair: (-pair.lift, pair.first, pair.then))


@dataclass(frozen=True, slots=True)
class Times:
    """Signals of one type: `at` (N,) and `place` (N,), sorted: the asset's own stretch of one long line, so
    wide apart from the next asset's that nothing near its ends reaches into that."""

    at: Ints
    place: Ints
    end: int

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int]], start: int, end: int) -> Times:
        whole = np.array(rows, np.int64)
        place = whole[:, 0] * (end - start + 2 * REACH) + whole[:, 1] - start
        order = np.argsort(place)
        return cls(whole[order, 1], place[order], end)

    def wait(self, places: Ints) -> Ints:
        """How long until the next signal behind each place."""
        next = np.searchsorted(self.place, places, side="right")
        behind = np.append(self.place, np.iinfo(np.int64).max)
        found: Ints = behind[next] - places
        return found


def follow(first: str, then: str, own: Times, other: Times) -> Pair | None:
    """One pair; None where too few of `first` have a day around them to be compared with, or none of these
    instants was ever followed."""
    begun = max(own.at.min(), other.at.min())
    moments = own.at[:, None] + np.array(CONTROLS) * DAY
    counts = (moments >= begun) & (moments <= own.end - WITHIN)
    judged = (own.at >= begun) & (own.at <= own.end - WITHIN) & counts.any(axis=1)
    n = int(judged.sum())
    if n < LEAST:
        return None
    wait = other.wait(own.place[judged])
    hit, counts = wait <= WITHIN, counts[judged]
    around = (other.wait(own.place[judged, None] + np.array(CONTROLS) * DAY) <= WITHIN) & counts
    if not (hit.any() or around.any()):
        return None
    expected = float((around.sum() + IMAGINED) / (counts.sum() + 1))
    apart = hit - around.sum(axis=1) / counts.sum(axis=1)
    together, group = int(hit.sum()), clusters(own.at[judged], REACH)
    low, high = interval(hit, group)
    share, change = together / n, estimate(apart, group)
    reach = change.high - change.mean if change else inf
    lift_95 = max(min(low, share - reach), 0.0) / expected, min(max(high, share + reach), 1.0) / expected
    delay = int(np.median(wait[hit])) if together else None
    return Pair(first, then, n, together, share, (low, high), expected, share / expected, lift_95, delay)


def interval(hit: Bools, cluster: Ints) -> tuple[float, float]:
    """95 % interval of a share: that of its clusters, never narrower than Wilson's; (0, 1) of one cluster.

    Where all hit or none did the clusters show no spread: then they count as one trial each.
    """
    n, found = len(hit), estimate(hit.astype(np.float64), cluster) if len(hit) else None
    if found is None:
        return 0.0, 1.0
    trials = float(n) if 0 < found.mean < 1 else n**2 / float((np.unique_counts(cluster).counts ** 2).sum())
    low, high = wilson(found.mean * trials, trials)
    return max(min(low, found.low), 0.0), min(max(high, found.high), 1.0)


def by_hour(ats: Sequence[int], end: int) -> list[Slot]:
    """The 24 hours of the UTC day."""
    return slots([f"{hour:02d}" for hour in range(24)], HOUR, np.array(ats, np.int64), end)


def by_weekday(ats: Sequence[int], end: int) -> list[Slot]:
    """The days of the week, UTC."""
    return slots(WEEKDAYS, DAY, np.array(ats, np.int64), end)


def slots(names: Sequence[str], width: int, ats: Ints, end: int) -> list[Slot]:
    """Share of the instants in each slot of `width` ms, beside the slot's share of the time they span."""
    moved = THURSDAY if width == DAY else 0
    place, day = (ats // width + moved) % len(names), ats // DAY
    whole = range(int(ats.min()) // width, -(-end // width)) if len(ats) else range(len(names))
    passed = np.bincount((np.array(whole) + moved) % len(names), minlength=len(names))
    found = list[Slot]()
    for number, name in enumerate(names):
        hit = place == number
        share = float(hit.mean()) if len(hit) else 0.0
        even = float(passed[number] / max(len(whole), 1))
        found.append(Slot(name, int(hit.sum()), share, interval(hit, day), even))
    return found
