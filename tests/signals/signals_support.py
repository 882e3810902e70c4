"""Bars made for tests: random walks with a seed, with holes and jumps where asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.env import Env
from shared.models import HOUR, Candle
from shared.signals.bars import Bars, bars_of
from shared.store import candles


def bars_from_paths(
    assets: int, n: int, *, seed: int = 0, holes: bool = False, step: int = HOUR, jumps: bool = False
) -> Bars:
    """`n` bars of each asset, numbered from 1; holes take about a tenth of them away, some at the start."""
    rng = np.random.default_rng(seed)
    rows = []
    for asset in range(1, assets + 1):
        moves = rng.standard_t(4, n) * 0.01
        if jumps:
            moves[rng.random(n) < 0.03] *= 12
        close = 100 * np.exp(np.cumsum(moves))
        volume = np.exp(rng.normal(3, 0.6, n) + 8 * np.abs(moves))
        volume[rng.random(n) < 0.05] = 0
        kept = (rng.random(n) > 0.1) & (np.arange(n) >= 20 * (asset % 3)) if holes else np.ones(n, bool)
        for i in np.flatnonzero(kept):
            price = float(close[i])
            rows.append((asset, 1, (i + 1) * step, price, price, price, price, float(volume[i])))
    return bars_of(rows)


async def store_bars(
    env: Env, bars: Bars, step: int = HOUR, source: str = "binance", known_at: int = 0
) -> None:
    """Put bars into the store as a collection would."""
    names = [(a, t, *prices) for a, t, *prices in zip(*columns_of(bars), strict=True)]
    made = [Candle(a, source, step, t, o, h, lo, c, v) for a, t, o, h, lo, c, v in names]
    await candles.add(env.db, made, known_at)


def columns_of(bars: Bars) -> list[list[Any]]:
    names = ("asset", "open_time", "open", "high", "low", "close", "volume")
    return [getattr(bars, name).tolist() for name in names]


async def everything(env: Env) -> dict[str, list[Any]]:
    """All that detection writes, for comparing runs; the versions of the states apart."""
    found = {
        name: await env.db.prepare(f"SELECT * FROM {name} ORDER BY 1, 2").raw()
        for name in ("signals", "signal_outcomes", "outbox")
    }
    found["state"] = await env.db.prepare(
        "SELECT name, cursor, state FROM detector_state ORDER BY name"
    ).raw()
    return found
