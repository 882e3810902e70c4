"""Metrics as series of their own: each value scored once, as it arrives, by the scorer of univariate.py.

A series is one metric of one source. What the scorer remembers of it follows from all its values since the
first one followed (`since`): the stored rows from there on, in the order in which they became known and
without those that came behind newer ones, give every score again. A series that told nothing for six weeks
begins anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from inspect import getsource
from itertools import dropwhile
from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.platform.d1 import D1Database
from shared.signals import univariate
from shared.signals.bars import Floats, Ints
from shared.signals.families.family import Family, Fresh, Look, Rows
from shared.signals.families.followed import FOLLOWED, follow_of
from shared.signals.families.memory import Lanes, Memory
from shared.signals.families.subjects import asset_of_metric
from shared.signals.families.usual import push, usual
from shared.store import metrics
from shared.store.assets import Assets, source_names

KIND, LANES = "series", "values"
# Twenty assets with six sorts each, and the larger chains and coins. A series is 5 to 10 KB, and all are
# read and written at once: 256 are two rows of the store at most. Who was there first stays.
MOST = 256
# Values of a series before the first that is judged: to a scorer that saw little much is new. Of ordinary
# generated values one in 80 is an alarm after a hundred, one in 330 after 300, one in 1,200 after 750.
YOUNG = 300
KEPT = 16  # values shown to the reader, and whose median tells which way the newest one lies
SHAPES: dict[str, tuple[int, ...]] = {
    "state": (univariate.WIDTH,),
    "since": (),
    "count": (),
    "last_at": (),
    "kept": (KEPT,),
    "kept_at": (KEPT,),
}
# 10,000 hourly values: beyond them the scorer's spreads forget. What was told so late is not read either.
HISTORY = 400 * DAY
STRETCH = 20_000  # rows of the table read at a time, of all metrics
OVERLAP = 2 * MINUTE  # two sources store at once, and the one that knew first may commit last
FORGET = 45 * DAY

Told = Sequence[tuple[int, float]]  # (at, value)


async def fresh(db: D1Database, cursor: int, now: int) -> Fresh | None:
    """The next stretch of values that became known and are followed; what is not is passed without a look."""
    start = max(cursor, now - HISTORY)
    while (first := await metrics.next_known(db, start, now)) is not None:
        until = await metrics.reach(db, start, now, STRETCH)
        read = await metrics.changed(db, start - OVERLAP, until, HISTORY)
        rows = [row for row in read if follow_of(row[0])]
        if any(row[4] > start for row in rows):  # the others were there at the last look, as a rule
            names = await source_names(db, {row[1] for row in rows})
            return Fresh(max([first, *(row[4] for row in rows)]), (rows, names), len(rows))
        start = until
    return None


def step(memory: Memory, fresh: Fresh) -> Iterator[Look]:
    """The first new value of every series through the scorer, then the second, and so on.

    Only what scores is looked at: a series that tells nothing unusual is calm.
    """
    lanes = memory.lanes(LANES, SHAPES)
    told = chosen(lanes, arrived(*fresh.rows))
    keys = sorted(told, key=lambda key: -len(told[key]))  # those with another value always come first
    places = lanes.place(keys)
    own = {name: array[places] for name, array in lanes.arrays.items()}
    state = np.ascontiguousarray(own.pop("state").T)
    at, value = np.zeros(len(keys), np.int64), np.zeros(len(keys))
    for turn in range(len(told[keys[0]]) if keys else 0):
        here = [told[key][turn] for key in keys if len(told[key]) > turn]
        n, value[:] = len(here), np.nan
        at[:n], value[:n] = zip(*here, strict=True)
        begin(state, own, at[:n])
        scores = univariate.step(state, at, value)
        own["count"][:n] += 1
        if (rows := np.flatnonzero((scores > 0) & (own["count"] > YOUNG))).size:
            yield look(memory, [keys[row] for row in rows], columns(own, at, value, scores, rows))
        keep(own, at[:n], value[:n])
    for name, array in {**own, "state": state.T}.items():
        lanes.arrays[name][places] = array
    forget(memory, lanes)


def arrived(rows: list[tuple[str, int, int, float, int]], names: Mapping[int, str]) -> dict[str, Told]:
    """The values of each series as they became known; the series by when their first one did."""
    series = defaultdict[str, list[tuple[int, float]]](list)
    for name, source, at, value, _ in sorted(rows, key=lambda row: (row[4], row[0], row[2])):
        series[f"{name}@{names[source]}"].append((at, value))
    return dict(series)


def chosen(lanes: Lanes, series: Mapping[str, Told]) -> dict[str, Told]:
    """What is newer than all before it, of the series that are followed or for which there is room."""
    found: dict[str, Told] = {}
    free, seen = MOST - len(lanes.places), lanes.arrays["last_at"]
    for key, told in series.items():
        place = lanes.places.get(key)
        if place is not None:
            later = newer(told, seen[place])
        elif free:
            later = newer(from_least(told, FOLLOWED[key.partition(":")[0]].least), -np.inf)
            free -= bool(later)
        else:
            continue
        if later:
            found[key] = later
    return found


def from_least(told: Told, least: float) -> Told:
    return list(dropwhile(lambda one: one[1] < least, told))


def newer(told: Told, newest: float) -> Told:
    """Without the values that came behind newer ones."""
    later = list[tuple[int, float]]()
    for one in told:
        if one[0] > newest:
            newest = one[0]
            later.append(one)
    return later


def begin(state: Floats, own: dict[str, Floats], at: Ints) -> None:
    """Empty the lanes that are new, or were silent for so long that their past says nothing."""
    new = np.flatnonzero(~(at - own["last_at"][: len(at)] <= FORGET))
    if new.size:
        state[:, new] = univariate.empty(len(new))
        own["since"][new], own["count"][new] = at[new], 0.0
        own["kept"][new], own["kept_at"][new] = np.nan, np.nan


def keep(own: dict[str, Floats], at: Ints, value: Floats) -> None:
    """Note the newest values of the first lanes."""
    rows = np.arange(len(at))
    push(own["kept"], rows, value)
    push(own["kept_at"], rows, at.astype(np.float64))
    own["last_at"][rows] = at


def columns(own: dict[str, Floats], at: Ints, value: Floats, scores: Floats, rows: Ints) -> dict[str, Floats]:
    """Of the rows that score: `median` is that of the last values before, `n` how many, all (N,)."""
    before, kept_at = usual(own["kept"][rows]), own["kept_at"][rows]
    return {
        "at": at[rows].astype(np.float64),
        "value": value[rows],
        "score": scores[rows],
        "since": own["since"][rows],
        "count": own["count"][rows],
        "median": before.median,
        "n": before.n.astype(np.float64),
        "first": kept_at[np.arange(len(rows)), KEPT - np.maximum(before.n, 1)],
        "last": kept_at[:, -1],
        "kept": own["kept"][rows],
    }


def look(memory: Memory, keys: list[str], scored: dict[str, Floats]) -> Look:
    """Each row twice: an hour before a value that scores its series had nothing to tell.

    Without that a series of one value a day would never be calm within the cooldown, and never raise.
    """
    names = [key.rpartition("@")[::2] for key in keys]
    twice = {name: np.concatenate((column, column)) for name, column in scored.items()}
    twice["score"][: len(keys)] = 0.0
    twice["at"][: len(keys)] -= HOUR
    twice["points"] = np.tile([float(FOLLOWED[key.partition(":")[0]].points) for key in keys], 2)

    def told(row: int) -> dict[str, Any]:
        name, source = names[row % len(keys)]
        kept = twice["kept"][row]
        return {"series": {"name": name, "source": source}, "before": kept[np.isfinite(kept)].tolist()}

    lane, at = memory.lanes(KIND).place(keys), twice["at"].astype(np.int64)
    ready = np.ones(len(at), np.bool_)
    return Look(KIND, np.tile(lane, 2), at, ready, Rows(twice, told), watched=True)


def forget(memory: Memory, lanes: Lanes) -> None:
    """Drop the series that have told nothing for six weeks, and their episodes: others get their room."""
    last = lanes.arrays["last_at"]
    stale = last < np.nanmax(last, initial=-np.inf) - FORGET
    if stale.any():
        lanes.keep(~stale)
        found = memory.lanes(KIND)
        found.keep(np.array([key in lanes.places for key in found.keys], np.bool_))


def asset_of_series(key: str, assets: Assets) -> int:
    return asset_of_metric(key.rpartition("@")[0], assets)


def scorer() -> str:
    """Which scorer it is, by its text: a state follows from every line of it, that of another is no start."""
    return sha256(f"{univariate.WIDTH} {getsource(univariate)}".encode()).hexdigest()[:8]


# The name of the state tells the scorer: with another one all series are scored again from the stored rows.
FAMILY = Family(f"series-{scorer()}", fresh, step, asset_of_series)
