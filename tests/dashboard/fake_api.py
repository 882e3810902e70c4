"""A server for the page's tests: the real dashboard function, and an API that answers what a test wants."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import page_data
import rules_data
import track_data
import uvicorn

from functions.dashboard.static import Dashboard

Answer = tuple[int, Any]


@dataclass
class FakeApi:
    """`answers` replaces what a path gives, `slow` ones go out late, `posted` is what came in."""

    dashboard: Dashboard
    answers: dict[str, Answer | Callable[[], Answer]] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    posted: list[tuple[str, str, Any]] = field(default_factory=list)
    streams: list[asyncio.Queue[bytes | None]] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None
    sent: int = 0
    url: str = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            self.loop = asyncio.get_running_loop()
        path = scope.get("path", "")
        if not path.startswith("/api/v1"):
            await self.dashboard(scope, receive, send)
        elif path == "/api/v1/stream" and path not in self.answers:
            await self.stream(scope, send)
        else:
            body = await read(receive)
            if scope["method"] != "GET":
                self.posted.append((scope["method"], path, json.loads(body) if body else None))
            answer = self.answer(scope["method"], path, scope["query_string"].decode())
            await asyncio.sleep(0.3 if scope["method"] == "GET" and path in self.slow else 0)
            await reply(send, *answer)

    def answer(self, method: str, path: str, query: str) -> Answer:
        key = path if method == "GET" else f"{method} {path}"
        if key in self.answers:
            known = self.answers[key]
            return known() if callable(known) else known
        if method != "GET":
            return 204, None
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        return from_page_data(path, asked, self.url)

    async def stream(self, scope: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        if last := headers.get(b"last-event-id"):
            self.resumed.append(last.decode())
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.streams.append(queue)
        head = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"retry: 100\n: hello\n\n", "more_body": True})
        while (part := await queue.get()) is not None:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def push(self, topic: str, data: Any) -> None:
        """Send an event to every page that listens."""
        self.sent += 1
        text = f"id: {self.sent}\nevent: {topic}\ndata: {json.dumps(data)}\n\n".encode()
        self.each_stream(text)

    def drop_streams(self) -> None:
        self.each_stream(None)
        self.streams = []

    def each_stream(self, part: bytes | None) -> None:
        assert self.loop
        for queue in self.streams:
            self.loop.call_soon_threadsafe(queue.put_nowait, part)


ALWAYS: dict[str, Callable[[], Any]] = {
    "auth/session": page_data.session,
    "market-data": page_data.market,
    "news/crypto/latest": page_data.news,
    "llm/market-regime": page_data.regime,
    "sentiment/psychology": page_data.psychology,
    "health": page_data.health,
}


def from_page_data(path: str, asked: dict[str, str], url: str) -> Answer:
    name = path.removeprefix("/api/v1/")
    if name in ALWAYS:
        return 200, ALWAYS[name]()
    match name.split("/"):
        case ["market-data", symbol, "history"]:
            return 200, page_data.history(symbol, asked["interval"])
        case ["signals", *rest]:
            return of_signals(rest, asked, url)
        case ["rules", *rest]:
            return rules_data.answer(rest)
    return problem(404, "No such route")


def of_signals(rest: list[str], asked: dict[str, str], url: str) -> Answer:
    match rest:
        case []:
            found = page_data.signals()
            rows = [row for row in found["data"] if asked.get("symbol") in (None, row["symbol"])]
            return 200, {**found, "data": rows}
        case ["by-id", id]:
            detail = page_data.signal_detail(id, url)
            return (200, {"data": detail}) if detail else problem(404, f"there is no signal {id!r}")
        case ["performance"]:
            return 200, track_data.performance(asked)
        case ["log"]:
            return 200, track_data.log()
    return problem(404, "No such route")


def problem(status: int, detail: str, code: str = "TEST") -> Answer:
    return status, {
        "type": "about:blank",
        "title": "Problem",
        "status": status,
        "detail": detail,
        "code": code,
    }


async def read(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def reply(send: Any, status: int, body: Any) -> None:
    kind = b"application/json" if status < 400 else b"application/problem+json"
    head = [(b"content-type", kind), (b"cache-control", b"private, no-cache")]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": b"" if body is None else json.dumps(body).encode()})


@contextlib.contextmanager
def serving(dist: Path) -> Iterator[FakeApi]:
    """Serve on a free port of loopback, in a thread, until the block ends."""
    with serve(FakeApi(Dashboard(dist))) as (app, url):
        app.url = url
        yield app
        app.drop_streams()


@contextlib.contextmanager
def serve(app: Any) -> Iterator[tuple[Any, str]]:
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the test server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield app, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
