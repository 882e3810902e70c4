"""After a candle was corrected: what follows from it is computed again and stored as a new version.

Detection steps over each bar once; it neither looks back nor takes a correction into what it carries. So the
rows near a corrected bar, stored before or since, are compared here with what the candles say now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from shared.env import Env
from shared.market import quality
from shared.market.features.codec import decode_all, encode
from shared.market.features.dictionary import FEATURES, names
from shared.market.features.feature import GIVEN, VERSION
from shared.market.features.values import matrix
from shared.platform.d1 import D1Database, D1Error, D1PreparedStatement
from shared.signals.bars import STEPS, Floats
from shared.signals.columns import ENGINE
from shared.signals.feature_history import measured_blocks, span_of
from shared.signals.joining import LEADER
from shared.signals.known import Rows, corrected_bars
from shared.store import context, detector_state, features
from shared.store.features import Packed

NAME = "features"
# Windows end after 200 bars, and of what recurrences remember less than a millionth is left.
REACH = 200
# Recurrences begin HISTORY bars before, not where the live ones began: equal to nine digits is the same.
SAME = 1e-9

# Features of the bars alone; the others keep what was known when the row was first computed.
OWN = np.array(
    [
        feature.name in ENGINE.names if feature.how == GIVEN else not any(":" in x for x in feature.inputs)
        for feature in FEATURES
    ]
)
PARTS = tuple(f"quality_{part}" for part in quality.WEIGHTS)


async def revise(env: Env) -> dict[str, Any]:
    """Look at the rows that corrections reach; how many were looked at and how many got a new version."""
    loaded, now = await detector_state.load(env.db, NAME), env.now()
    looked_at, statements = 0, list[D1PreparedStatement]()
    for step in STEPS:
        reached = await reached_closes(env.db, step, min(loaded.cursor, now - REACH * step), now)
        if reached:
            slugs = await context.slugs(env.db)
            count, more = await compared(env.db, step, with_leader(slugs, reached), now)
            looked_at, statements = looked_at + count, statements + more
    try:
        results = await env.db.batch([*statements, *detector_state.swap_statements(env.db, loaded, now, b"")])
    except D1Error as error:
        if detector_state.lost_race(error):  # another run has looked at the same
            return {"rows": looked_at, "versions": 0}
        raise
    return {"rows": looked_at, "versions": sum(one.meta.changes for one in results[: len(statements)])}


async def reached_closes(db: D1Database, step: int, after: int, now: int) -> dict[int, tuple[int, int]]:
    """First and last close that corrections learned in (after, now] reach, by asset."""
    found: dict[int, tuple[int, int]] = {}
    for asset, _, opened, _ in await context.corrected(db, step, after, now):
        first, last = found.get(asset, (opened, opened))
        found[asset] = min(first, opened), max(last, opened)
    return {asset: (first + step, last + (REACH + 1) * step) for asset, (first, last) in found.items()}


def with_leader(
    slugs: Mapping[int, str], reached: Mapping[int, tuple[int, int]]
) -> dict[int, tuple[int, int]]:
    """Every asset is measured against bitcoin: what reaches it reaches all."""
    leader = next((id for id in reached if slugs[id] == LEADER), None)
    if leader is None:
        return dict(reached)
    start, end = reached[leader]
    found = dict.fromkeys(slugs, (start, end))
    for asset, (first, last) in reached.items():
        found[asset] = min(first, start), max(last, end)
    return found


async def compared(
    db: D1Database, step: int, reached: Mapping[int, tuple[int, int]], now: int
) -> tuple[int, list[D1PreparedStatement]]:
    """Stored rows of these closes against the candles; how many, and what stores those that changed."""
    stored: dict[tuple[int, int], Packed] = {}
    for asset, (first, last) in reached.items():
        rows = await features.of_asset(db, asset, step, since=first, until=last)
        stored.update({(row.at, row.asset): row for row in rows})
    changed = list[features.Row]()
    for source in sorted({row.source for row in stored.values()}):
        own = {pair: row for pair, row in stored.items() if row.source == source}
        closes, ids = [at for at, _ in own], {asset for _, asset in own}
        span = await span_of(db, step, min(closes), max(closes) + 1, ids, source)
        async for block in measured_blocks(db, span):
            pairs = zip(block.rows.at.tolist(), block.rows.asset.tolist(), strict=True)
            there = np.array([i for i, pair in enumerate(pairs) if pair in own], np.int64)
            if len(there):
                bars = {name: column[there] for name, column in block.bars.items()}
                changed += await new_versions(db, step, block.rows.take(there), bars, own, now)
    return len(stored), features.add_statements(db, step, VERSION, now, changed)


async def new_versions(
    db: D1Database,
    step: int,
    rows: Rows,
    bars: Mapping[str, Floats],
    stored: Mapping[tuple[int, int], Packed],
    now: int,
) -> list[features.Row]:
    """Rows whose own features differ from those stored."""
    pairs = list(zip(rows.at.tolist(), rows.asset.tolist(), strict=True))
    before = decode_all([stored[pair].data for pair in pairs], [stored[pair].dictionary for pair in pairs])
    after = np.where(OWN, matrix({**bars, "close": rows.close}, len(pairs)), before)
    differs = np.isnan(before) != np.isnan(after)
    away = np.abs(after - before) > SAME * np.maximum(np.abs(before), 1.0)
    chosen = np.flatnonzero((differs | away).any(axis=1))
    if not len(chosen):
        return []
    seen = rows.take(chosen)._replace(known_at=np.full(len(chosen), now))
    rated = with_quality(after[chosen], await corrected_bars(db, step, seen))
    heads = seen.at.tolist(), seen.asset.tolist(), seen.source.tolist()
    return list(zip(*heads, encode(rated), strict=True))


def with_quality(values: Floats, corrected: Floats) -> Floats:
    """Values (N, F) with the corrections that are known by now, and the score that follows."""
    place = {name: number for number, name in enumerate(names())}
    values[:, place["quality_corrections"]] = quality.corrections(corrected)
    parts = {name.removeprefix("quality_"): values[:, place[name]] for name in PARTS}
    values[:, place["quality_score"]] = quality.score(parts)
    return values
