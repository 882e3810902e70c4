"""A receiver on loopback that behaves as a test tells it, and keeps what it got."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from shared.store import outbox

Behaviour = Callable[["Got", asyncio.StreamWriter], Awaitable[None]]
SIGNAL = {"id": "s", "type": "volume_spike", "symbol": "BTC", "evidence": {"z": 7.25}, "note": "Ünïcode 🚀"}


@dataclass
class Got:
    """One request as it came in."""

    headers: dict[str, str]
    body: bytes
    line: str


@dataclass
class Receiver:
    """Answers 200, or what `behave` writes. `url` is where it listens."""

    behave: Behaviour | None = None
    got: list[Got] = field(default_factory=list)
    url: str = ""
    tasks: set[Any] = field(default_factory=set)
    server: Any = None

    async def start(self) -> Receiver:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/hook"
        return self

    async def stop(self) -> None:
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, *fields = head.strip().split("\r\n")
                headers = {k.lower(): v for k, v in (one.split(": ", 1) for one in fields)}
                body = await reader.readexactly(int(headers["content-length"]))
                got = Got(headers, body, line)
                self.got.append(got)
                await (self.behave or answer(200))(got, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.tasks.discard(task)

    def ids(self) -> list[str]:
        return [got.headers["webhook-id"] for got in self.got]


def answer(status: int, body: str = "", **headers: str) -> Behaviour:
    async def behave(_: Got, writer: asyncio.StreamWriter) -> None:
        extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{extra}\r\n{body}".encode())

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One after the other, the last for ever."""
    left = list(behaviours)

    async def behave(got: Got, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(got, writer)

    return behave


async def raise_signals(env: Any, count: int = 1, symbol: str = "BTC", prefix: str = "01SIGNAL") -> list[str]:
    """Events as a detection leaves them in the outbox."""
    ids = [f"{prefix}{n:05d}" for n in range(count)]
    data = {**SIGNAL, "symbol": symbol}
    await env.db.batch(
        [outbox.event_statement(env.db, id, "signal.raised", symbol, env.now(), data) for id in ids]
    )
    return ids
