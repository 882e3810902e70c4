"""The hot path: same bytes as the ordinary way, one write, and out of the way when it is not sure."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from shared.env import Env
from shared.models import Principal
from shared.platform.kv import Layer
from shared.platform.web import whole
from shared.platform.web.asgi import answer
from shared.platform.web.freshness import UNKNOWN, Freshness
from shared.platform.web.guard import security_headers
from shared.platform.web.hot import MAX_ENTRIES, Entry, Hot, Static, make_entry
from shared.platform.web.protocol import Protocol

READER = Principal("key_1", "key", frozenset({"read:prices"}), "1000/hour")
KNOWN = b"authorization: Bearer good\r\n"


class Caller:
    """Knows one credential."""

    def cached(self, head: dict[bytes, bytes], scope: Any) -> Principal | None:
        return READER if head.get(b"authorization") == b"Bearer good" else None

    def layers(self, principal: Principal, endpoint: str, scope: Any) -> Sequence[Layer]:
        return (Layer("user", principal.id, 3, 60),)


async def slow(scope: Any, receive: Any, send: Any) -> None:
    await answer(send, 202, [], b"slow")


async def nothing() -> None:
    pass


def entry(body: bytes = b'{"n":1}', **more: Any) -> Entry:
    values: dict[str, Any] = {"required": "read:prices", "topic": "prices", "version": UNKNOWN}
    return make_entry(body, Static(security_headers(False)), endpoint="/price/{s}", **{**values, **more})


@pytest.fixture
async def hot(env: Env) -> AsyncIterator[Hot]:
    freshness = Freshness(env.kv, ("prices",))
    made = Hot(slow, env, Caller(), freshness, "api", lambda scope: None, nothing)
    made.keep({"path": "/price/BTC", "query_string": b""}, entry())
    yield made
    await freshness.close()


@contextlib.asynccontextmanager
async def served(app: Any, **options: Any) -> AsyncIterator[int]:
    settings = {"proxy_headers": False, "lifespan": "off", "log_config": None, "http": "httptools"}
    server = uvicorn.Server(uvicorn.Config(app, port=0, **{**settings, **options}))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


async def ask(port: int, *requests: bytes) -> list[tuple[bytes, dict[bytes, bytes], bytes]]:
    """Send requests on one connection, all at once; return status, headers and body of each answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"".join(requests))
    answers = []
    for _ in requests:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        first, *lines = head.split(b"\r\n")[:-2]
        headers = dict(line.split(b": ", 1) for line in lines)
        body = await reader.readexactly(int(headers.get(b"content-length", 0)))
        answers.append((first.split(b" ", 2)[1], headers, body))
    writer.close()
    return answers


def get(path: bytes = b"/price/BTC", headers: bytes = KNOWN) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nhost: x\r\n" + headers + b"\r\n"


async def test_both_ways_of_writing_send_the_same_answer(hot: Hot, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(hot, http=Protocol) as port:
        [fast] = await ask(port, get())
        monkeypatch.setattr(whole, "_known", {RequestResponseCycle: False})
        [plain] = await ask(port, get())
    assert fast[0] == plain[0] == b"200"
    assert fast[2] == plain[2] == b'{"n":1}'
    assert fast[1].keys() == plain[1].keys()
    assert {b"date", b"etag", b"ratelimit", b"content-security-policy"} <= fast[1].keys()
    assert fast[1][b"x-ratelimit-remaining"] == b"2"
    assert plain[1][b"x-ratelimit-remaining"] == b"1"


async def test_the_server_is_the_one_we_know(hot: Hot, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    tasks: list[Any] = []
    before, begin = whole.write_whole, HttpToolsProtocol._start_asgi_task

    def noting(cycle: Any, head: bytes, body: bytes) -> None:
        written.append(body)
        before(cycle, head, body)

    def counting(protocol: Any, cycle: Any, app: Any) -> None:
        tasks.append(cycle)
        begin(protocol, cycle, app)

    monkeypatch.setattr("shared.platform.web.hot.write_whole", noting)
    monkeypatch.setattr(HttpToolsProtocol, "_start_asgi_task", counting)
    async with served(hot) as port:
        await ask(port, get(), get())
    async with served(hot, http=Protocol) as port:
        await ask(port, get())
    told = "uvicorn changed: see shared/platform/web/whole.py and protocol.py"
    assert (written, len(tasks)) == ([b'{"n":1}'] * 3, 2), told


@pytest.mark.parametrize("http", ["httptools", Protocol])
async def test_pipelined_requests_keep_their_order(hot: Hot, http: Any) -> None:
    async with served(hot, http=http) as port:
        answers = await ask(port, get(), get(b"/other"), get())
    assert [(status, body) for status, _, body in answers] == [
        (b"200", b'{"n":1}'),
        (b"202", b"slow"),
        (b"200", b'{"n":1}'),
    ]


async def test_a_thousand_pipelined_requests_are_no_trouble(hot: Hot) -> None:
    requests = [get(b"/slow"), *[get()] * 1000]
    async with served(hot, http=Protocol) as port:
        answers = await ask(port, *requests)
    # three are what the limit allows, whoever answers the rest
    assert [answer[0] for answer in answers].count(b"200") == 3
    assert len(answers) == 1001


async def test_a_connection_the_client_closes_is_closed(hot: Hot) -> None:
    async with served(hot) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get(headers=KNOWN + b"connection: close\r\n"))
        text = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert text.endswith(b'{"n":1}')
    assert b"connection: close" in text


async def test_a_known_tag_is_answered_304(hot: Hot) -> None:
    tag = hot.entries["/price/BTC", b""].etag
    async with served(hot) as port:
        for value in (tag, b"W/" + tag, b'"x", ' + tag, b"*"):
            hot.kv._limiter._arrivals.clear()  # type: ignore[attr-defined]
            [(status, headers, body)] = await ask(
                port, get(headers=KNOWN + b"if-none-match: " + value + b"\r\n")
            )
            assert (status, body, headers[b"etag"]) == (b"304", b"", tag)
            assert b"content-type" not in headers


@pytest.mark.parametrize(
    ("request_bytes", "why"),
    [
        (get(b"/other"), "not in memory"),
        (get(b"/price/BTC?a=1"), "another query"),
        (get(headers=b""), "nobody known"),
        (get(headers=b"authorization: Bearer bad\r\n"), "not seen lately"),
        (get(headers=KNOWN + b"origin: https://x\r\n"), "another origin"),
        (get(headers=KNOWN + b"host: y\r\n"), "two hosts"),
        (get(headers=KNOWN + KNOWN), "two credentials"),
        (get(headers=KNOWN + b"x: " + b"a" * 40_000 + b"\r\n"), "large headers"),
        (get(headers=KNOWN + b"content-length: 1\r\n") + b"x", "a body"),
        (get().replace(b"GET", b"POST"), "another method"),
    ],
)
async def test_what_is_not_plainly_hot_goes_the_ordinary_way_uncounted(
    hot: Hot, request_bytes: bytes, why: str
) -> None:
    async with served(hot, http=Protocol) as port:
        [(status, _, _)] = await ask(port, request_bytes)
        assert status == b"202", why
        [(_, headers, _)] = await ask(port, get())
    assert headers[b"x-ratelimit-remaining"] == b"2", why


async def test_a_scope_the_caller_lacks_is_not_served_from_memory(hot: Hot) -> None:
    hot.keep({"path": "/secret", "query_string": b""}, entry(required="admin:all"))
    async with served(hot) as port:
        assert (await ask(port, get(b"/secret")))[0][0] == b"202"


async def test_the_limit_is_exact(hot: Hot) -> None:
    async with served(hot, http=Protocol) as port:
        answers = await asyncio.gather(*(ask(port, get()) for _ in range(10)))
    assert sorted(answer[0][0] for answer in answers) == [b"200"] * 3 + [b"202"] * 7


async def test_an_old_or_outdated_answer_is_not_served(hot: Hot, env: Env) -> None:
    hot.freshness.follow()
    await asyncio.sleep(0.001)
    assert hot.is_fresh(hot.entries["/price/BTC", b""])
    await env.kv.publish("prices", b"[]")
    await asyncio.sleep(0.001)
    assert not hot.is_fresh(hot.entries["/price/BTC", b""])
    newer = entry(version=hot.freshness.versions["prices"])
    assert hot.is_fresh(newer)
    newer.until = time.monotonic()
    assert not hot.is_fresh(newer)


def test_memory_is_bounded(hot: Hot) -> None:
    for number in range(MAX_ENTRIES + 10):
        hot.keep({"path": f"/{number}", "query_string": b""}, entry())
    assert len(hot.entries) <= MAX_ENTRIES
    assert (f"/{MAX_ENTRIES + 9}", b"") in hot.entries
