"""Ingestion against bare SQLite: klines parsed, checked and stored; snapshots and what they write.

Peers, in turn and in the same run: sqlite3.executemany of ready tuples into the same table, sqlite-utils
upsert_all. Budgets: klines end to end >= 0.7 of bare executemany and >= 2.7 of sqlite-utils' write alone;
a snapshot of 250 coins writes at most 40 KiB of WAL. Figures are medians over the rounds, ratios those of
each round; by the processor's time too, which other programs disturb less. The bulk path is that of
history; a collecting run makes a record of every bar and is shown beside it, without a budget.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
import sqlite_utils

from shared.env import read_settings
from shared.models import MINUTE, Asset, Candle, Quote
from shared.platform import d1
from shared.sources import Ask, binance_klines, read_all
from shared.sources.decode import rows as decoded
from shared.store import candles, quotes
from shared.store.assets import Assets
from shared.store.candle_rows import INTO

Spent = tuple[float, float]
ROOT = Path(__file__).resolve().parents[1]
T = 1_763_683_200_000
COLUMNS = INTO[INTO.index("(") + 1 : INTO.index(")")].split(", ")
BARE = f"{INTO}({', '.join('?' * 11)})"


def payloads(count: int, bars: int) -> list[bytes]:
    """Answers of /api/v3/klines, oldest first, numbers as strings of eight decimals."""
    chance, found, price = random.Random(1), list[bytes](), 100.0
    for page in range(count):
        lines = []
        for n in range(page * bars, (page + 1) * bars):
            opened, price = price, price * (1 + chance.gauss(0, 0.001))
            high, low = max(opened, price) * 1.001, min(opened, price) * 0.999
            texts = [f"{x:.8f}" for x in (opened, high, low, price, chance.lognormvariate(4, 1))]
            at = T + n * MINUTE
            lines.append(
                [at, *texts, at + MINUTE - 1, "12345.67800000", chance.randrange(5000), "1.0", "2.0", "0"]
            )
        found.append(orjson.dumps(lines))
    return found


def ready(pages: list[bytes]) -> list[list[tuple[object, ...]]]:
    return [
        [
            (MINUTE, k[0], 1, 1, T, k[1], k[2], k[3], k[4], k[5], k[8])
            for k in decoded(page, binance_klines.Kline)
        ]
        for page in pages
    ]


def stopwatch() -> Callable[[], Spent]:
    """Seconds since now by the clock, and of the processor by all threads."""
    began, used = time.perf_counter(), time.process_time()
    return lambda: (time.perf_counter() - began, time.process_time() - used)


async def product(folder: Path, pages: list[bytes]) -> Spent:
    """Bytes in, checked rows stored."""
    db = await d1.connect(f"file:{folder / 'product.db'}")
    await d1.migrate(db, ROOT / "migrations")
    spent = stopwatch()
    for page in pages:
        rows = [(k[0], k[1], k[2], k[3], k[4], k[5], k[8]) for k in decoded(page, binance_klines.Kline)]
        await candles.add_rows(db, 1, "binance", MINUTE, rows, T)
    found = spent()
    await db.close()
    return found


async def collected(folder: Path, pages: list[bytes]) -> Spent:
    """The same bar by bar, as a collecting run reads them."""
    db = await d1.connect(f"file:{folder / 'collected.db'}")
    await d1.migrate(db, ROOT / "migrations")
    asset = Asset(1, "bitcoin", "BTC", "Bitcoin", "coin", 1, True, "bitcoin", "BTCUSDT")
    request = binance_klines.request_for("https://api.example", "BTCUSDT", None, 1000)
    ask = Ask(2 * T, 2 * T, read_settings({}), Assets([asset], {"BTC": 1, "BTCUSDT": 1}))
    spent = stopwatch()
    for page in pages:
        found = read_all(binance_klines.SOURCE, page, request, ask).records
        await candles.add(db, [one for one in found if isinstance(one, Candle)], T)
    done = spent()
    await db.close()
    return done


async def bare(folder: Path, pages: list[bytes]) -> Spent:
    """The tuples are there already; one transaction a page, no thread, no check."""
    data, db = ready(pages), sqlite3.connect(folder / "bare.db")
    db.executescript((ROOT / "migrations" / "0001_init.sql").read_text())
    db.executescript("PRAGMA journal_mode = wal; PRAGMA synchronous = normal")
    spent = stopwatch()
    for rows in data:
        with db:
            db.executemany(BARE, rows)
    found = spent()
    db.close()
    return found


async def peer(folder: Path, pages: list[bytes]) -> Spent:
    """sqlite-utils upserts dicts that are there already."""
    data = [[dict(zip(COLUMNS, row, strict=True)) for row in rows] for rows in ready(pages)]
    db = sqlite_utils.Database(str(folder / "peer.db"))
    db.enable_wal()
    db.conn.execute("PRAGMA synchronous = normal")
    spent = stopwatch()
    for rows in data:
        db["candles"].upsert_all(rows, pk=("step", "open_time", "asset", "source"))
    found = spent()
    db.close()
    return found


async def snapshots(folder: Path, count: int) -> tuple[float, float]:
    """Microseconds a row and KiB of WAL a snapshot of 250 coins, five minutes apart."""
    db = await d1.connect(f"file:{folder / 'quotes.db'}")
    await d1.migrate(db, ROOT / "migrations")
    chance, log, grown, spent = random.Random(2), folder / "quotes.db-wal", list[int](), list[float]()
    for page in range(count):
        now = T + page * 5 * MINUTE
        made = []
        for n in range(1, 251):
            price = round(n * 1.37 * (1 + chance.gauss(0, 0.01)), 4)
            at = now - chance.randrange(5_000, 120_000)
            made.append(
                Quote(
                    n,
                    "coingecko",
                    at,
                    price,
                    price * 1e6 // 1,
                    price * 1e9 // 1,
                    None,
                    price * 1.1,
                    price * 0.9,
                )
            )
        size, began = os.path.getsize(log), time.perf_counter()
        await quotes.add(db, made, now)
        spent.append(time.perf_counter() - began)
        grown.append(os.path.getsize(log) - size)
    await db.close()
    return statistics.median(spent) / 250 * 1e6, statistics.fmean(grown) / 1024


CASES: dict[str, Callable[[Path, list[bytes]], Awaitable[Spent]]] = {
    "product, bytes to stored": product,
    "bare executemany of tuples": bare,
    "sqlite-utils upsert_all": peer,
    "a collecting run": collected,
}


async def main(pages: int, bars: int, rounds: int) -> None:
    made, rows = payloads(pages, bars), pages * bars
    found: dict[str, list[Spent]] = {name: [] for name in CASES}
    for _ in range(rounds):
        for name, case in CASES.items():
            with tempfile.TemporaryDirectory() as folder:
                found[name].append(await case(Path(folder), made))
    for name, spent in found.items():
        wall, cpu = (statistics.median(column) / rows * 1e6 for column in zip(*spent, strict=True))
        print(f"{name:28s} {wall:7.2f} µs a row, {cpu:6.2f} of CPU {1e6 / wall:12,.0f} rows/s")
    own = found.pop("product, bytes to stored")
    for name, budget in (("bare executemany of tuples", 0.7), ("sqlite-utils upsert_all", 2.7)):
        pairs = zip(own, found[name], strict=True)
        wall, cpu = map(statistics.median, zip(*((b[0] / a[0], b[1] / a[1]) for a, b in pairs), strict=True))
        print(f"against {name}: {wall:.2f}, of CPU {cpu:.2f} (budget >= {budget})")
    with tempfile.TemporaryDirectory() as folder:
        micros, kib = await snapshots(Path(folder), 24)
    print(f"snapshot of 250 coins: {micros:.2f} µs a row, {kib:.1f} KiB of WAL (budget <= 40)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=100, help="answers to store (default %(default)s)")
    parser.add_argument("--bars", type=int, default=1000, help="bars in each (default %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=5, help="rounds; medians are shown (default %(default)s)"
    )
    asked = parser.parse_args()
    asyncio.run(main(asked.pages, asked.bars, asked.rounds))
