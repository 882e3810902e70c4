"""Detection on everything that is no bar: news, mentions, quotes, order books, metrics.

Each family is asked what is new to it; its looks go through the detectors that read them, and what they find
is stored with the state it follows from in one batch, as with bars. A run without anything new reads one row
and one index a family, and ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from shared.env import Env
from shared.models import HOUR
from shared.signals import episodes
from shared.signals.detector import COOLDOWN, EXPIRES, NO_BAR, Detector, Scores
from shared.signals.detectors import ON_TABLES
from shared.signals.episodes import Episodes, Event
from shared.signals.families import FAMILIES
from shared.signals.families.family import Family, Fresh, Look
from shared.signals.families.memory import LAYOUT, Lanes, Memory, pack, unpack
from shared.signals.play import Found, finding, in_order
from shared.signals.pricing import with_price
from shared.signals.raising import Names, Tally, store
from shared.store import detector_state

# More rows than this are played beside the event loop: a hundred values of one series take some 25 ms.
AT_ONCE = 100
ATTEMPTS = 3  # lost races: after that the others are doing the work
READING = {kind: [one for one in ON_TABLES if one.reads == kind] for kind in {one.reads for one in ON_TABLES}}


class Hit(NamedTuple):
    """A finding whose asset is not named yet: the key of its lane is."""

    key: str
    found: Found


async def detect_tables(env: Env, names: Names, moment: Callable[[int], int]) -> Tally:
    """Everything that no run has looked at, family by family."""
    total = Tally()
    for family in FAMILIES:
        total.add(await detect_family(env, names, family, moment))
    return total


def state_name(family: Family) -> str:
    return f"tables:{family.name}:{LAYOUT}"


async def detect_family(env: Env, names: Names, family: Family, moment: Callable[[int], int]) -> Tally:
    """Stretch by stretch until nothing is new, each stored by itself."""
    total, lost, name = Tally(), 0, state_name(family)
    while lost < ATTEMPTS:
        cursor = await detector_state.cursor(env.db, name)
        fresh = await family.fresh(env.db, cursor, env.now())
        if fresh is None:
            break
        loaded = await detector_state.load(env.db, name)
        stored = None
        if loaded.cursor == cursor:
            memory = unpack(loaded.state)
            if memory is None:  # damaged: as if nobody had looked yet
                memory, fresh = Memory(), await family.fresh(env.db, 0, env.now()) or fresh
            found = await complete(env, names, family, await played(family, memory, fresh))
            stored = await store(env, names, found, moment, loaded, (fresh.cursor, pack(memory)))
        if stored is None:  # another run has looked at this
            lost += 1
            continue
        stored.rows = fresh.count
        total.add(stored)
    return total


async def played(family: Family, memory: Memory, fresh: Fresh) -> list[Hit]:
    """`play` here and now, or beside the event loop where there are many rows."""
    if fresh.count > AT_ONCE:
        return await asyncio.to_thread(play, family, memory, fresh)
    return play(family, memory, fresh)


def play(family: Family, memory: Memory, fresh: Fresh) -> list[Hit]:
    """Step a family over what is new; `memory` moves on in place."""
    hits = list[Hit]()
    for look in family.step(memory, fresh):
        for detector in READING.get(look.kind, ()):
            hits += rate(detector, memory.lanes(look.kind), look)
    return hits


def rate(detector: Detector, lanes: Lanes, look: Look) -> list[Hit]:
    """One look through one detector and its episodes, whose ticks are hours."""
    scores, before = detector.score(look.rows, NO_BAR), lanes.episodes_of(detector.type)
    tick, cooldown = look.at // HOUR, COOLDOWN[NO_BAR]
    if look.watched:
        watch(before, look, cooldown)
    lanes.episodes[detector.type], events = episodes.advance(
        before,
        look.lane,
        tick,
        look.at,
        scores,
        ready=look.ready,
        raise_at=detector.raise_at[NO_BAR],
        cooldown=cooldown,
        expires=EXPIRES[NO_BAR],
    )
    keys = lanes.keys if events else []
    return [Hit(keys[int(look.lane[event.row])], found_in(detector, look, scores, event)) for event in events]


def watch(state: Episodes, look: Look, cooldown: int) -> None:
    """Who is not in a look at everybody had nothing to tell, and so had who was never in one before."""
    absent = np.ones(len(state.last_calm), np.bool_)
    absent[look.lane] = False
    tick = look.at // HOUR
    state.last_calm[absent] = tick.max(initial=episodes.NEVER)
    fresh = look.ready & (state.last_finding[look.lane, 0] == episodes.NEVER)
    state.last_finding[look.lane[fresh]] = tick[fresh, None] - cooldown - 1
    state.last_calm[look.lane[fresh]] = tick[fresh, None] - 1


def found_in(detector: Detector, look: Look, scores: Scores, event: Event) -> Found:
    at, evidence = int(look.at[event.row]), detector.evidence(look.rows, event.row, NO_BAR)
    return Found(finding(detector, scores, event.row, 0, at, NO_BAR, evidence, None), event.open_at)


async def complete(env: Env, names: Names, family: Family, hits: list[Hit]) -> list[Found]:
    """Findings with their assets, and those that raise with price, volatility and articles."""
    if not hits:
        return []
    assets, _ = await names.get()
    found = list[Found]()
    for key, one in strongest([named(hit, family.asset_of(hit.key, assets)) for hit in hits]):
        if one.raises:
            if family.articles:
                one.finding.evidence["articles"] = await family.articles(env.db, key, one.finding.at)
            one = await with_price(env, one)
        found.append(one)
    return in_order(found)


def named(hit: Hit, asset: int) -> Hit:
    return Hit(hit.key, replace(hit.found, finding=replace(hit.found.finding, asset=asset)))


def strongest(hits: list[Hit]) -> list[Hit]:
    """Of signals of one type, asset and instant (two chains of the market) the strongest: they are one."""
    best: dict[tuple[str, int, int], Hit] = {}
    others = list[Hit]()
    for hit in hits:
        one = hit.found.finding
        place = (one.type, one.asset, one.at)
        if not hit.found.raises:
            others.append(hit)
        elif place not in best or best[place].found.finding.raw_score < one.raw_score:
            best[place] = hit
    return [*best.values(), *others]
