"""A market made for tests in which every feature has a value: bars, books, quotes, news and all metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shared.env import ROOT, Env
from shared.market.features.dictionary import names
from shared.market.features.metrics import WANTED
from shared.models import DAY, HOUR, MINUTE, Article, Candle, Metric, OrderBook, Quote
from shared.platform import d1
from shared.platform.d1 import D1Database
from shared.signals import windows
from shared.signals.bars import Bars, bars_of
from shared.signals.feature_history import Table, history, span_of
from shared.signals.joining import beside
from shared.signals.materialize import feature_statements
from shared.store import articles, assets, books, candles, metrics, quotes
from shared.store.articles import NewArticle
from shared.store.assets import source_ids

LATELY = 72  # hours before the end from which there are books, quotes and news
START = 1_762_300_800_000  # 2025-11-05T00:00Z
ASSETS = 12  # enough for the market as a whole to have figures
BARS = 240
WAIT = 5 * MINUTE  # how long after a close a row is computed


def market(assets_: int = ASSETS, n: int = BARS, *, seed: int = 0, holes: bool = False) -> Bars:
    """Hours of random walks with bodies, wicks and volumes; holes take a twentieth of the bars away."""
    rng = np.random.default_rng(seed)
    common, rows = rng.normal(0, 0.006, n), []
    for asset in range(1, assets_ + 1):
        moves = common + rng.standard_t(4, n) * 0.004
        closes = 100 * asset * np.exp(np.cumsum(moves))
        opens = np.concatenate(([100.0 * asset], closes[:-1])) * np.exp(rng.normal(0, 0.0005, n))
        highs = np.maximum(opens, closes) * np.exp(np.abs(rng.normal(0, 0.002, n)))
        lows = np.minimum(opens, closes) * np.exp(-np.abs(rng.normal(0, 0.002, n)))
        volumes = np.exp(rng.normal(3, 0.6, n))
        kept = rng.random(n) > 0.05 if holes else np.ones(n, np.bool_)
        for i in np.flatnonzero(kept):
            prices = (opens[i], highs[i], lows[i], closes[i], volumes[i])
            rows.append((asset, 1, START + int(i) * HOUR, *map(float, prices)))
    return bars_of(rows)


async def store_candles(env: Env, bars: Bars, source: str = "binance") -> None:
    """Each bar is known a second after its close."""
    names = ("asset", "open_time", "open", "high", "low", "close", "volume")
    rows = zip(*(getattr(bars, name).tolist() for name in names), strict=True)
    by_time: dict[int, list[Candle]] = {}
    for asset, at, *prices in rows:
        by_time.setdefault(at, []).append(Candle(asset, source, HOUR, at, *prices))
    for at, some in sorted(by_time.items()):
        await candles.add(env.db, some, at + HOUR + 1000)


async def store_everything(env: Env, bars: Bars, until: int, seed: int = 1) -> None:
    """Bars that close until an instant, and what else was known by a little later, as it became known."""
    await store_candles(env, bars.take(bars.open_time + HOUR <= until))
    known = await assets.load(env.db)
    records: list[tuple[int, Any]] = []
    rng = np.random.default_rng(seed)
    slugs = [asset.slug for asset in known if asset.id <= 2]  # who has metrics: enough for a test
    for hour in range(-170, BARS + 1):
        at = START + hour * HOUR
        told = metrics_at(rng, at, slugs, hour) + (others_at(rng, at) if hour >= BARS - LATELY else [])
        records += [(at + lag, one) for lag, one in told]
    for hour in range(-380 * 24, -170, 24 * 7):
        at = START + hour * HOUR
        records.append((at, Metric("macro:cpi", "import", at, 300.0 + rng.normal())))
    there = [pair for pair in records if pair[0] <= until + WAIT and true_at(pair[1]) <= until]
    await store_records(env, there)


def true_at(record: Any) -> int:
    at: int = record.article.at if isinstance(record, NewArticle) else record.at
    return at


def metrics_at(rng: Any, at: int, slugs: list[str], hour: int) -> list[tuple[int, Any]]:
    """(delay, metric) of one hour; some are learned late, some are told before they are true."""
    found: list[tuple[int, Any]] = []
    for one in WANTED:
        rare = one.max_age > 6 * HOUR and one.pattern not in ("macro:spx", "macro:dxy")
        if one.lag or (rare and hour % 6):
            continue
        for slug in slugs if one.own else [""]:
            late = int(rng.choice([0, 3 * HOUR, DAY, -2 * HOUR], p=[0.7, 0.1, 0.1, 0.1]))
            value = float(np.exp(rng.normal(0, 0.3)))
            found.append((MINUTE + late, Metric(one.name(slug), "import", at, value)))
    return found


def others_at(rng: Any, at: int) -> list[tuple[int, Any]]:
    """(delay, record) of one hour: books, quotes and articles, in the same disorder."""
    found: list[tuple[int, Any]] = []
    for asset in range(1, ASSETS + 1):
        middle, sizes = 100.0 * asset, rng.uniform(0.5, 5, (2, 20)).tolist()
        bids = tuple((middle * (1 - 0.0001 * (i + 1)), size) for i, size in enumerate(sizes[0]))
        asks = tuple((middle * (1 + 0.0001 * (i + 1)), size) for i, size in enumerate(sizes[1]))
        when, late = at - 2 * MINUTE, int(rng.choice([0, 3 * HOUR], p=[0.9, 0.1]))
        found.append((late - 2 * MINUTE + 500, OrderBook(asset, "binance", when, bids, asks)))
        for minutes in (-1, 20):  # and one whose source's clock is far ahead
            price = middle * float(np.exp(rng.normal(0, 0.02)))
            found.append((-MINUTE, Quote(asset, "coingecko", at + minutes * MINUTE, price)))
    for number in range(6):
        when = at - int(rng.integers(1, 59)) * MINUTE
        late = int(rng.choice([0, 2 * HOUR, -2 * HOUR], p=[0.6, 0.2, 0.2]))
        story = Article(f"{at}-{number}", "feed", f"https://x/{at}/{number}", f"Story {number}", when)
        mood, about = float(rng.uniform(-1, 1)), tuple(int(x) for x in rng.choice(ASSETS, 3, False) + 1)
        found.append((late, NewArticle(story, mood, "vader", assets=about)))
    return found


async def store_records(env: Env, records: list[tuple[int, Any]]) -> None:
    """(known_at, record) of any kind."""
    ids = await source_ids(env.db, {"import", "binance", "coingecko"})
    by_time: dict[int, list[Any]] = {}
    for known_at, record in records:
        by_time.setdefault(known_at, []).append(record)
    statements = []
    for known_at, some in sorted(by_time.items()):
        told = [one for one in some if isinstance(one, Metric)]
        statements += metrics.add_statements(env.db, told, ids, known_at)
        depth = [one for one in some if isinstance(one, OrderBook)]
        statements += books.add_statements(env.db, depth, ids, known_at)
        news = [one for one in some if isinstance(one, NewArticle)]
        statements += articles.add_statements(env.db, news, known_at) if news else []
        if prices := [one for one in some if isinstance(one, Quote)]:
            await quotes.add(env.db, prices, known_at)
    await env.db.batch(statements)


@asynccontextmanager
async def another(env: Env, path: Path) -> AsyncIterator[Env]:
    """The same bindings over a database of its own."""
    database = await d1.connect(f"file:{path / 'another.db'}")
    await d1.migrate(database, ROOT / "migrations")
    yield replace(env, db=database)
    await database.close()


async def play(env: Env, bars: Bars, state: windows.Windows | None = None) -> windows.Windows:
    """Store the features of bars as a live run does that sees them all at once."""
    ids, first = np.unique(bars.asset, return_index=True)
    state = windows.with_lanes(state or windows.empty(), ids, bars.source[first])
    measured = windows.step(state, HOUR, bars, await beside(env.db, HOUR, bars))
    known_at = int(bars.open_time.max()) + HOUR + WAIT
    await env.db.batch(await feature_statements(env, HOUR, measured, known_at))
    return state


def at_close(bars: Bars, at: int) -> Bars:
    return bars.take(bars.open_time + HOUR == at)


def corrected(bars: Bars, row: int, close: float) -> Candle:
    """One bar with another close."""
    high, low = max(close, float(bars.high[row])), min(close, float(bars.low[row]))
    opened, volume = float(bars.open[row]), float(bars.volume[row])
    at = int(bars.open_time[row])
    return Candle(int(bars.asset[row]), "binance", HOUR, at, opened, high, low, close, volume)


async def computed(db: D1Database, start: int, end: int, ids: list[int]) -> Table:
    """History of some assets as one table."""
    span = await span_of(db, HOUR, start, end, ids)
    tables = [table async for table in history(db, span)]
    rows = [np.concatenate(columns) for columns in zip(*(table.rows for table in tables), strict=True)]
    return Table(type(tables[0].rows)(*rows), np.concatenate([table.values for table in tables]))


def same_rows(short: Table, long: Table) -> None:
    """All of the shorter table stands in the longer one, bit for bit."""
    count = len(short.rows.at)
    assert count
    for mine, theirs in zip(short.rows, long.rows, strict=True):
        np.testing.assert_array_equal(mine, theirs[:count])
    for place, name in enumerate(names()):
        mine, theirs = short.values[:, place].view(np.int64), long.values[:count, place].copy().view(np.int64)
        assert np.array_equal(mine, theirs), name
