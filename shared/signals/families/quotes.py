"""Quotes as they arrive: what the sources of one asset say at the same time, and how far they are apart.

Each collection is a look at the assets that it told of. Prices of different minutes differ because prices
move: sources are compared by quotes less than four minutes apart, which one collection brings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.market.consensus import WINDOW as FRESH
from shared.models import HOUR
from shared.platform.d1 import D1Database
from shared.signals.bars import Bools, Floats, Ints
from shared.signals.families import pegs
from shared.signals.families.family import Family, Fresh, Look, Rows, asset_of_id
from shared.signals.families.holding import APART, SHAPES, hold
from shared.signals.families.memory import Memory
from shared.signals.families.pegs import Vote
from shared.signals.families.usual import LEAST, WINDOW, push_apart, usual
from shared.store import quotes
from shared.store.assets import sources

KIND = "quotes"
CATCH_UP = 2 * HOUR  # nobody can act on a difference that was there earlier
# Two prices this near are one price: fees and the minutes between two looks make as much.
NEAR_BPS = 50.0
ARRAYS = {**SHAPES, "spreads": (WINDOW,), "pushed_at": ()}


@dataclass(slots=True)
class Board:
    """The newest quote of every asset and source: price and at (A, S), NaN where a source never spoke."""

    assets: Ints
    sources: list[str]
    price: Floats
    at: Floats

    def votes(self, asset: int) -> list[Vote]:
        """What the sources of an asset say, those that the consensus price would hear."""
        row = np.flatnonzero(self.assets == asset)
        spoke = self.speaking(row, FRESH)[0]
        return [
            Vote(name, float(self.price[row[0], n]), int(self.at[row[0], n]))
            for n, name in enumerate(self.sources)
            if spoke[n]
        ]

    def speaking(self, rows: Ints, within: int) -> Bools:
        """Which sources of the assets in `rows` are at most `within` ms behind the newest."""
        at = self.at[rows]
        spoke: Bools = at >= np.nanmax(at, axis=1)[:, None] - within
        return spoke


async def fresh(db: D1Database, cursor: int, now: int) -> Fresh | None:
    """The quotes that became known since the last look and what was said shortly before them."""
    since = max(cursor, now - CATCH_UP)
    last = await quotes.last_known(db, since - FRESH, now)
    if last is None or last <= since:
        return None
    rows = await quotes.said(db, since - FRESH, now)
    names = await sources(db)
    prices = await pegs.prices(db, since, now, names)
    return Fresh(last, (since, rows, names, prices), len(rows))


def step(memory: Memory, fresh: Fresh) -> Iterator[Look]:
    """Collection by collection, in the order in which they became known."""
    since, rows, names, prices = fresh.rows
    table = np.array([row[:4] for row in rows], np.int64)
    said = np.array([row[4] for row in rows])
    order = np.lexsort((table[:, 2], table[:, 3]))  # by known_at, then at
    table, said = table[order], said[order]
    assets, asset = np.unique(table[:, 0], return_inverse=True)
    ids, source = np.unique(table[:, 1], return_inverse=True)
    empty = np.full((len(assets), len(ids)), np.nan)
    board = Board(assets, [names[int(id)] for id in ids], empty, empty.copy())
    known, starts = np.unique(table[:, 3], return_index=True)
    for at, start, end in zip(known.tolist(), starts, [*starts[1:], len(table)], strict=True):
        place = (asset[start:end], source[start:end])
        newer = ~(board.at[place] > table[start:end, 2])
        place = (place[0][newer], place[1][newer])
        board.price[place], board.at[place] = said[start:end][newer], table[start:end, 2][newer]
        if at > since:
            touched = np.unique(asset[start:end])
            yield from spreads(memory, board, touched, at)
            yield from pegs.looks(memory, board.votes, assets[touched].tolist(), at, prices)


def spreads(memory: Memory, board: Board, touched: Ints, at: int) -> Iterator[Look]:
    """How far the sources of touched assets are apart, in bps of the lowest price, and how far usually."""
    touched = touched[board.speaking(touched, APART).sum(axis=1) > 1]
    if not len(touched):  # one source alone has nothing to differ from
        return
    price = np.where(board.speaking(touched, APART), board.price[touched], np.nan)
    bps = (np.nanmax(price, axis=1) / np.nanmin(price, axis=1) - 1) * 1e4
    lanes = memory.lanes(KIND, ARRAYS)
    rows = lanes.place(str(asset) for asset in board.assets[touched].tolist())
    before = usual(lanes.arrays["spreads"][rows])
    instants = np.full(len(rows), at)
    held = hold(lanes, rows, instants, (bps > NEAR_BPS).astype(np.float64), bps)
    told = lanes.arrays["spreads"], lanes.arrays["pushed_at"]
    push_apart(*told, rows, np.log1p(bps), instants, APART)
    columns = {
        "spread": bps,
        "least": held.least,
        "since": held.since,
        "looks": held.looks,
        "median": before.median,
        "mad": before.mad,
        "n": before.n.astype(np.float64),
        "at": instants.astype(np.float64),
    }
    yield Look(KIND, rows, instants, before.n >= LEAST, Rows(columns, votes_of(board, touched)))


def votes_of(board: Board, touched: Ints) -> Any:
    """What each source says, how far that is from the median of all, and whether it is recent enough."""

    def details(row: int) -> dict[str, Any]:
        place = touched[row : row + 1]
        spoke, prices, ats = board.speaking(place, APART)[0], board.price[place[0]], board.at[place[0]]
        middle = float(np.median(prices[spoke]))
        votes = [
            {
                "source": name,
                "price": float(prices[n]),
                "at": int(ats[n]),
                "from_median_bps": (float(prices[n]) / middle - 1) * 1e4,
                "used": bool(spoke[n]),
            }
            for n, name in enumerate(board.sources)
            if np.isfinite(prices[n])
        ]
        return {"votes": votes}

    return details


FAMILY = Family("quotes", fresh, step, asset_of_id)
