"""Fetch against servers that mean harm, over real sockets (H1)."""

from __future__ import annotations

import asyncio
import resource
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.platform.fetch import Fetch, FetchFailed, Request
from shared.platform.fetch import exchange as attempts
from shared.store.fetch_memory import StoredFetchMemory

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@asynccontextmanager
async def server(behave: Behaviour) -> AsyncIterator[str]:
    tasks = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        tasks.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await behave(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            tasks.discard(task)

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    for task in list(tasks):
        task.cancel()
    listening.close()


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


async def fails(db: Any, clock: Any, behave: Behaviour, **options: Any) -> tuple[FetchFailed, float]:
    """The failure and the seconds it took."""
    fetch = Fetch(StoredFetchMemory(db), clock, allow_private=True, sleep=no_sleep)
    began = time.monotonic()
    async with server(behave) as url:
        with pytest.raises(FetchFailed) as caught:
            await fetch.get(Request(url, **options), deadline=clock() + 60_000)
        await fetch.close()
    return caught.value, time.monotonic() - began


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "TOTAL", 0.2)


@pytest.fixture(scope="module")
def double_bomb() -> bytes:
    outer = zlib.compressobj(9, zlib.DEFLATED, 31)
    inner = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b"\0" * 2**20
    parts = [outer.compress(inner.compress(piece)) for _ in range(512)]
    return b"".join([*parts, outer.compress(inner.flush()), outer.flush()])


async def test_a_doubly_compressed_bomb_costs_no_memory(db: Any, clock: Any, double_bomb: bytes) -> None:
    assert len(double_bomb) < 4000

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"content-encoding: gzip, gzip\r\nconnection: close\r\n\r\n" + double_bomb)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    failed, _ = await fails(db, clock, behave)
    assert failed.reason == "too_large"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


async def test_an_endless_body_ends_at_the_limit(db: Any, clock: Any) -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    failed, _ = await fails(db, clock, behave, max_bytes=1_000_000)
    assert failed.reason == "too_large"


async def test_a_declared_length_is_refused_before_the_body(db: Any, clock: Any) -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"content-length: 6000000\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(10)

    failed, took = await fails(db, clock, behave)
    assert failed.reason == "too_large"
    assert took < 2


@pytest.mark.usefixtures("impatient")
async def test_a_dripping_body_ends_in_time(db: Any, clock: Any) -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    failed, took = await fails(db, clock, behave)
    assert failed.reason == "timeout"
    assert took < 3


@pytest.mark.usefixtures("impatient")
async def test_silence_ends_in_time(db: Any, clock: Any) -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(10)

    failed, took = await fails(db, clock, behave)
    assert failed.reason == "timeout"
    assert took < 3


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        OK + b"content-encoding: gzip\r\ncontent-length: 7\r\n\r\nnotgzip",
        OK + b"content-encoding: gzip, gzip, gzip, gzip, gzip, gzip\r\ncontent-length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 40_000,
        b"",
    ],
    ids=[
        "garbage",
        "short",
        "two lengths",
        "bad chunk",
        "not gzip",
        "six times",
        "endless headers",
        "nothing",
    ],
)
async def test_broken_answers_are_network_failures(db: Any, clock: Any, answer: bytes) -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    failed, _ = await fails(db, clock, behave)
    assert failed.reason == "network"


async def test_the_guard_is_on_by_default_and_on_every_hop(db: Any, clock: Any) -> None:
    hits = 0

    async def behave(writer: asyncio.StreamWriter) -> None:
        nonlocal hits
        hits += 1
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n")

    async with server(behave) as url:
        fetch = Fetch(StoredFetchMemory(db), clock)
        with pytest.raises(FetchFailed, match="loopback") as caught:
            await fetch.get(Request(url), deadline=clock() + 60_000)
        assert (caught.value.reason, hits) == ("address", 0)
        await fetch.close()

        fetch = Fetch(StoredFetchMemory(db), clock, trusted=[url])
        with pytest.raises(FetchFailed, match="link-local") as caught:
            await fetch.get(Request(url), deadline=clock() + 60_000)
        assert (caught.value.reason, hits) == ("address", 1)
        await fetch.close()


async def test_a_name_that_turns_private_is_not_connected_to(db: Any, clock: Any) -> None:
    hits = 0

    async def behave(writer: asyncio.StreamWriter) -> None:
        nonlocal hits
        hits += 1
        writer.write(OK + b"content-length: 2\r\nconnection: close\r\n\r\n{}")

    async def rebound(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with server(behave) as url:
        port = url.rsplit(":", 1)[1]
        fetch = Fetch(StoredFetchMemory(db), clock, lookup=rebound)
        with pytest.raises(FetchFailed) as caught:
            await fetch.get(Request(f"http://public.example:{port}"), deadline=clock() + 60_000)
        assert (caught.value.reason, hits) == ("address", 0)
        await fetch.close()
        fetch = Fetch(StoredFetchMemory(db), clock, lookup=rebound, allow_private=True)
        answer = await fetch.get(Request(f"http://public.example:{port}"), deadline=clock() + 60_000)
        assert (answer.body, hits) == (b"{}", 1)
        await fetch.close()


async def test_cookies_of_providers_are_not_kept(db: Any, clock: Any) -> None:
    heard = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(OK + b"set-cookie: track=1\r\ncontent-length: 2\r\n\r\n{}")
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    fetch = Fetch(StoredFetchMemory(db), clock, allow_private=True)
    for _ in range(2):
        await fetch.get(Request(url), deadline=clock() + 60_000)
    await fetch.close()
    listening.close()
    assert len(heard) == 2
    assert b"cookie" not in heard[1].lower()
