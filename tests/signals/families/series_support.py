"""Long metric series in the store, and their scores computed again from its rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from tables_support import START

from shared.env import Env
from shared.models import HOUR, MINUTE, Metric
from shared.platform.d1 import D1PreparedStatement
from shared.signals import univariate
from shared.store import metrics
from shared.store.assets import source_ids

DAYS = 20
HOURS = 24 * DAYS


def daily(hours: int = HOURS, level: float = 1e9, seed: int = 4) -> list[float]:
    """A level with a day's shape and a little noise, hour by hour."""
    noise = np.random.default_rng(seed).normal(0, 0.01, hours)
    day = 0.1 * np.sin(2 * np.pi * np.arange(hours) / 24)
    return (level * (1 + day + noise)).tolist()


async def fill(
    env: Env, name: str, values: list[float], every: int = HOUR, source: str = "x", start: int = START
) -> int:
    """Store a series as it was collected, a minute after each value; the instant of the last one."""
    ids = await source_ids(env.db, {source})
    statements = list[D1PreparedStatement]()
    for n, value in enumerate(values):
        at = start + n * every
        statements += metrics.add_statements(env.db, [Metric(name, source, at, value)], ids, at + MINUTE)
    await env.db.batch(statements)
    return start + (len(values) - 1) * every


async def replay(env: Env, evidence: dict[str, Any], until: int) -> tuple[int, float]:
    """How many values, and the last one's score: the stored rows since `since` through the scorer alone."""
    series = evidence["series"]
    stored = await metrics.history(env.db, series["name"], evidence["since"], until + 1, limit=100_000)
    rows = sorted((row.known_at, row.at, row.value) for row in stored if row.source == series["source"])
    state, newest, count, score = univariate.empty(1), -1, 0, 0.0
    for _, at, value in rows:
        if at > newest:
            (score,) = univariate.step(state, np.array([at]), np.array([value])).tolist()
            newest, count = at, count + 1
    return count, score
