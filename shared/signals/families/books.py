"""Order books as they arrive: how much is bid and asked near the middle, and how thick the book is.

Only what both sides show is compared: the reach is 1 % of the middle or, where twenty levels end before,
as far as the shorter side goes. Depth is counted in the quote currency.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import orjson

from shared.models import HOUR, MINUTE
from shared.platform.d1 import D1Database
from shared.signals.bars import Floats, Ints
from shared.signals.families.family import Family, Fresh, Look, Rows, asset_of_id
from shared.signals.families.memory import Lanes, Memory
from shared.signals.families.usual import LEAST, WINDOW, push, usual
from shared.store import books
from shared.store.assets import source_names
from shared.store.books import Snapshot

KIND, DEPTH_KIND, WINDOWS = "books", "liquidity", "snapshots"
CATCH_UP = 2 * HOUR
STORED = 2 * MINUTE  # a book is stored within a run of the moment it was taken
REACH = 0.01
# What one snapshot shows is often gone in the next: three in a row, a quarter of an hour, are meant.
IN_A_ROW = 3
ARRAYS: dict[str, tuple[int, ...]] = {"ratios": (WINDOW,), "depths": (WINDOW,), "times": (WINDOW,)}


class Depth(NamedTuple):
    """What a book holds within `reach` (a fraction) of its middle on each side, in the quote currency."""

    mid: float
    reach: float
    bid: float
    ask: float


async def fresh(db: D1Database, cursor: int, now: int) -> Fresh | None:
    rows = await books.changed(db, max(cursor - STORED, now - CATCH_UP), cursor, now)
    if not rows:
        return None
    names = await source_names(db, {row.source for row in rows})
    return Fresh(max(row.known_at for row in rows), (rows, names), len(rows))


def depth_of(bids: str, asks: str) -> Depth:
    """Of one snapshot's JSON levels, best first, as the store keeps them."""
    sides = [np.array(orjson.loads(text), np.float64) for text in (bids, asks)]
    mid = float(sides[0][0, 0] + sides[1][0, 0]) / 2
    away = [np.abs(side[:, 0] / mid - 1) for side in sides]
    # a little more than the last level itself, which counts
    reach = min(REACH, float(away[0][-1]), float(away[1][-1])) * (1 + 1e-9)
    bid, ask = (
        float((side[:, 0] * side[:, 1])[far <= reach].sum()) for side, far in zip(sides, away, strict=True)
    )
    return Depth(mid, reach, bid, ask)


def step(memory: Memory, fresh: Fresh) -> Iterator[Look]:
    """The first new book of every series, then the second, and so on."""
    rows, names = fresh.rows
    lanes = memory.lanes(WINDOWS, ARRAYS)
    series: dict[str, list[Snapshot]] = {}
    for row in rows:
        series.setdefault(f"{row.asset}@{names[row.source]}", []).append(row)
    for turn in range(max(map(len, series.values()))):
        here = {key: told[turn] for key, told in series.items() if len(told) > turn}
        place = lanes.place(here)
        at = np.array([one.at for one in here.values()], np.int64)
        newer = ~(at <= lanes.arrays["times"][place, -1])
        kept = [(key, one) for (key, one), new in zip(here.items(), newer, strict=True) if new]
        if kept:
            yield from looks(memory, lanes, place[newer], at[newer], kept)


def looks(
    memory: Memory, lanes: Lanes, rows: Ints, at: Ints, told: list[tuple[str, Snapshot]]
) -> Iterator[Look]:
    """One snapshot of some series, against the windows before it."""
    depths = [depth_of(one.bids, one.asks) for _, one in told]
    mid, reach, bid, ask = np.array(depths).T
    with np.errstate(divide="ignore"):
        ratio, depth = np.log(bid / ask), np.log((bid + ask) / (reach * 1e4))
    a = lanes.arrays
    own = {
        "mid": mid,
        "reach_bps": reach * 1e4,
        "bid_depth": bid,
        "ask_depth": ask,
        "at": at.astype(np.float64),
        "first": np.nanmin(a["times"][rows], axis=1, initial=np.inf),
        "last": a["times"][rows, -IN_A_ROW],
        "since": a["times"][rows, -(IN_A_ROW - 1)],
    }
    columns = {
        KIND: {**own, **against(a["ratios"][rows], ratio)},
        DEPTH_KIND: {**own, **against(a["depths"][rows], depth)},
    }
    for kind, found in columns.items():
        lane = memory.lanes(kind).place(key.partition("@")[0] for key, _ in told)
        yield Look(kind, lane, at, found["n"] >= LEAST, Rows(found, details_of([key for key, _ in told])))
    for name, values in (("ratios", ratio), ("depths", depth), ("times", at.astype(np.float64))):
        push(a[name], rows, values)


def against(window: Floats, value: Floats) -> dict[str, Floats]:
    """The newest value and those just before it against what was usual before these.

    `low` and `high` are the least and the greatest of the last IN_A_ROW, NaN where there are fewer; `value`
    is the greatest: what has collapsed is low in all of them.
    """
    recent = np.concatenate((window[:, -(IN_A_ROW - 1) :], value[:, None]), axis=1)
    before = usual(window[:, : -(IN_A_ROW - 1)])
    return {
        "value": recent.max(axis=1),
        "newest": value,
        "low": recent.min(axis=1),
        "high": recent.max(axis=1),
        "median": before.median,
        "mad": before.mad,
        "n": before.n.astype(np.float64),
    }


def details_of(keys: list[str]) -> Any:
    def details(row: int) -> dict[str, Any]:
        return {"book": keys[row].partition("@")[2], "in_a_row": IN_A_ROW}

    return details


FAMILY = Family("books", fresh, step, asset_of_id)
