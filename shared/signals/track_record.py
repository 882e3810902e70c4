"""The track record of signal types: how often they came true, beside what chance did, with intervals. Pure.

    hit rate      share of outcomes beyond the threshold in the signal's direction
    matched       the same share among the signals' matched random entries
    lift          mean of (hit − share of hits among the signal's own entries)
    opposite      share of outcomes as far the other way
    direction     mean of ((hit − opposite) − (the same among the signal's own entries))
    return        mean move in the signal's direction, and its difference to that of the entries

Lift alone does not show that a signal knows the way: after a jump the market moves more in both directions,
and hits become more frequent whichever way was called. What is left when the opposite is taken off is the
direction. An edge is claimed only where the intervals of both lie above zero.

Signals that became known late (longer after their bar than a bar) are left out: nobody could act on them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.models import DAY, HOUR
from shared.signals.bars import Floats, Ints
from shared.signals.intervals import Estimate, clusters, estimate
from shared.signals.measure import half_usual
from shared.signals.patterns import WEEKDAYS, interval
from shared.store.track_record import Resolved

LEAST = 50  # outcomes: with fewer the interval of a hit rate is wider than ±14 %, and nothing is told
MEASURED, INSUFFICIENT = "measured", "insufficient data"
BY_CHANCE = 0.025  # of intervals of 95 % lie above zero where there is nothing
EDGE, NO_EDGE, NO_DIRECTION = "edge", "no edge shown", "no direction"
THURSDAY = 3  # 1970-01-01

Key = tuple[str, int, int]  # type, step, horizon
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one type at one bar length and horizon, from `n` outcomes.

    Below LEAST outcomes only `n` and `hits` are told. Where signals have no direction the hit rates are None
    and returns are as the price moved. `pairs` counts outcomes with entries, on which the differences rest.
    """

    type: str
    step: int
    horizon: int
    n: int
    hits: int | None
    status: str
    hit_rate: float | None = None
    hit_rate_95: Pair | None = None
    opposite_hit_rate: float | None = None
    pairs: int = 0
    matched_n: int = 0
    matched_hit_rate: float | None = None
    matched_mean_return: float | None = None
    lift: Estimate | None = None
    direction: Estimate | None = None
    mean_return: float | None = None
    median_return: float | None = None
    return_difference: Estimate | None = None
    mean_favourable: float | None = None
    mean_adverse: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the intervals show an edge in direction, where enough is known and there is one."""
        if self.hits is None:
            return NO_DIRECTION
        if self.lift is None or self.direction is None or self.pairs < LEAST:
            return INSUFFICIENT
        return EDGE if self.lift.low > 0 and self.direction.low > 0 else NO_EDGE


def in_time(row: Resolved) -> bool:
    """Whether the signal was known within a bar of its time (an hour where there is no bar)."""
    return row.known_at - row.at <= (row.step or HOUR)


def by_key(rows: Iterable[Resolved]) -> dict[Key, list[Resolved]]:
    """Rows in time, by type, bar length and horizon."""
    found: defaultdict[Key, list[Resolved]] = defaultdict(list)
    for row in rows:
        if in_time(row):
            found[row.type, row.step, row.horizon].append(row)
    return dict(found)


def records(rows: Iterable[Resolved]) -> list[Record]:
    """The track record of every type, bar length and horizon that rows are of."""
    return [record(key, part) for key, part in sorted(by_key(rows).items())]


def conditional(rows: Sequence[Resolved], of: Callable[[Resolved], Any]) -> list[tuple[Any, Record]]:
    """Records of the rows of one key by what `of` says of each; None, and fewer than LEAST, are left out."""
    parts: defaultdict[Any, list[Resolved]] = defaultdict(list)
    for row in rows:
        parts[of(row)].append(row)
    kept = sorted((value, part) for value, part in parts.items() if value is not None)
    found = [(value, record((part[0].type, part[0].step, part[0].horizon), part)) for value, part in kept]
    return [(value, one) for value, one in found if one.n >= LEAST]


def hour_of(row: Resolved) -> int:
    """Hour of the day, UTC."""
    return row.at // HOUR % 24


def weekday_of(row: Resolved) -> str:
    return WEEKDAYS[(row.at // DAY + THURSDAY) % 7]


def record(key: Key, rows: Sequence[Resolved]) -> Record:
    """The record of rows of one key; where some have a direction, those without are left out."""
    called = [row for row in rows if row.hit is not None]
    told = called or rows
    n, hits = len(told), sum(row.hit or 0 for row in called) if called else None
    if n < LEAST:
        return Record(*key, n, hits, INSUFFICIENT)
    one = columns(told, key[2])
    return Record(
        *key,
        n,
        hits,
        MEASURED,
        hit_rate=None if hits is None else hits / n,
        hit_rate_95=None if hits is None else interval(one.hit > 0, one.cluster),
        opposite_hit_rate=float(one.opposite.mean()) if called else None,
        mean_return=float(one.ahead.mean()),
        median_return=float(np.median(one.ahead)),
        mean_favourable=float(one.favourable.mean()) if called else None,
        mean_adverse=float(one.adverse.mean()) if called else None,
        **differences(one, bool(called)),
    )


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows of one key as columns (N,); `ahead` is the move in the signal's direction. What is not known is
    NaN: hits without a direction, `drawn` figures without entries."""

    cluster: Ints
    ahead: Floats
    hit: Floats
    opposite: Floats
    favourable: Floats
    adverse: Floats
    drawn: Floats
    drawn_hit: Floats
    drawn_opposite: Floats
    drawn_return: Floats


def columns(rows: Sequence[Resolved], horizon: int) -> Columns:
    one = dict(zip(Resolved._fields, zip(*rows, strict=True), strict=True))
    side = np.array([-1.0 if way == "down" else 1.0 for way in one["direction"]])
    ahead = side * floats(one["forward_return"])
    drawn = floats(one["matched_n"])
    some = np.where(drawn > 0, drawn, np.nan)
    return Columns(
        clusters(np.array(one["at"], np.int64), horizon),
        ahead,
        floats(one["hit"]),
        (-ahead > half_usual(floats(one["volatility_1h"]), horizon)).astype(np.float64),
        floats(one["max_favourable"]),
        floats(one["max_adverse"]),
        drawn,
        floats(one["matched_hits"]) / some,
        floats(one["matched_opposite"]) / some,
        floats(one["matched_return"]),
    )


def floats(values: Sequence[float | None]) -> Floats:
    """A column; None becomes NaN."""
    return np.array(values, np.float64)


def differences(one: Columns, called: bool) -> dict[str, Any]:
    """What sets the signals apart from their own entries, of the rows that have some."""
    paired = one.drawn > 0
    if not paired.any():
        return {}
    group, ahead, drawn = one.cluster[paired], one.ahead[paired], one.drawn_return[paired]
    found: dict[str, Any] = {
        "pairs": int(paired.sum()),
        "matched_n": int(one.drawn.sum()),
        "matched_mean_return": float(drawn.mean()),
        "return_difference": estimate(ahead - drawn, group),
    }
    if not called:
        return found
    lift, against = (one.hit - one.drawn_hit)[paired], (one.opposite - one.drawn_opposite)[paired]
    found["matched_hit_rate"] = float(one.drawn_hit[paired].mean())
    found["lift"] = estimate(lift, group)
    found["direction"] = estimate(lift - against, group)
    return found
