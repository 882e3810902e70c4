"""Detection: one live bar for 130 assets, the whole of detect(), backfill, against recomputing from rows.

    .venv/bin/python benchmarks/detect.py [--assets 130] [--rounds 30]

Peers in the same run: "kernel" is the exact median and MAD alone; "rows" reads the 97 newest bars of every
asset from SQLite and computes the same scores from them, as a detector without carried state would.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np

from shared.env import ROOT, Env, read_settings
from shared.models import MINUTE, Asset
from shared.platform import d1
from shared.platform.bindings import open_env
from shared.signals import play, state, windows
from shared.signals.bars import Bars
from shared.signals.detect import detect
from shared.signals.windows import WINDOW, median_mad
from shared.store import assets as asset_store
from shared.store import candles, detector_state

STEP = 5 * MINUTE
SQL_NEWEST = (
    "SELECT asset, close, volume FROM candles WHERE step = ? AND open_time > ? ORDER BY open_time, asset"
)


def make_bars(assets: list[Asset], first: int, n: int) -> Bars:
    """`n` bars of each asset from bar number `first` on: one fat-tailed walk each."""
    rng = np.random.default_rng(1)
    closes = 100 * np.exp(np.cumsum(rng.standard_t(4, (len(assets), n)) * 0.001, axis=1))
    volumes = np.exp(rng.normal(3, 0.6, (len(assets), n)))
    ids, numbers = np.array([asset.id for asset in assets]), first + np.arange(n)
    order = np.argsort(ids)
    price = closes[order].ravel()
    times = np.tile(numbers * STEP, len(assets))
    return Bars(np.repeat(ids[order], n), np.ones_like(times), times, *[price] * 4, volumes[order].ravel())


async def timed(work: Callable[[], Any], rounds: int) -> float:
    """Median seconds of one call, awaited where it must be."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer = work()
        if isinstance(answer, Awaitable):
            await answer
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


async def store_bars(env: Env, bars: Bars) -> None:
    names = ("open_time", "open", "high", "low", "close", "volume")
    for asset in np.unique(bars.asset).tolist():
        one = bars.take(bars.asset == asset)
        rows = [(*row, None) for row in zip(*(getattr(one, name).tolist() for name in names), strict=True)]
        await candles.add_rows(env.db, asset, "binance", STEP, rows, 0)


async def load_step_store(env: Env, bars: Bars) -> None:
    """The detectors on one live bar with their state: what the budget of 1 ms is about."""
    loaded = await detector_state.load(env.db, "bars:5m")
    after, _ = play.play_bars(state.unpack(loaded.state), STEP, bars)
    cursor = int(after.windows.cursor.max())
    await env.db.batch([detector_state.swap_statement(env.db, loaded, cursor, state.pack(after))])


async def from_rows(env: Env, assets: int, newest: int) -> None:
    """The same figures without carried state."""
    rows = await env.db.prepare(SQL_NEWEST).bind(STEP, newest - (WINDOW + 2) * STEP).raw()
    table = np.array(rows)
    closes = table[:, 1].reshape(-1, assets).T
    volumes = np.log(table[:, 2].reshape(-1, assets).T)
    median_mad(np.diff(np.log(closes), axis=1)[:, -WINDOW - 1 : -1].copy())
    median_mad(volumes[:, -WINDOW - 1 : -1].copy())


async def live(env: Env, assets: list[Asset], rounds: int) -> None:
    history = 300
    bars = make_bars(assets, 1000, history + rounds)
    waiting = [bars.take(bars.open_time == (1000 + history + i) * STEP) for i in range(rounds)]
    await store_bars(env, bars.take(bars.open_time < (1000 + history) * STEP))
    clock = {"now": (1000 + history) * STEP}
    env.now = lambda: clock["now"]
    began = time.perf_counter()
    first = await detect(env)
    took = time.perf_counter() - began
    print(f"first detect(), {first['bars']:,} bars: {took * 1000:.0f} ms, {first['bars'] / took:,.0f} bars/s")
    loaded = await detector_state.load(env.db, "bars:5m")
    carried = state.unpack(loaded.state)
    assert carried is not None
    rng = np.random.default_rng(2)  # rows never seen: the processor learns the branches of those it knows
    fresh = iter([[rng.normal(size=(len(assets), WINDOW)) for _ in range(2)] for _ in range(rounds)])
    kernel = await timed(lambda: [median_mad(windows) for windows in next(fresh)], rounds)
    queue = iter(waiting)
    step = await timed(lambda: play.play_bars(carried, STEP, next(queue)), rounds)
    queue = iter(waiting)
    whole = await timed(lambda: load_step_store(env, next(queue)), rounds)
    await env.db.prepare("DELETE FROM detector_state").run()
    await detect(env)
    taken = []
    for bars in waiting:
        await store_bars(env, bars)
        clock["now"] = int(bars.open_time[0]) + STEP
        began = time.perf_counter()
        await detect(env)
        taken.append(time.perf_counter() - began)
    nothing = await timed(lambda: detect(env), rounds)
    rows = await timed(lambda: from_rows(env, len(assets), clock["now"] - STEP), rounds)
    line("kernel: exact median and MAD, returns and volumes", kernel, kernel)
    line("detectors on one bar, state in memory", step, kernel)
    line("detectors on one bar, state loaded and stored", whole, kernel)
    line("the same figures from rows, no state", rows, kernel)
    line("whole detect() for one bar", statistics.median(taken), kernel)
    line("detect() with nothing new", nothing, kernel)
    print(f"carried state against rows: {rows / whole:.1f} x; budget of 1 ms: {whole * 1000:.2f} ms")


def line(name: str, seconds: float, unit: float) -> None:
    print(f"{name:52} {seconds * 1e6:10,.0f} us   {seconds / unit:6.1f} x kernel")


async def backfill(assets: list[Asset], n: int) -> None:
    bars = make_bars(assets, 1, n)
    lanes = np.unique(bars.asset)
    cold = windows.with_lanes(windows.empty(), lanes, np.ones_like(lanes))
    took = await timed(lambda: play.play_bars(state.Carried(cold, {}), STEP, bars), 3)
    print(f"backfill of {len(bars):,} bars, in memory: {took:.2f} s, {len(bars) / took:,.0f} bars/s")


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--assets", type=int, default=130)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = await d1.connect(f"file:{Path(folder) / 'bench.db'}")
        await d1.migrate(db, ROOT / "migrations")
        env = await open_env(read_settings({"LAKE_URL": f"file:{folder}/lake"}), db=db)
        known = list(await asset_store.load(db))[: asked.assets]
        print(f"{len(known)} assets, window {WINDOW}, {asked.rounds} rounds, medians")
        await live(env, known, asked.rounds)
        await backfill(known, 1000)
        await env.close()


if __name__ == "__main__":
    asyncio.run(main())
