"""Candles at rest: bytes a bar and reads, against a plain row table of the same bars in the same run.

Scaled down from 130 symbols and a year: some symbols, forty days of five-minute bars in arrival order.
Budgets: <= 8 bytes a bar once a week is closed; thirty days of a symbol <= 1.5 ms and >= 5 x the row
table; the newest quote of 130 assets <= 0.25 ms without a GROUP BY.
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

import apsw

from shared.models import DAY, MINUTE, Quote
from shared.platform import d1
from shared.store import candles, quotes
from shared.store.candle_rows import CandleRow

ROOT = Path(__file__).resolve().parents[1]
WEEK = 7 * DAY
START = 1_763_683_200_000 // WEEK * WEEK
STEP = 5 * MINUTE
PEER = """CREATE TABLE bars (symbol TEXT, ts INTEGER, open REAL, high REAL, low REAL, close REAL, volume REAL,
    PRIMARY KEY (symbol, ts)) WITHOUT ROWID"""
PEER_READ = (
    "SELECT ts, open, high, low, close, volume FROM bars WHERE symbol = ? AND ts >= ? AND ts < ? ORDER BY ts"
)


def walk(seed: int, count: int) -> list[CandleRow]:
    """Prices of six digits, volumes of two decimals."""
    chance, rows = random.Random(seed), list[CandleRow]()
    price = 10 ** chance.uniform(-2, 4)
    for n in range(count):
        opened = float(f"{price * (1 + chance.gauss(0, 0.0002)):.6g}")
        price = float(f"{opened * (1 + chance.gauss(0, 0.002)):.6g}")
        high = max(opened, price, float(f"{max(opened, price) * (1 + abs(chance.gauss(0, 0.001))):.6g}"))
        low = min(opened, price, float(f"{min(opened, price) * (1 - abs(chance.gauss(0, 0.001))):.6g}"))
        rows.append((START + n * STEP, opened, high, low, price, round(chance.lognormvariate(4, 1), 2), None))
    return rows


async def timed(*works: Callable[[], Awaitable[object]], times: int = 60) -> list[tuple[float, float]]:
    """Median and least milliseconds of each, taken in turns: the mood of the machine is the same for all."""
    spent: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for work, taken in zip(works, spent, strict=True):
            began = time.perf_counter()
            await work()
            taken.append((time.perf_counter() - began) * 1000)
    return [(statistics.median(taken), min(taken)) for taken in spent]


def peer_table(path: Path, series: list[list[CandleRow]]) -> sqlite3.Connection:
    """In arrival order: all symbols of one time after the other."""
    db = sqlite3.connect(path)
    db.executescript("PRAGMA journal_mode = wal; PRAGMA synchronous = normal")
    db.execute(PEER)
    rows = ((f"COIN{n}", *row[:6]) for bars in zip(*series, strict=True) for n, row in enumerate(bars))
    with db:
        db.executemany("INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return db


def weight(db: sqlite3.Connection | apsw.Connection, folder: Path) -> int:
    """Bytes of the file without its free pages.

    The connection must be of the library that has the file open already: one process that opens a file
    with two copies of SQLite loses its locks.
    """
    copy = folder / "copy.db"
    copy.unlink(missing_ok=True)
    db.execute("VACUUM INTO ?", (str(copy),))
    return os.path.getsize(copy)


async def filled(db: d1.D1Database, series: list[list[CandleRow]]) -> None:
    """A day at a time, as collection would have brought it."""
    for at in range(0, len(series[0]), 288):
        for asset, rows in enumerate(series, 1):
            known_at = rows[at][0] + 2 * DAY
            await candles.add_rows(db, asset, "binance", STEP, rows[at : at + 288], known_at)


async def read_both(db: d1.D1Database, peer: sqlite3.Connection, label: str, end: int) -> None:
    """The same thirty days of one symbol from both."""

    async def own() -> object:
        return await candles.read_columns(db, 1, STEP, end - 30 * DAY, end)

    async def rows() -> object:
        return peer.execute(PEER_READ, ("COIN0", end - 30 * DAY, end)).fetchall()

    _, found = await candles.read_columns(db, 1, STEP, end - 30 * DAY, end)
    assert len(found.open_time) == 30 * DAY // STEP
    (table, _), (spent, least) = await timed(rows, own)
    print(f"30 days, {label}: {spent:.2f} ms, at best {least:.2f} (budget <= 1.5);", end=" ")
    print(f"row table {table:.2f} ms, {table / spent:.1f} x")


async def main(symbols: int, days: int) -> None:
    packed, tail = days * DAY // STEP, 144
    series = [walk(seed, packed + tail) for seed in range(symbols)]
    total, end = symbols * packed, START + packed * STEP
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "own.db"
        db = await d1.connect(f"file:{path}")
        await d1.migrate(db, ROOT / "migrations")
        beside = apsw.Connection(str(path))
        empty, began = weight(beside, folder), time.perf_counter()
        await filled(db, [rows[:packed] for rows in series])
        stored = time.perf_counter()
        await candles.compact(db, end + 2 * DAY)
        done = time.perf_counter()
        print(f"{total:,} bars stored at {(stored - began) / total * 1e6:.2f} µs, ", end="")
        print(f"packed at {(done - stored) / total * 1e6:.2f} µs each")
        peer = peer_table(folder / "peer.db", series)
        own = (weight(beside, folder) - empty) / total
        other = weight(peer, folder) / (total + symbols * tail)
        print(f"{own:.2f} bytes a bar (budget <= 8); row table {other:.1f}, {other / own:.1f} x")
        await read_both(db, peer, "all packed", end)
        await filled(db, [rows[packed:] for rows in series])
        await read_both(db, peer, "half a day of it still rows", end + tail * STEP)
        await quotes.add(db, [Quote(n, "coingecko", end, n * 1.37, 1e6, 1e9) for n in range(1, 131)], end)
        ((newest, _),) = await timed(lambda: quotes.latest(db))
        print(f"newest quote of 130: {newest:.2f} ms (budget <= 0.25)")
        peer.close()
        beside.close()
        await db.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--symbols", type=int, default=12, help="how many (default %(default)s)")
    parser.add_argument("--days", type=int, default=42, help="days of each (default %(default)s)")
    asked = parser.parse_args()
    asyncio.run(main(asked.symbols, asked.days))
