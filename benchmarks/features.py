"""Features: what the kernel, one live bar and its context cost for 130 assets, and what a row takes on disk.

    .venv/bin/python benchmarks/features.py [--assets 130] [--rounds 30]

"nothing collected" is a store with candles alone; "everything collected" adds a book, quotes, a day of news
and every metric of every asset. "kernel" is the step of the columns that no indicator gives. All times are
CPU seconds of this process, threads included.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from shared.env import ROOT, Env, read_settings
from shared.market.features.dictionary import FEATURES
from shared.market.features.kernels import MAKERS, BarFeatures
from shared.market.features.metrics import WANTED
from shared.market.indicators.engine import Engine
from shared.models import DAY, HOUR, MINUTE, Article, Metric, OrderBook, Quote
from shared.platform import d1
from shared.platform.bindings import open_env
from shared.signals import windows
from shared.signals.bars import Bars, bars_from
from shared.signals.beside import nothing_beside
from shared.signals.materialize import feature_statements
from shared.store import articles, assets, books, metrics, quotes
from shared.store.articles import NewArticle
from shared.store.assets import source_ids

STEP = 5 * MINUTE
FIRST = 1_763_683_200_000 // STEP


def make_bars(count: int, n: int) -> Bars:
    """`n` bars of each asset, with bodies and wicks."""
    rng = np.random.default_rng(1)
    closes = 100 * np.exp(np.cumsum(rng.standard_t(4, (count, n)) * 0.001, axis=1))
    opens = np.concatenate((closes[:, :1], closes[:, :-1]), axis=1)
    highs, lows = np.maximum(opens, closes) * 1.001, np.minimum(opens, closes) * 0.999
    times = np.tile((FIRST + np.arange(n)) * STEP, count)
    whose = np.repeat(np.arange(1, count + 1), n)
    volumes = np.exp(rng.normal(3, 0.6, count * n))
    return bars_from(
        [whose, np.ones_like(whose), times, *(x.ravel() for x in (opens, highs, lows, closes)), volumes]
    )


async def collect_everything(env: Env, count: int, now: int) -> None:
    """What all sources together would have stored by `now`."""
    known = [asset for asset in await assets.load(env.db) if asset.id <= count]
    ids = await source_ids(env.db, {"import", "binance", "coingecko"})
    rng, told = np.random.default_rng(2), []
    for one in WANTED:
        for name in {one.name(asset.slug) for asset in known} if one.own else {one.pattern}:
            told += [
                Metric(name, "import", now - one.lag - i * HOUR - MINUTE, float(rng.uniform(1, 2)))
                for i in range(2)
            ]
    await env.db.batch(metrics.add_statements(env.db, told, ids, 0))
    levels = tuple((100.0 - i, 1.0) for i in range(20)), tuple((101.0 + i, 2.0) for i in range(20))
    depth = [OrderBook(a.id, "binance", now - m * MINUTE, *levels) for a in known for m in (1, 6)]
    await env.db.batch(books.add_statements(env.db, depth, ids, 0))
    for source in ("binance", "coingecko"):
        await quotes.add(env.db, [Quote(a.id, source, now - MINUTE, 100.0) for a in known], 0)
    news = [article(rng, i, now - int(rng.integers(1, DAY)), count) for i in range(1000)]
    await env.db.batch(articles.add_statements(env.db, news, 0))


def article(rng: Any, number: int, at: int, count: int) -> NewArticle:
    about = tuple(int(x) for x in rng.integers(1, count + 1, 2))
    story = Article(f"a{number}", "feed", f"https://example.org/{number}", f"Story {number}", at)
    return NewArticle(story, float(rng.uniform(-1, 1)), "vader", assets=tuple(set(about)))


def kernel_cost(count: int, rounds: int) -> tuple[float, float]:
    """Median seconds of one bar: the kernel alone, and with the averages beside it."""
    rng, found = np.random.default_rng(3), []
    for makers in ((BarFeatures,), MAKERS):
        engine = Engine(makers)
        state, taken = engine.empty(count), []
        closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (220 + rounds, count)), axis=0))
        fields = np.stack(
            [
                closes,
                closes * 1.01,
                closes * 0.99,
                closes,
                closes,
                *([closes[:, :1] + 0 * closes] * 3),
                closes,
            ]
        )
        engine.advance(state, fields[:, :220])
        for number in range(220, 220 + rounds):
            began = time.process_time()
            engine.advance(state, fields[:, number : number + 1])
            taken.append(time.process_time() - began)
        found.append(statistics.median(taken))
    return found[0], found[1]


async def live(env: Env, count: int, rounds: int, everything: bool) -> tuple[float, float, float]:
    """Median seconds to compute and to write the rows of one bar, and bytes of a row."""
    bars = make_bars(count, 220 + rounds)
    ids = np.arange(1, count + 1)
    state = windows.with_lanes(windows.empty(), ids, np.ones_like(ids))
    last = (FIRST + 219) * STEP
    early = bars.take(bars.open_time <= last)
    windows.step(state, STEP, early, nothing_beside(early, 1))
    if everything:
        await collect_everything(env, count, last + STEP)
    computed, written = [], []
    for number in range(1, rounds + 1):
        new = bars.take(bars.open_time == last + number * STEP)
        measured = windows.step(state, STEP, new, nothing_beside(new, 1))
        began = time.process_time()
        statements = await feature_statements(env, STEP, measured, last + (number + 1) * STEP)
        computed.append(time.process_time() - began)
        began = time.process_time()
        await env.db.batch(statements)
        written.append(time.process_time() - began)
    ((size,),) = await env.db.prepare("SELECT avg(length(data)) FROM ml_features_materialized").raw()
    return statistics.median(computed), statistics.median(written), float(size)


async def on_disk(env: Env) -> float:
    """Bytes of the table and its index for one row."""
    ((rows,),) = await env.db.prepare("SELECT count(*) FROM ml_features_materialized").raw()
    before = (await env.db.prepare("SELECT 1").all()).meta.size_after
    await env.db.prepare("DELETE FROM ml_features_materialized").run()
    after = (await env.db.prepare("SELECT 1").all()).meta.size_after
    return float(before - after) / float(rows)


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--assets", type=int, default=130)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    kernel, beside = kernel_cost(asked.assets, asked.rounds)
    print(f"{len(FEATURES)} features, {asked.assets} assets, {asked.rounds} rounds, medians")
    print(f"kernel, one bar                       {kernel * 1e6:8,.0f} us")
    print(f"kernel and its averages, one bar      {beside * 1e6:8,.0f} us")
    for name, everything in (("nothing collected", False), ("everything collected", True)):
        with tempfile.TemporaryDirectory() as folder:
            db = await d1.connect(f"file:{Path(folder) / 'bench.db'}")
            await d1.migrate(db, ROOT / "migrations")
            env = await open_env(read_settings({"LAKE_URL": f"file:{folder}/lake"}), db=db)
            compute, write, size = await live(env, asked.assets, asked.rounds, everything)
            stored = await on_disk(env)
            await env.close()
        print(f"rows of one bar, {name:20} {compute * 1e6:8,.0f} us, written {write * 1e6:6,.0f} us")
        day = stored * 288 * asked.assets / 1e6
        print(f"  a row: {size:,.0f} bytes packed, {stored:,.0f} on disk; a day of 5m: {day:,.1f} MB")


if __name__ == "__main__":
    asyncio.run(main())
