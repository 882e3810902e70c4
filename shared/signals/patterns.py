"""When signals come, and which come together: counts with intervals, over rows of what was raised.

Correlation: for an ordered pair of types (first, then) it counts the signals of `first` that one of `then`
follows on the same asset within WITHIN, and compares the share with what chance would give if `then` came at
its usual rate, blind to `first`:

    expected = mean over those signals of 1 - exp(-rate of `then` on their asset · WITHIN)
    lift     = observed / expected

The interval is the Wilson interval of the observed share, divided by the expected one. Pairs with fewer than
LEAST of `first` are not shown: below that the interval is wider than any finding.
Articles take part as the type "news": does news lead the signal, or follow it?
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import exp, sqrt

import numpy as np

from shared.models import HOUR

WITHIN = 4 * HOUR
LEAST = 50
Z = 1.959964  # 95 %
NEWS = "news"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

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
    """One hour of the day or day of the week: how many signals of how many, against an even spread."""

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
    times = defaultdict[tuple[str, int], list[int]](list)
    for type, asset, at in events:
        times[type, asset].append(at)
    sorted_times = {key: np.sort(np.array(found)) for key, found in times.items()}
    types = sorted({type for type, _ in times})
    pairs = [
        pair
        for first in types
        for then in types
        if first != then and (pair := follow(first, then, sorted_times, start, end)) is not None
    ]
    return sorted(pairs, key=lambda pair: (-pair.lift, pair.first, pair.then))


def follow(
    first: str, then: str, times: Mapping[tuple[str, int], np.ndarray], start: int, end: int
) -> Pair | None:
    """One pair; None where `first` is too rare, or `then` never came on any of its assets."""
    n, together, expected, delays = 0, 0, 0.0, list[int]()
    for (type, asset), own in times.items():
        judged = own[own <= end - WITHIN] if type == first else own[:0]
        if not len(judged):
            continue
        other = times.get((then, asset), own[:0])
        n += len(judged)
        expected += len(judged) * (1 - exp(-len(other) / (end - start) * WITHIN))
        place = np.searchsorted(other, judged, side="right")
        there = place < len(other)
        wait = other[place[there]] - judged[there]
        delays += wait[wait <= WITHIN].tolist()
    together = len(delays)
    if n < LEAST or not expected:
        return None
    share, low, high = expected / n, *wilson(together, n)
    middle = int(np.median(delays)) if delays else None
    lift_95 = (low / share, high / share)
    return Pair(
        first, then, n, together, together / n, (low, high), share, together / n / share, lift_95, middle
    )


def by_hour(ats: Sequence[int]) -> list[Slot]:
    """The 24 hours of the UTC day."""
    return slots([f"{hour:02d}" for hour in range(24)], [at // HOUR % 24 for at in ats])


def by_weekday(ats: Sequence[int]) -> list[Slot]:
    """The days of the week, UTC."""
    return slots(WEEKDAYS, [datetime.fromtimestamp(at / 1000, UTC).weekday() for at in ats])


def slots(names: Sequence[str], places: Sequence[int]) -> list[Slot]:
    counts, total, even = Counter(places), len(places), 1 / len(names)
    return [
        Slot(name, counts[i], counts[i] / total if total else 0.0, wilson(counts[i], total), even)
        for i, name in enumerate(names)
    ]
