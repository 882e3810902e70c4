"""What rules read of the store: bars of each symbol once, the news and signals of the same stretch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shared.market.codec import Columns
from shared.market.features.codec import decode_all
from shared.market.features.dictionary import names
from shared.platform.d1 import D1Database
from shared.signals.bars import Floats, Ints
from shared.signals.joining import LEADER
from shared.signals.rules.features import is_stored
from shared.signals.rules.inputs import Inputs
from shared.signals.rules.panel import Panel, beside_bitcoin, panel_of
from shared.signals.rules.told import TOLD, Raised, Stories
from shared.signals.rules.tree import Leaf, Program
from shared.store import candles, features, rules
from shared.store.assets import Assets


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bars with start <= open time < end, or with `newest` only so many of them; milliseconds."""

    start: int
    end: int
    newest: int | None = None


class Bars:
    """Bars of one length; a series that several rules read is read once."""

    def __init__(self, db: D1Database, step: int, stretch: Stretch) -> None:
        self.db, self.step, self.stretch = db, step, stretch
        self.known: dict[int, Columns] = {}

    async def of(self, assets: Iterable[int]) -> list[tuple[int, Columns]]:
        """(asset, bars) in the order asked for."""
        wanted = list(assets)
        for asset in wanted:
            if asset not in self.known:
                start, end, newest = self.stretch.start, self.stretch.end, self.stretch.newest
                _, found = await candles.read_columns(self.db, asset, self.step, start, end, limit=newest)
                self.known[asset] = found
        return [(asset, self.known[asset]) for asset in wanted]


async def read_inputs(
    bars: Bars, programs: Sequence[Program], members: Sequence[int], assets: Assets
) -> Inputs:
    """What these programs read for these members, all of one bar length."""
    slugs = dict.fromkeys(slug for program in programs for slug in program.assets)
    ids = {slug: found.id for slug in slugs if (found := assets.resolve(slug))}
    panel = panel_of(await bars.of(members))
    others = {slug: panel_of(await bars.of([id])) for slug, id in ids.items()}
    leaves = [leaf for program in programs for leaf in program.leaves]
    everyone = [*members, *ids.values()]
    first, last = told_between(panel, leaves, bars.step)
    stories = await read_stories(bars.db, leaves, everyone, first, last)
    raised = await read_raised(bars.db, leaves, first, last)
    stored = await read_stored(bars, leaves, everyone, first, last)
    leader = assets.resolve(LEADER)
    if leader and any(leaf.source == "feature" for leaf in leaves):
        bitcoin = panel_of(await bars.of([leader.id]))
        panel = beside_bitcoin(panel, bitcoin)
        others = {slug: beside_bitcoin(one, bitcoin) for slug, one in others.items()}
    return Inputs(bars.step, panel, others, ids, stories, raised, stored)


def told_between(panel: Panel, leaves: Sequence[Leaf], step: int) -> tuple[int, int]:
    """From the longest span of news or signals before the first bar until the last close."""
    opened = panel.open_time[~np.isnan(panel.ohlcv.close)]
    span = max((int(leaf.setting("within")) for leaf in leaves if leaf.source in TOLD), default=0)
    return (int(opened.min()) - span, int(opened.max()) + step) if len(opened) else (0, 0)


async def read_stories(
    db: D1Database, leaves: Sequence[Leaf], assets: Sequence[int], first: int, last: int
) -> Stories:
    """Stories about the assets, where a rule asks for any."""
    asked = any(leaf.source in ("sentiment", "mentions") for leaf in leaves)
    rows = await rules.stories(db, assets, first, last) if asked else []
    since = await rules.news_since(db) if asked else None
    whole = np.array([row[:3] for row in rows], np.int64).reshape(-1, 3)
    return Stories(whole[:, 0], whole[:, 1], whole[:, 2], numbers([row[3] for row in rows]), since)


def numbers(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if one is None else one for one in values], np.float64)


async def read_raised(db: D1Database, leaves: Sequence[Leaf], first: int, last: int) -> Mapping[str, Raised]:
    """Signals of each type a rule names."""
    found = dict[str, Raised]()
    for type in dict.fromkeys(leaf.name for leaf in leaves if leaf.source == "signal"):
        rows = await rules.raised(db, type, first, last)
        whole = np.array([row[:3] for row in rows], np.int64).reshape(-1, 3)
        sure, directions = numbers([row[3] for row in rows]), [row[4] for row in rows]
        found[type] = Raised(whole[:, 0], whole[:, 1], whole[:, 2], sure, directions)
    return found


async def read_stored(
    bars: Bars, leaves: Sequence[Leaf], assets: Sequence[int], first: int, last: int
) -> dict[tuple[str, int], tuple[Ints, Floats]]:
    """Features that bars alone do not tell, in the version that is known now."""
    asked = {leaf.name for leaf in leaves if leaf.source == "feature" and is_stored(leaf.name)}
    found = dict[tuple[str, int], tuple[Ints, Floats]]()
    for asset in assets if asked else ():
        rows = await features.of_asset(bars.db, asset, bars.step, since=first, until=last)
        rows.reverse()
        table = decode_all([row.data for row in rows], [row.dictionary for row in rows])
        closes = np.array([row.at for row in rows], np.int64)
        found.update({(name, asset): (closes, table[:, names().index(name)]) for name in asked})
    return found
