"""The HTTP/1.1 client by what it makes of an answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from webhooks_support import Got

from shared.platform.addresses import networks, system_lookup
from shared.webhooks.wire import Connections, Reply, WireError, target

LOOPBACK = networks(["127.0.0.0/8"])
REQUEST = b"content-length: 2\r\n\r\n{}"


def writes(*parts: bytes, close: bool = False) -> Any:
    async def behave(_: Got, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.001)
        if close:
            writer.close()

    return behave


@pytest.fixture
async def connections() -> Any:
    made = Connections(LOOPBACK, system_lookup)
    yield made
    made.close()


async def post(connections: Connections, url: str) -> Reply:
    where = target(url, {"content-type": "application/json"})
    async with asyncio.timeout(5):
        return await connections.post(where, where.head + REQUEST)


@pytest.mark.parametrize(
    ("parts", "close", "expected"),
    [
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"], False, Reply(200, None, b"ok")),
        ([b"HTTP/1.1 20", b"4 X\r", b"\n\r", b"\n"], False, Reply(204, None, b"")),
        (
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", b"1\r\n!\r\n0\r\n\r\n"],
            False,
            Reply(200, None, b"ok!"),
        ),
        ([b"HTTP/1.1 200 OK\r\n\r\nuntil the end"], True, Reply(200, None, b"until the end")),
        ([b"HTTP/1.0 200 OK\r\n\r\n"], True, Reply(200, None, b"")),
        (
            [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 201 X\r\ncontent-length: 0\r\n\r\n"],
            False,
            Reply(201, None, b""),
        ),
        (
            [b"HTTP/1.1 429 X\r\nRETRY-AFTER: 120\r\ncontent-length: 0\r\n\r\n"],
            False,
            Reply(429, "120", b""),
        ),
    ],
)
async def test_answers(
    receiver: Any, connections: Any, parts: list[bytes], close: bool, expected: Reply
) -> None:
    listening = await receiver(writes(*parts, close=close))
    assert await post(connections, listening.url) == expected


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ([b""], "closed"),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort"], "closed"),
        ([b"HTTP/1.1 200 OK\r\ncontent-le"], "closed"),
        ([b"SSH-2.0-OpenSSH\r\n"], "not an HTTP answer"),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"], "not an HTTP answer"),
        ([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"], "not an HTTP answer"),
        ([b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 9000], "endless headers"),
        ([b"HTTP/1.1 100 X\r\n\r\n" * 3000], "endless headers"),
    ],
)
async def test_broken_answers(receiver: Any, connections: Any, parts: list[bytes], error: str) -> None:
    listening = await receiver(writes(*parts, close=True))
    with pytest.raises(WireError, match=error):
        await post(connections, listening.url)


async def test_connections_are_kept_and_replaced_when_the_other_side_has_closed(
    receiver: Any, connections: Any
) -> None:
    ok = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    listening = await receiver(writes(ok))
    for _ in range(3):
        await post(connections, listening.url)
    assert len(listening.tasks) == 1
    listening.behave = writes(close=True)  # closes when the next request comes, as after a time-out
    with pytest.raises(WireError):
        await post(connections, listening.url)
    assert len(listening.got) == 5  # once over the kept connection, once over a new one
    listening.behave = writes(ok)
    assert (await post(connections, listening.url)).body == b"ok"


async def test_connection_close_is_heeded(receiver: Any, connections: Any) -> None:
    listening = await receiver(writes(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"))
    for _ in range(2):
        assert (await post(connections, listening.url)).status == 200
    assert not any(connections.idle.values())


async def test_what_comes_unasked_is_not_taken_for_the_next_answer(receiver: Any, connections: Any) -> None:
    ok = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n"
    listening = await receiver(writes(ok + b"1" + ok + b"X", b"HTTP/1.1 500 late\r\n"))
    assert (await post(connections, listening.url)).body == b"1"
    await asyncio.sleep(0.02)
    listening.behave = writes(ok + b"2")
    assert (await post(connections, listening.url)).body == b"2"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.example/",
        "http://x.example/a b",
        "http://x.example/\r\nhost: evil",
        "https://",
        "http://[::1",
    ],
)
def test_odd_urls(url: str) -> None:
    with pytest.raises(ValueError):
        target(url, {})


def test_the_request_head_is_what_the_url_says() -> None:
    made = target("https://u:p@[2606:4700::1]:8443/a/b?c=1", {"accept": "*/*"})
    assert (made.host, made.port, made.tls) == ("2606:4700::1", 8443, True)
    assert made.head == b"POST /a/b?c=1 HTTP/1.1\r\nhost: [2606:4700::1]:8443\r\naccept: */*\r\n"
