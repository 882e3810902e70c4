"""Ingestion against bare SQLite: klines parsed, checked and stored; snapshots and what they write.

Peers, in turn and in the same run: sqlite3.executemany of ready tuples into the same table, sqlite-utils
upsert_all. Budgets: klines end to end >= 0.7 of bare executemany and >= 2.7 of sqlite-utils' write alone;
a snapshot of 250 coins writes at most 40 KiB of WAL.
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

from shared.models import MINUTE, Quote
from shared.platform import d1
from shared.sources import binance_klines
from shared.sources.decode import rows as decoded
from shared.store import candles, quotes
from shared.store.candle_rows import INTO

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


async def product(folder: Path, pages: list[bytes]) -> float:
    """Seconds: bytes in, checked rows stored."""
    db = await d1.connect(f"file:{folder / 'product.db'}")
    await d1.migrate(db, ROOT / "migrations")
    began = time.perf_counter()
    for page in pages:
        rows = [(k[0], k[1], k[2], k[3], k[4], k[5], k[8]) for k in decoded(page, binance_klines.Kline)]
        await candles.add_rows(db, 1, "binance", MINUTE, rows, T)
    seconds = time.perf_counter() - began
    await db.close()
    return seconds


async def bare(folder: Path, pages: list[bytes]) -> float:
    """Seconds: the tuples are there already; one transaction a page, no thread, no check."""
    data, db = ready(pages), sqlite3.connect(folder / "bare.db")
    db.executescript((ROOT / "migrations" / "0001_init.sql").read_text())
    db.executescript("PRAGMA journal_mode = wal; PRAGMA synchronous = normal")
    began = time.perf_counter()
    for rows in data:
        with db:
            db.executemany(BARE, rows)
    seconds = time.perf_counter() - began
    db.close()
    return seconds


async def peer(folder: Path, pages: list[bytes]) -> float:
    """Seconds: sqlite-utils upserts dicts that are there already."""
    data = [[dict(zip(COLUMNS, row, strict=True)) for row in rows] for rows in ready(pages)]
    db = sqlite_utils.Database(str(folder / "peer.db"))
    db.enable_wal()
    db.conn.execute("PRAGMA synchronous = normal")
    began = time.perf_counter()
    for rows in data:
        db["candles"].upsert_all(rows, pk=("step", "open_time", "asset", "source"))
    seconds = time.perf_counter() - began
    db.close()
    return seconds


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


async def main(pages: int, bars: int, rounds: int) -> None:
    made, rows = payloads(pages, bars), pages * bars
    cases: dict[str, Callable[[Path, list[bytes]], Awaitable[float]]] = {
        "product, bytes to stored": product,
        "bare executemany of tuples": bare,
        "sqlite-utils upsert_all": peer,
    }
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            with tempfile.TemporaryDirectory() as folder:
                found[name].append(await case(Path(folder), made))
    medians = {name: statistics.median(seconds) for name, seconds in found.items()}
    for name, seconds in medians.items():
        print(f"{name:28s} {seconds / rows * 1e6:7.2f} µs a row {rows / seconds:12,.0f} rows/s")
    own, ready_made, other = medians.values()
    print(f"against bare executemany {ready_made / own:.2f} (budget >= 0.7)")
    print(f"against sqlite-utils     {other / own:.2f} (budget >= 2.7)")
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
