"""Detection: all of detect() for one new bar of 130 assets, part by part; backfill; recomputing from rows.

    .venv/bin/python benchmarks/detect.py [--assets 130] [--rounds 30]

CPU time of the whole process, threads included, as medians over the rounds. Peers in the same run: "kernel"
is the exact median and MAD alone, which no detection can do without; "rows" reads the 97 newest bars of every
asset from SQLite and computes the same two figures from them, as a detector without carried state would.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from shared.env import ROOT, Env, read_settings
from shared.market.indicators.engine import Engine
from shared.models import MINUTE, Asset
from shared.platform import d1
from shared.platform.bindings import open_env
from shared.platform.d1 import D1Database
from shared.signals import detect as detection
from shared.signals import play, state, windows
from shared.signals.bars import Bars
from shared.signals.columns import ENGINE
from shared.signals.detect import detect
from shared.signals.windows import WINDOW, median_mad
from shared.store import assets as asset_store
from shared.store import candles, detector_state

STEP = 5 * MINUTE
HISTORY = 400  # bars before the first live one: more than any detector needs to be warm
BUDGET = 0.025
SQL_NEWEST = (
    "SELECT asset, close, volume FROM candles WHERE step = ? AND open_time > ? ORDER BY open_time, asset"
)


class Parts:
    """CPU seconds inside some functions; what one of them calls of another counts for the inner one alone."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.open: list[list[float]] = []

    def watch(self, name: str, owner: Any, attribute: str) -> None:
        work = getattr(owner, attribute)

        async def awaited(*given: Any, **named: Any) -> Any:
            began = self.begin()
            answer = await work(*given, **named)
            self.end(name, began)
            return answer

        def called(*given: Any, **named: Any) -> Any:
            began = self.begin()
            answer = work(*given, **named)
            self.end(name, began)
            return answer

        setattr(owner, attribute, awaited if asyncio.iscoroutinefunction(work) else called)

    def begin(self) -> float:
        self.open.append([0.0])
        return time.process_time()

    def end(self, name: str, began: float) -> None:
        took = time.process_time() - began
        (inside,) = self.open.pop()
        self.spent[name] += took - inside
        if self.open:
            self.open[-1][0] += took


def watch_all(parts: Parts) -> None:
    parts.watch("load: state at hand", detection, "load_state")
    parts.watch("intake: what is new, read", detection, "new_bars")
    parts.watch("beside: bitcoin, indices", detection, "beside")
    parts.watch("kernels: every column of the bar", Engine, "advance")
    parts.watch("medians and MAD, exact", windows, "baselines")
    parts.watch("lanes and rows", detection, "measure_bars")
    parts.watch("asking: flows and books of what is found", detection, "answers")
    parts.watch("detectors and episodes", detection, "judge_bars")
    parts.watch("features: context, packed", detection, "feature_statements")
    parts.watch("store: state packed, one batch", detection, "store")
    parts.watch("tables: news, quotes, books, metrics", detection, "detect_tables")
    parts.watch("ledger: signals sealed", detection, "seal")
    parts.watch("users' rules", detection, "detect_rules")


def make_bars(assets: list[Asset], first: int, n: int) -> Bars:
    """`n` bars of each asset from bar number `first` on: fat-tailed walks that share the market's moves."""
    rng = np.random.default_rng(1)
    moves = 0.001 * (rng.standard_t(4, (len(assets), n)) + 0.5 * rng.standard_t(4, n))
    closes = 100 * np.exp(np.cumsum(moves, axis=1))
    opens = np.concatenate((np.full((len(assets), 1), 100.0), closes[:, :-1]), axis=1)
    wicks = np.exp(np.abs(rng.normal(0, 0.0005, (2, len(assets), n))))
    highs, lows = np.maximum(opens, closes) * wicks[0], np.minimum(opens, closes) / wicks[1]
    volumes = np.exp(rng.normal(3, 0.6, (len(assets), n)))
    ids, numbers = np.array([asset.id for asset in assets]), first + np.arange(n)
    order = np.argsort(ids)
    prices = [column[order].ravel() for column in (opens, highs, lows, closes, volumes)]
    return Bars(
        np.repeat(ids[order], n), np.ones(len(ids) * n, np.int64), np.tile(numbers * STEP, len(ids)), *prices
    )


async def store_bars(env: Env, bars: Bars) -> None:
    names = ("open_time", "open", "high", "low", "close", "volume")
    for asset in np.unique(bars.asset).tolist():
        one = bars.take(bars.asset == asset)
        rows = [(*row, None) for row in zip(*(getattr(one, name).tolist() for name in names), strict=True)]
        await candles.add_rows(env.db, asset, "binance", STEP, rows, 0)


async def read_state(db: D1Database) -> None:
    assert state.unpack((await detector_state.load(db, "bars:5m")).state)


async def from_rows(env: Env, assets: int, newest: int) -> None:
    """Two figures of the thousand, without carried state."""
    rows = await env.db.prepare(SQL_NEWEST).bind(STEP, newest - (WINDOW + 2) * STEP).raw()
    table = np.array(rows)
    closes = table[:, 1].reshape(-1, assets).T
    volumes = np.log(table[:, 2].reshape(-1, assets).T)
    median_mad(np.diff(np.log(closes), axis=1)[:, -WINDOW - 1 : -1].copy())
    median_mad(volumes[:, -WINDOW - 1 : -1].copy())


async def cpu(work: Callable[[], Any], rounds: int) -> float:
    """Median CPU seconds of one call, awaited where it must be."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        answer = work()
        if asyncio.iscoroutine(answer):
            await answer
        taken.append(time.process_time() - began)
    return statistics.median(taken)


async def live(env: Env, assets: list[Asset], rounds: int) -> None:
    bars = make_bars(assets, 1000, HISTORY + rounds)
    end = (1000 + HISTORY) * STEP
    waiting = [bars.take(bars.open_time == end + i * STEP) for i in range(rounds)]
    await store_bars(env, bars.take(bars.open_time < end))
    clock = {"now": end}
    env.now = lambda: clock["now"]
    began = time.perf_counter()
    first = await detect(env)
    took = time.perf_counter() - began
    print(f"first detect(), {first['bars']:,} bars: {took:.2f} s, {first['bars'] / took:,.0f} bars/s")
    rng = np.random.default_rng(2)  # rows never seen: the processor learns the branches of those it knows
    fresh = iter([[rng.normal(size=(len(assets), WINDOW)) for _ in range(2)] for _ in range(rounds)])
    kernel = await cpu(lambda: [median_mad(part) for part in next(fresh)], rounds)
    nothing = await cpu(lambda: detect(env), rounds)
    parts, whole, walls = Parts(), list[float](), list[float]()
    shares = defaultdict[str, list[float]](list)
    watch_all(parts)
    for some in waiting:
        await store_bars(env, some)
        clock["now"] += STEP
        parts.spent.clear()
        wall_began, began = time.perf_counter(), time.process_time()
        await detect(env)
        whole.append(time.process_time() - began)
        walls.append(time.perf_counter() - wall_began)
        for name, seconds in parts.spent.items():
            shares[name].append(seconds)
    alone = await cpu(lambda: read_state(env.db), rounds)
    recomputed = await cpu(lambda: from_rows(env, len(assets), clock["now"] - STEP), rounds)
    for name, spent in shares.items():
        line("  " + name, statistics.median(spent), kernel)
    line("whole detect() for one new bar", statistics.median(whole), kernel)
    line("the same, wall clock", statistics.median(walls), kernel)
    line("a new process reads its state beside that", alone, kernel)
    line("detect() with nothing new", nothing, kernel)
    line("kernel: exact median and MAD of two series", kernel, kernel)
    line("those two from rows, no state", recomputed, kernel)
    print(f"budget of {BUDGET * 1000:.0f} ms: {statistics.median(whole) * 1000:.1f} ms")
    await sizes(env.db, len(assets))


def line(name: str, seconds: float, unit: float) -> None:
    print(f"{name:48} {seconds * 1e3:9.2f} ms   {seconds / unit:6.1f} x kernel")


async def sizes(db: D1Database, assets: int) -> None:
    loaded = await detector_state.load(db, "bars:5m")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"state: {len(loaded.state):,} bytes in {loaded.parts} row(s), "
        f"{len(loaded.state) / assets:,.0f} an asset; "
        f"{len(ENGINE.names)} columns of {len(ENGINE.makers)} kernels; peak memory {peak:.0f} MiB"
    )


async def backfill(assets: list[Asset], n: int) -> None:
    bars = make_bars(assets, 1, n)

    def whole() -> None:
        carried = None
        for rows in play.stretches(bars):
            carried = play.play_bars(carried, STEP, bars.take(rows)).carried

    began = time.perf_counter()
    whole()
    took = time.perf_counter() - began
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
        known = [one for one in await asset_store.load(db) if one.kind == "crypto"][: asked.assets]
        print(f"{len(known)} assets, {asked.rounds} rounds, medians of CPU time")
        await live(env, known, asked.rounds)
        await backfill(known, 500)
        await env.close()


if __name__ == "__main__":
    asyncio.run(main())
