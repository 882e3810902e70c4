"""Metrics as of the closes of bars: the newest value of each, and what it was some time before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from shared.market.features.metrics import CHAINS, PREFIXES, WANTED, Wanted
from shared.platform.d1 import D1Database
from shared.signals.bars import Floats, Ints
from shared.store import context

Point = tuple[str, int, int, int]  # name, after, until, known_by
SHARED = tuple(one for one in WANTED if not one.own)


class Points:
    """What is asked, each once, and where the answers go: rows of columns."""

    def __init__(self, moments: Sequence[tuple[int, int]]) -> None:
        self.moments = moments
        self.asked: dict[Point, int] = {}
        self.places: dict[str, list[tuple[Ints, Ints]]] = defaultdict(list)

    def add_for_all(self, one: Wanted, moment: Ints) -> None:
        """Ask for what is the same for all assets; `moment` is the place of each row's moment."""
        places = [self.place(one, one.pattern, *times) for times in self.moments]
        self.places[one.column].append((np.arange(len(moment)), np.array(places)[moment]))

    def add(self, one: Wanted, name: str, rows: Ints, moment: Ints) -> None:
        """Ask for an asset's own metric at the moments of its rows."""
        places = [self.place(one, name, *self.moments[number]) for number in moment[rows].tolist()]
        self.places[one.column].append((rows, np.array(places)))

    def place(self, one: Wanted, name: str, at: int, known_by: int) -> int:
        until = at - one.lag
        return self.asked.setdefault((name, until - one.max_age, until, known_by), len(self.asked))


async def metric_columns(
    db: D1Database, asset: Ints, moments: Sequence[tuple[int, int]], moment: Ints
) -> dict[str, Floats]:
    """Columns (N,) by name of the dictionary's input; one that no row has a value for is missing.

    `moment` is the place of each row's (at, known_by) among `moments`.
    """
    names = await context.metric_names(db, PREFIXES, [one.pattern for one in SHARED])
    points = Points(moments)
    for one in SHARED:
        if one.pattern in names:
            points.add_for_all(one, moment)
    for one, name, rows in await rows_by_name(db, names, asset):
        points.add(one, name, rows, moment)
    values = np.array(await context.metric_values(db, list(points.asked)), np.float64)
    found = dict[str, Floats]()
    for column, parts in points.places.items():
        told = values[np.concatenate([places for _, places in parts])]
        if not np.isnan(told).all():
            found[column] = np.full(len(asset), np.nan)
            found[column][np.concatenate([rows for rows, _ in parts])] = told
    return found


async def rows_by_name(db: D1Database, names: Sequence[str], asset: Ints) -> list[tuple[Wanted, str, Ints]]:
    """Each wanted metric that exists for an asset of these rows: what is wanted, its name, its rows."""
    if not names:
        return []
    slugs = await context.slugs(db)
    order = np.argsort(asset, kind="stable")
    assets, starts = np.unique(asset[order], return_index=True)
    rows = dict(zip(assets.tolist(), np.split(order, starts[1:]), strict=True))
    by_slug, by_chain = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for id in rows:
        by_slug[slugs[id]].append(id)
        by_chain[CHAINS.get(slugs[id], slugs[id])].append(id)
    wanted = defaultdict[str, list[Wanted]](list)
    for one in WANTED:
        wanted[one.pattern.partition("{")[0]].append(one)
    found = list[tuple[Wanted, str, Ints]]()
    for name in names:
        prefix, colon, subject = name.partition(":")
        for one in wanted[prefix + colon]:
            whose = by_chain if one.pattern.endswith("{chain}") else by_slug
            found += [(one, name, rows[id]) for id in whose.get(subject, ())]
    return found
