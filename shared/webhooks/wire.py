"""HTTP/1.1 POST over kept-alive connections to checked addresses: a fifth of the cost of a full client.

It knows no redirects, cookies, proxies or content encodings, and reads no more of an answer than it shows:
32 KiB of headers, 64 KiB of body.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httptools

from shared.platform.addresses import Lookup, Network, resolve
from shared.platform.fetch.connect import TRIED_ADDRESSES, tls_context

HEAD_MAX, BODY_MAX = 32 * 1024, 64 * 1024
CONNECT = 5.0  # seconds until one address must have answered
PRINTABLE = re.compile(r"[\x21-\x7e]+\Z")


class WireError(Exception):
    """The connection broke or what came is not HTTP. `unanswered`: closed before the first byte."""

    def __init__(self, message: str, *, unanswered: bool = False) -> None:
        super().__init__(message)
        self.unanswered = unanswered


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart once: where to connect, and the beginning of each request."""

    host: str
    port: int
    tls: bool
    head: bytes

    @property
    def origin(self) -> tuple[str, int, bool]:
        return self.host, self.port, self.tls


def target(url: str, headers: Mapping[str, str]) -> Target:
    """`headers` go with every request; ValueError for what is no plain http or https URL."""
    parts = urlsplit(url)
    if not PRINTABLE.match(url) or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not a URL")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {path} HTTP/1.1", f"host: {parts.netloc.rpartition('@')[2]}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return Target(
        parts.hostname, parts.port or (443 if tls else 80), tls, ("\r\n".join(lines) + "\r\n").encode()
    )


@dataclass(slots=True)
class Reply:
    """Status, the one header that matters here, and the beginning of the body."""

    status: int
    retry_after: str | None
    body: bytes


class Connection(asyncio.Protocol):
    """One exchange at a time. httptools calls the on_… methods while it reads."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.waiting: asyncio.Future[Reply] | None = None
        self.reusable = False

    def send(self, request: bytes) -> asyncio.Future[Reply]:
        self.parser: Any = httptools.HttpResponseParser(self)
        self.waiting = asyncio.get_running_loop().create_future()
        self.received, self.size, self.headed, self.measured = 0, 0, False, False
        self.retry_after: str | None = None
        self.parts: list[bytes] = []
        self.reusable = False
        self.transport.write(request)
        return self.waiting

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.waiting is None or self.waiting.done():
            self.transport.abort()  # nobody asked
            return
        self.received += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.fail(WireError("not an HTTP answer"))
        if not self.headed and self.received > HEAD_MAX:
            self.fail(WireError("endless headers"))

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower == b"retry-after":
            self.retry_after = value[:100].decode("latin-1")
        elif lower in (b"content-length", b"transfer-encoding"):
            self.measured = True

    def on_headers_complete(self) -> None:
        self.headed = not 100 <= self.parser.get_status_code() < 200

    def on_body(self, data: bytes) -> None:
        self.size += len(data)
        self.parts.append(data)
        if self.size > BODY_MAX:
            self.finish(reusable=False)

    def on_message_complete(self) -> None:
        if self.headed:
            self.finish(reusable=self.parser.should_keep_alive())

    def finish(self, *, reusable: bool) -> None:
        if self.waiting is None or self.waiting.done():
            self.reusable = False  # a second answer to one request
            self.transport.abort()
            return
        self.reusable = reusable
        if not reusable:
            self.transport.abort()
        reply = Reply(self.parser.get_status_code(), self.retry_after, b"".join(self.parts))
        self.waiting.set_result(reply)

    def fail(self, error: WireError) -> None:
        self.transport.abort()
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(error)

    def connection_lost(self, error: Exception | None) -> None:
        self.reusable = False
        if self.waiting is None or self.waiting.done():
            return
        if self.headed and not self.measured and error is None:
            self.finish(reusable=False)  # a body without a length ends with the connection
            return
        self.fail(WireError("the connection was closed", unanswered=self.received == 0))


class Connections:
    """The connections of one delivery run; each is made to an address that was checked just before."""

    def __init__(self, allowed: Iterable[Network], lookup: Lookup) -> None:
        self.allowed, self.lookup = tuple(allowed), lookup
        self.idle: dict[tuple[str, int, bool], list[Connection]] = {}

    async def post(self, target: Target, request: bytes) -> Reply:
        """The reply. A kept connection that the other side had closed is replaced once, unnoticed."""
        idle = self.idle.setdefault(target.origin, [])
        while idle:
            connection = idle.pop()
            if not connection.reusable:
                continue
            try:
                return await self.exchange(connection, target, request)
            except WireError as error:
                if not error.unanswered:
                    raise
        return await self.exchange(await self.connect(target), target, request)

    async def exchange(self, connection: Connection, target: Target, request: bytes) -> Reply:
        try:
            reply = await connection.send(request)
        except asyncio.CancelledError:
            connection.transport.abort()
            raise
        if connection.reusable:
            self.idle[target.origin].append(connection)
        return reply

    async def connect(self, target: Target) -> Connection:
        """To the first address that answers; AddressRefused if any address of the name is forbidden."""
        loop, failed = asyncio.get_running_loop(), OSError("no address")
        tls, name = (tls_context(), target.host) if target.tls else (None, None)
        found = await resolve(target.host, target.port, allowed=self.allowed, lookup=self.lookup)
        for address in found[:TRIED_ADDRESSES]:
            try:
                async with asyncio.timeout(CONNECT):
                    _, connection = await loop.create_connection(
                        Connection, address, target.port, ssl=tls, server_hostname=name
                    )
                return connection
            except OSError as error:  # TimeoutError and TLS errors are OSErrors too
                failed = error
        raise failed

    def close(self) -> None:
        for connections in self.idle.values():
            for connection in connections:
                connection.transport.abort()
        self.idle.clear()
