"""Coins that stand for a dollar: what all who price them say, and for how long most say it is another price.

Votes are the quotes of exchanges and aggregators and the prices DeFiLlama gives. A quorum are two votes
and more than half of those that count, all beyond the band on one side: one source that is wrong, by however
much, moves nothing. Coins that only one source prices are not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from shared.market.consensus import median
from shared.models import MINUTE
from shared.platform.d1 import D1Database
from shared.signals.families.family import Look, Rows
from shared.signals.families.holding import SHAPES, hold
from shared.signals.families.memory import Memory
from shared.signals.families.subjects import PEGGED
from shared.signals.families.usual import LEAST, WINDOW, push_apart, usual
from shared.store import assets, metrics

KIND = "pegs"
BAND = 0.005  # 50 basis points: beyond what fees and a thin minute make of a coin that is worth a dollar
QUORUM = 2
TOLD = 45 * MINUTE  # a price collected each quarter of an hour still counts after two that failed
KEEP = 14 * MINUTE  # one value a quarter of an hour: 96 are a day
ARRAYS = {**SHAPES, "prices": (WINDOW,), "pushed_at": ()}


class Vote(NamedTuple):
    """One source's price of a coin, in dollars."""

    source: str
    price: float
    at: int


@dataclass(frozen=True, slots=True)
class Prices:
    """What DeFiLlama said of the pegged assets: (known_at, vote) in time order by asset id."""

    by_asset: Mapping[int, Sequence[tuple[int, Vote]]]

    def votes(self, asset: int, at: int) -> list[Vote]:
        """The newest price of each source, as it was known at `at`."""
        newest = {
            vote.source: vote
            for known_at, vote in self.by_asset[asset]
            if known_at <= at and vote.at >= at - TOLD
        }
        return list(newest.values())


async def prices(db: D1Database, since: int, now: int, names: Mapping[int, str]) -> Prices:
    """The pegged assets and the metrics that price them."""
    ids = await assets.ids(db, PEGGED)
    named = {f"stablecoin_price:{PEGGED[slug]}": id for slug, id in ids.items()}
    found: dict[int, list[tuple[int, Vote]]] = {id: [] for id in ids.values()}
    for name, source, at, known_at, value in await metrics.recent(db, list(named), since - TOLD, now):
        found[named[name]].append((known_at, Vote(names[source], value, at)))
    return Prices(found)


def looks(
    memory: Memory, quoted: Callable[[int], list[Vote]], touched: Sequence[int], at: int, prices: Prices
) -> Iterator[Look]:
    """One look at the pegged among the assets that were just quoted."""
    pegged = [asset for asset in touched if asset in prices.by_asset]
    if not pegged:
        return
    votes = [[*quoted(asset), *prices.votes(asset, at)] for asset in pegged]
    away = np.array([median([vote.price for vote in own]) - 1 for own in votes])
    agree = np.array([agreeing(own) for own in votes], np.float64)
    lanes = memory.lanes(KIND, ARRAYS)
    rows, instants = lanes.place(map(str, pegged)), np.full(len(pegged), at)
    before = usual(lanes.arrays["prices"][rows])
    held = hold(lanes, rows, instants, np.sign(agree), np.abs(away))
    push_apart(lanes.arrays["prices"], lanes.arrays["pushed_at"], rows, away, instants, KEEP)
    columns = {
        "away": away,
        "agree": np.abs(agree),
        "side": np.sign(agree),
        "since": held.since,
        "looks": held.looks,
        "least": held.least,
        "usual": before.median,
        "n": before.n.astype(np.float64),
        "at": instants.astype(np.float64),
    }
    enough = [len({vote.source for vote in own}) >= QUORUM for own in votes]
    ready = np.array(enough) & (before.n >= LEAST)

    def details(row: int) -> dict[str, Any]:
        return {"votes": [{**vote._asdict(), "beyond": side_of(vote)} for vote in votes[row]]}

    yield Look(KIND, rows, instants, ready, Rows(columns, details))


def side_of(vote: Vote) -> int:
    """-1 below the band around a dollar, 1 above it, 0 within."""
    away = vote.price - 1
    return 0 if abs(away) <= BAND else 1 if away > 0 else -1


def agreeing(votes: Sequence[Vote]) -> int:
    """How many votes are beyond the band, all on one side and a quorum (below it: minus), else 0."""
    sides = [side_of(vote) for vote in votes]
    for side in (-1, 1):
        n = sides.count(side)
        if n >= QUORUM and 2 * n > len(sides):
            return side * n
    return 0
