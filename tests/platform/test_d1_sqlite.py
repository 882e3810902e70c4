"""The sqlite driver: threads, several processes, crashes, a full disk."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from fractions import Fraction
from math import inf, nan
from pathlib import Path

import apsw
import libsql_client
import numpy
import pytest

from shared.platform import d1
from shared.platform.d1 import D1Database, limits
from shared.platform.d1.values import only_numbers

ROOT = Path(__file__).resolve().parents[2]
COUNT = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?) SELECT count(*) FROM c"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[D1Database]:
    database = await d1.connect(f"file:{file}")
    await database.exec("CREATE TABLE t (k INTEGER, i INTEGER, PRIMARY KEY (k, i))")
    yield database
    await database.close()


def run_python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A process of its own that may use the product."""
    head = "import asyncio, resource, signal, sys\nfrom shared.platform import d1\n"
    command = [sys.executable, "-c", head + code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


APPEND = """
async def main():
    db = await d1.connect("file:" + sys.argv[1])
    insert = db.prepare("INSERT INTO t VALUES (?, ?)")
    for k in range(int(sys.argv[2]), 10**9):
        if k % 2:
            await db.batch([insert.bind(k, i) for i in range(50)])
        else:
            await db.execute_many(insert.sql, [(k, i) for i in range(50)])
        print(k, flush=True)
asyncio.run(main())
"""


async def test_kill_9_keeps_what_was_acknowledged_and_tears_nothing(store: D1Database, file: Path) -> None:
    acknowledged: set[int] = set()
    for round in range(5):
        process = run_python(APPEND, file, (round + 1) * 1_000_000)
        assert process.stdout
        acknowledged.add(int(process.stdout.readline()))
        await asyncio.sleep(0.03 + 0.02 * round)
        process.send_signal(signal.SIGKILL)
        acknowledged |= {int(line) for line in process.stdout.read().splitlines()}
        process.wait()
        stored = dict(await store.prepare("SELECT k, count(*) FROM t GROUP BY k").raw())
        assert acknowledged <= stored.keys()
        assert set(stored.values()) == {50}
    assert len(acknowledged) > 20
    assert apsw.Connection(str(file)).pragma("integrity_check") == "ok"


BUMP = """
async def main():
    db = await d1.connect("file:" + sys.argv[1])
    for _ in range(100):
        await db.prepare("UPDATE t SET i = i + 1 WHERE k = 1").run()
    await db.close()
asyncio.run(main())
"""


async def test_several_processes_write_one_file(store: D1Database, file: Path) -> None:
    await store.prepare("INSERT INTO t VALUES (1, 0)").run()
    processes = [run_python(BUMP, file) for _ in range(3)]
    while any(process.poll() is None for process in processes):
        await store.prepare("UPDATE t SET i = i + 1 WHERE k = 1").run()
        await store.prepare("UPDATE t SET i = i - 1 WHERE k = 1").run()
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert await store.prepare("SELECT i FROM t").first("i") == 300


async def test_readers_see_whole_batches_while_writing(store: D1Database) -> None:
    await store.execute_many("INSERT INTO t VALUES (?, ?)", [(k, 0) for k in range(10)])
    low = store.prepare("SELECT sum(i) AS s FROM t WHERE k < 5")
    high = store.prepare("SELECT sum(i) AS s FROM t WHERE k >= 5")

    async def write() -> None:
        for _ in range(60):
            await store.batch(
                [
                    store.prepare(f"UPDATE t SET i = i {sign} 1 WHERE k = {k}")
                    for sign, k in (("+", 1), ("-", 7))
                ]
            )

    async def read() -> None:
        while not writer.done():
            one, other = await store.batch([low, high])
            assert one.results[0]["s"] + other.results[0]["s"] == 0

    writer = asyncio.create_task(write())
    await asyncio.gather(writer, *(read() for _ in range(4)))
    assert await low.first("s") == 60


async def longest_stall(work: asyncio.Task[object]) -> float:
    """How long the event loop once answered nobody while `work` ran."""
    longest = 0.0
    while not work.done():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - began)
    return longest


async def test_a_slow_read_does_not_hold_the_event_loop(store: D1Database) -> None:
    count = store.prepare(COUNT)
    for _ in range(20):
        assert await count.bind(10).raw() == [(10,)]  # quick: from now on answered on the event loop
    work = asyncio.create_task(count.bind(2_000_000).raw())
    assert await longest_stall(work) < 0.1
    assert work.result() == [(2_000_000,)]
    assert await count.bind(10).raw() == [(10,)]


async def test_a_read_that_keeps_stalling_returns_ever_later(store: D1Database) -> None:
    count, driver = store.prepare(COUNT), store.driver
    for _ in range(4):
        while not driver._quick:  # type: ignore[attr-defined]
            await count.bind(1).raw()
        assert await count.bind(300_000).raw() == [(300_000,)]
    assert driver._trial[COUNT] >= 16  # type: ignore[attr-defined]
    assert await count.bind(1).raw() == [(1,)]


async def test_reads_run_beside_each_other_and_beside_a_write(store: D1Database) -> None:
    slow = store.prepare(COUNT).bind(3_000_000)
    began = time.perf_counter()
    work = asyncio.create_task(slow.raw())
    await asyncio.sleep(0.01)
    await store.prepare("INSERT INTO t VALUES (1, 1)").run()
    assert await store.prepare("SELECT count(*) AS n FROM t").first("n") == 1
    quick = time.perf_counter() - began
    await work
    assert quick < (time.perf_counter() - began) / 2


async def test_a_query_has_a_time_limit(store: D1Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUERY_SECONDS", 0.05)
    limited = await d1.connect("file::memory:")
    with pytest.raises(d1.D1Error, match="exceeded timeout"):
        await limited.prepare(COUNT).bind(10**9).raw()
    assert await limited.prepare("SELECT 1").raw() == [(1,)]
    await limited.close()


async def test_waits_for_another_writer(store: D1Database, file: Path) -> None:
    other = apsw.Connection(str(file))
    other.execute("BEGIN IMMEDIATE")
    work = asyncio.create_task(store.prepare("INSERT INTO t VALUES (1, 1)").run())
    assert await store.prepare("SELECT count(*) AS n FROM t").first("n") == 0
    await asyncio.sleep(0.1)
    assert not work.done()
    other.execute("COMMIT")
    assert (await work).meta.changes == 1
    other.close()


async def test_gives_up_waiting(store: D1Database, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BUSY_SECONDS", 0.05)
    impatient = await d1.connect(f"file:{file}")
    other = apsw.Connection(str(file))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(d1.D1Unavailable, match="database is locked") as caught:
        await impatient.prepare("INSERT INTO t VALUES (1, 1)").run()
    assert (caught.value.extended, caught.value.status) == ("SQLITE_BUSY", 503)
    other.close()
    assert (await impatient.prepare("INSERT INTO t VALUES (1, 1)").run()).meta.changes == 1
    await impatient.close()


FILL = """
async def main():
    db = await d1.connect("file:" + sys.argv[1])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
    for k in range(10_000):
        try:
            await db.execute_many("INSERT INTO big VALUES (?, ?)", [(k, b"x" * 1000)] * 100)
        except d1.D1Unavailable as error:
            print(k, error.extended, error.status, flush=True)
            assert await db.prepare("SELECT count(*) AS n FROM big").first("n") == k * 100
            return
        print(k, flush=True)
asyncio.run(main())
"""


async def test_no_room_is_said_and_tears_nothing(store: D1Database, file: Path) -> None:
    await store.exec("CREATE TABLE big (k, data)")
    process = run_python(FILL, file)
    lines = process.communicate(timeout=30)[0].splitlines()
    assert process.returncode == 0
    kept, reason, status = lines[-1].split()
    assert reason.startswith(("SQLITE_IOERR", "SQLITE_FULL"))
    assert status == "503"
    assert await store.prepare("SELECT count(*) AS n FROM big").first("n") == int(kept) * 100
    assert await store.prepare("PRAGMA quick_check").raw() == [("ok",)]


@pytest.mark.parametrize("path", ["/proc/nowhere/x.db", "/proc/version/x.db", "/"])
async def test_a_file_that_cannot_be(path: str) -> None:
    with pytest.raises(d1.D1Unavailable) as caught:
        await d1.connect(f"file:{path}")
    assert caught.value.extended == "SQLITE_CANTOPEN"


async def test_unknown_address() -> None:
    with pytest.raises(ValueError, match="neither"):
        await d1.connect("postgres://x")


async def test_close_ends_the_threads_and_folds_the_log_in(file: Path) -> None:
    before = set(threading.enumerate())
    database = await d1.connect(f"file:{file}")
    await database.exec("CREATE TABLE t (a)")
    await asyncio.gather(*(database.prepare("SELECT count(*) FROM t").raw() for _ in range(20)))
    late = [asyncio.ensure_future(database.prepare("INSERT INTO t VALUES (1)").run()) for _ in range(5)]
    await asyncio.sleep(0)
    await database.close()
    assert [result.meta.changes for result in await asyncio.gather(*late)] == [1] * 5
    for thread in set(threading.enumerate()) - before:
        thread.join(1)
    assert set(threading.enumerate()) <= before
    assert sorted(other.name for other in file.parent.iterdir()) == ["store.db"]


async def test_in_memory() -> None:
    database = await d1.connect("file::memory:")
    await database.exec("CREATE TABLE t (a)")
    await asyncio.gather(*(database.prepare("INSERT INTO t VALUES (?)").bind(i).run() for i in range(10)))
    assert await database.prepare("SELECT count(*) AS n FROM t").first("n") == 10
    await database.close()


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6",
            "too many terms",
        ),
        (f"SELECT {'+'.join('1' * 200)}", "Expression tree is too large (maximum depth 100)"),
        (f"CREATE TABLE wide ({','.join(f'c{i}' for i in range(101))})", "too many columns on wide"),
        (f"SELECT 'a' LIKE '{'a' * 51}'", "LIKE or GLOB pattern too complex"),
        ("SELECT sqlite_version()", "not authorized to use function: sqlite_version"),
        ("SELECT * FROM dbstat", "no such table: dbstat"),
        ("CREATE TEMP TABLE x (a)", "not authorized: SQLITE_AUTH"),
        ("CREATE TABLE _cf_x (a)", "not authorized: SQLITE_AUTH"),
        ("SELECT * FROM pragma_page_count", "not authorized: SQLITE_AUTH"),
        ('SELECT "text"', "no such column: "),
    ],
)
async def test_engine_limits(store: D1Database, sql: str, message: str) -> None:
    with pytest.raises(d1.D1Error) as caught:
        await store.prepare(sql).all()
    assert message in str(caught.value)


async def test_libsql_client_reads_the_file(store: D1Database, file: Path) -> None:
    await store.exec("CREATE TABLE kinds (i, r, t, b, n)")
    row = (2**53 + 1, 0.1, "naïve 🙈", b"\x00\xff", None)
    await store.prepare("INSERT INTO kinds VALUES (?, ?, ?, ?, ?)").bind(*row).run()
    async with libsql_client.create_client(f"file:{file}") as client:
        result = await client.execute("SELECT * FROM kinds")
    assert [tuple(found) for found in result.rows] == [row]


@pytest.mark.parametrize(
    "value", [None, "1", b"1", nan, inf, -inf, numpy.int64(0), numpy.float64(0), Decimal(1), 10**400]
)
@pytest.mark.parametrize("row", [(1,), (1.5, 2), (True,)])
def test_rows_that_bind_as_they_are(value: object, row: tuple[float, ...]) -> None:
    assert only_numbers([row, row])
    assert not only_numbers([row, (value, *row)])
    assert not only_numbers([(*row, value), row])


async def test_a_fraction_among_floats_is_refused(tmp_path: Path) -> None:
    db = await d1.connect(f"file:{tmp_path / 'x.db'}")
    await db.exec("CREATE TABLE t (v)")
    with pytest.raises(d1.D1TypeError):
        await db.execute_many("INSERT INTO t VALUES (?)", [(1.5,), (Fraction(1, 2),)])
    assert await db.prepare("SELECT * FROM t").raw() == []
    await db.close()
