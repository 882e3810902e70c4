"""Metrics as their values arrive: each against the last 96 of its own series.

A series is one metric of one source; several sources of a metric share its episodes, so that what all of
them tell is one signal. Values that come late, behind newer ones of their series, are passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.platform.d1 import D1Database
from shared.signals.bars import Floats, Ints
from shared.signals.families.family import Family, Fresh, Look, Rows
from shared.signals.families.memory import Lanes, Memory
from shared.signals.families.subjects import asset_of_metric
from shared.signals.families.usual import LEAST, WINDOW, push, usual
from shared.signals.families.watched import BY_KIND, Watch, watch_of
from shared.store import metrics
from shared.store.assets import source_names

WINDOWS = "windows"
SHAPES: dict[str, tuple[int, ...]] = {"values": (WINDOW,), "times": (WINDOW,), "last": (), "last_at": ()}
SLACK = 5 * MINUTE  # a collection is never on time to the millisecond
# A run that never looked begins four days back: the windows of hourly values are then full.
BACK, CHUNK = 4 * DAY, 6 * HOUR
OVERLAP = 2 * MINUTE  # two sources store at once, and the one that knew first may commit last
# Values older than this when they became known would fall out of every window.
OLDEST = 40 * DAY
FORGET = 45 * DAY  # pools die

Series = Mapping[str, list[tuple[int, float]]]  # (at, value) in time order, by name@source


async def fresh(db: D1Database, cursor: int, now: int) -> Fresh | None:
    """The next stretch of values that became known, at most six hours of them."""
    start = max(cursor, now - BACK)
    first = await metrics.next_known(db, start, now)
    if first is None:
        return None
    until = min(first + CHUNK, now)
    rows = await metrics.changed(db, start - OVERLAP, until, OLDEST)
    names = await source_names(db, {row[1] for row in rows})
    series = defaultdict[str, list[tuple[int, float]]](list)
    for name, source, at, value, _ in rows:
        if watch_of(name):
            series[f"{name}@{names[source]}"].append((at, value))
    return Fresh(max([first, *(row[4] for row in rows)]), series, len(rows))


def step(memory: Memory, fresh: Fresh) -> Iterator[Look]:
    """One look a kind for the first new value of every series, then for the second, and so on."""
    lanes = memory.lanes(WINDOWS, SHAPES)
    for keys, at, value in rounds(lanes, fresh.rows):
        watches = [watched(key) for key in keys]
        rows = lanes.place(keys)
        columns = measure(lanes, rows, at, value, watches)
        kinds = np.array([watch.kind for watch in watches])
        for kind in dict.fromkeys(kinds.tolist()):
            yield look(memory, kind, np.flatnonzero(kinds == kind), keys, at, columns)
        keep(lanes, rows, at, columns["value"], watches)
    forget(memory, lanes)


def watched(key: str) -> Watch:
    found = watch_of(key)
    if found is None:
        raise KeyError(key)
    return found


def rounds(lanes: Lanes, series: Series) -> Iterator[tuple[list[str], Ints, Floats]]:
    """Series by series the values that are newer than what its lane has seen, one of each at a time."""
    new: dict[str, list[tuple[int, float]]] = {}
    seen = lanes.arrays["last_at"].tolist()
    for key, told in series.items():
        place = lanes.places.get(key)
        later = told if place is None else [one for one in told if not one[0] <= seen[place]]
        if later and (place is not None or max(value for _, value in later) >= watched(key).least):
            new[key] = later
    for turn in range(max(map(len, new.values()), default=0)):
        here = [(told[turn][0], key, told[turn][1]) for key, told in new.items() if len(told) > turn]
        here.sort()  # two sources of one metric in time order
        at, keys, values = zip(*here, strict=True)
        yield list(keys), np.array(at, np.int64), np.array(values, np.float64)


def measure(lanes: Lanes, rows: Ints, at: Ints, raw: Floats, watches: list[Watch]) -> dict[str, Floats]:
    """Each value against the window before it; all (N,), NaN where the window does not tell.

    `before` is the value a span ago, `move_mad` the MAD of the moves from one kept value to the next, each
    divided by the root of how many `every` it took. `count`, `events`, `slots` and `variance` are for what is
    a count: this one, and those of the window; no feeds tell it.
    """
    log = np.array([watch.log for watch in watches])
    span, every = (np.array([getattr(w, name) for w in watches], np.float64) for name in ("span", "every"))
    value = np.where(log, np.log(np.maximum(raw, 1.0)), raw)  # a collapse to nothing ends at one dollar
    values, times = lanes.arrays["values"][rows], lanes.arrays["times"][rows]
    level = usual(values)
    took = np.maximum(np.diff(times, axis=1) / every[:, None], 1.0)
    moves = usual(np.diff(values, axis=1) / np.sqrt(took))
    ago = at[:, None] - times
    there = (ago >= span[:, None] - SLACK) & (ago <= 1.5 * span[:, None])
    last, each = WINDOW - 1 - there[:, ::-1].argmax(axis=1), np.arange(len(rows))
    known = there.any(axis=1)
    some = np.where(np.isfinite(values), values, 0.0)
    total, count = some.sum(axis=1), np.maximum(level.n, 1)
    squares = np.where(np.isfinite(values), (values - (total / count)[:, None]) ** 2, 0.0).sum(axis=1)
    return {
        "value": value,
        "median": level.median,
        "mad": level.mad,
        "n": level.n.astype(np.float64),
        "count": raw,
        "events": total,
        "slots": level.n.astype(np.float64),
        "feeds": np.full(len(rows), np.nan),
        "variance": squares / np.maximum(level.n - 1, 1),
        "before": np.where(known, values[each, last], np.nan),
        "before_at": np.where(known, times[each, last], np.nan),
        "move_mad": moves.mad,
        "moves": moves.n.astype(np.float64),
        "first": np.where(level.n > 0, times[each, WINDOW - np.maximum(level.n, 1)], np.nan),
        "last": times[:, -1],
        "at": at.astype(np.float64),
        "every": every,
    }


def look(
    memory: Memory, kind: str, chosen: Ints, keys: list[str], at: Ints, columns: dict[str, Floats]
) -> Look:
    """The rows of one kind; lanes of its episodes are metrics, whoever tells them."""
    own, series = {name: column[chosen] for name, column in columns.items()}, [keys[row] for row in chosen]
    lane = memory.lanes(kind).place(key.rpartition("@")[0] for key in series)
    rows = Rows(own, details_of(memory.lanes(WINDOWS), series))
    return Look(kind, lane, at[chosen], own["n"] >= LEAST, rows)


def details_of(lanes: Lanes, keys: list[str]) -> Callable[[int], dict[str, Any]]:
    """The series of a row, and what other sources said of the metric last."""

    def details(row: int) -> dict[str, Any]:
        name, _, source = keys[row].rpartition("@")
        last, at = lanes.arrays["last"], lanes.arrays["last_at"]
        votes = [
            {"source": key.rpartition("@")[2], "value": float(last[place]), "at": int(at[place])}
            for key, place in lanes.places.items()
            if key != keys[row] and key.rpartition("@")[0] == name and np.isfinite(at[place])
        ]
        return {"series": {"name": name, "source": source}, "votes": votes}

    return details


def keep(lanes: Lanes, rows: Ints, at: Ints, value: Floats, watches: list[Watch]) -> None:
    """Note the newest values, and append to the windows those that come a whole `every` after the last."""
    a, every = lanes.arrays, np.array([watch.every for watch in watches])
    due = ~(at - a["times"][rows, -1] < every - SLACK)  # also where nothing was kept yet
    push(a["values"], rows[due], value[due])
    push(a["times"], rows[due], at[due].astype(np.float64))
    a["last"][rows], a["last_at"][rows] = value, at


def forget(memory: Memory, lanes: Lanes) -> None:
    """Drop the series that have told nothing for six weeks, and their episodes."""
    last = lanes.arrays["last_at"]
    stale = last < np.nanmax(last, initial=-np.inf) - FORGET
    if not stale.any():
        return
    lanes.keep(~stale)
    names = {key.rpartition("@")[0] for key in lanes.places}
    for kind in BY_KIND.keys() & memory.keys():
        memory[kind].keep(np.array([key in names for key in memory[kind].keys], np.bool_))


FAMILY = Family("metrics", fresh, step, asset_of_metric)
