"""The hot path: who asks, may they, is the answer ready; decided before any framework is entered.

A GET whose answer is in memory costs one look at the headers, one limit and one write. Everything that
is not plainly that (a first request, a key not seen this second, a refusal) returns False here and takes
the ordinary way, which decides again from the start: nothing is counted before all else is clear.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

from shared.env import Env
from shared.models import Principal
from shared.platform.kv import Decision, Layer
from shared.platform.web.asgi import Headers, Receive, Scope, Send
from shared.platform.web.exchange import new_request_id
from shared.platform.web.freshness import Freshness
from shared.platform.web.guard import MAX_HEADERS
from shared.platform.web.ratelimit import limit_headers, limit_lines
from shared.platform.web.record import request_log
from shared.platform.web.whole import writable, write_whole

MAX_ENTRIES = 4096
# Where no event can tell of new data (another process collects, Redis is gone) this bounds its age.
KEEP_S = 5.0
# Other origins, bodies: nothing an answer from memory should have to think about.
UNUSUAL = frozenset((b"origin", b"content-length", b"transfer-encoding", b"expect"))


class Caller(Protocol):
    """What the access layer must offer: the answer to who asks, if it is known without waiting."""

    def cached(self, head: dict[bytes, bytes], scope: Scope) -> Principal | None: ...

    def layers(self, principal: Principal, endpoint: str, scope: Scope) -> Sequence[Layer]: ...


class Static:
    """Headers that all answers of an app share, also as they go over the wire."""

    def __init__(self, headers: Headers) -> None:
        self.headers = headers
        self.lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)


@dataclass(slots=True)
class Entry:
    """A ready answer for whoever has the scope `required`."""

    body: bytes
    etag: bytes
    static: Static
    required: str
    topic: str
    version: str
    until: float  # by time.monotonic
    endpoint: str
    head: bytes  # status line and headers as they go over the wire
    head_304: bytes

    def headers(self, status: int) -> Headers:
        """Return the headers of the answer with status 200, or of its 304."""
        shared: Headers = [*self.static.headers, (b"etag", self.etag)]
        if status == 304:
            return shared
        return [(b"content-length", b"%d" % len(self.body)), (b"content-type", b"application/json"), *shared]


def make_entry(
    body: bytes, static: Static, *, required: str, topic: str, version: str, endpoint: str
) -> Entry:
    """Prepare an answer of status 200 once, for every caller who may read it."""
    etag = b'"%b"' % blake2b(body, digest_size=9).hexdigest().encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\ncontent-type: application/json\r\n%betag: %b\r\n"
    head_304 = b"HTTP/1.1 304 Not Modified\r\n%betag: %b\r\n" % (static.lines, etag)
    until = time.monotonic() + KEEP_S
    filled = head % (len(body), static.lines, etag)
    return Entry(body, etag, static, required, topic, version, until, endpoint, filled, head_304)


Found = tuple[Entry, Principal, dict[bytes, bytes]]  # the answer, who asks, the headers by name


class Hot:
    """ASGI middleware in front of everything; `entries` are keyed by path and query.

    `prepare` may make an answer that is not there yet, out of memory alone and for somebody identified.
    """

    guarded = True  # `slow` is

    def __init__(
        self,
        slow: Callable[[Scope, Receive, Send], Awaitable[None]],
        env: Env,
        caller: Caller,
        freshness: Freshness,
        service: str,
        prepare: Callable[[Scope], Entry | None],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self.prepare, self.close = prepare, close
        self.slow, self.kv, self.caller, self.freshness = slow, env.kv, caller, freshness
        self.requests = request_log(env, service)
        self.entries: dict[tuple[str, bytes], Entry] = {}
        # of the driver in the process, which never waits: with it an answer needs no task
        self.decide: Callable[[Sequence[Layer]], Decision] | None = getattr(env.kv, "decide", None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.now(scope, send):
            return
        found = self.find(scope)
        if found is None or not await self.hit(found, scope, send):
            await self.slow(scope, receive, send)

    def now(self, scope: Scope, send: Send) -> bool:
        """Answer from memory without waiting for anything; False, with nothing done, where that cannot be."""
        cycle = writable(send)
        if cycle is None or self.decide is None:
            return False
        started = time.perf_counter()
        found = self.find(scope)
        if found is None:
            return False
        entry, principal, head = found
        decision = self.decide(self.caller.layers(principal, entry.endpoint, scope))
        if not decision.allowed:
            return False  # refusing consumed nothing: the ordinary way refuses again and says why
        status, request_id = status_of(entry, head), new_request_id(head.get(b"x-call-id"))
        write_entry(cycle, entry, status, decision, request_id)
        path = scope["path"]
        self.requests.add("GET", path, entry.endpoint, status, started, request_id, principal.id)
        return True

    async def hit(self, found: Found, scope: Scope, send: Send) -> bool:
        """Answer from memory once the limiter has spoken; False, with nothing counted, where it refuses."""
        started = time.perf_counter()
        entry, principal, head = found
        decision = await self.kv.limit(self.caller.layers(principal, entry.endpoint, scope))
        if not decision.allowed:
            return False
        status, request_id = status_of(entry, head), new_request_id(head.get(b"x-call-id"))
        await send_entry(entry, send, status, decision, request_id)
        path = scope["path"]
        self.requests.add("GET", path, entry.endpoint, status, started, request_id, principal.id)
        return True

    def find(self, scope: Scope) -> Found | None:
        """Look for a fresh answer that this caller may have; None where that is not plain to see."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        head = read_head(scope["headers"])
        principal = None if head is None else self.caller.cached(head, scope)
        if head is None or principal is None:
            return None
        entry = self.entries.get((scope["path"], scope["query_string"]))
        if entry is None or not self.is_fresh(entry):
            entry = self.prepare(scope)
        if entry is None or entry.required not in principal.scopes:
            return None
        return entry, principal, head

    def is_fresh(self, entry: Entry) -> bool:
        return entry.until > time.monotonic() and self.freshness.versions[entry.topic] == entry.version

    def keep(self, scope: Scope, entry: Entry) -> None:
        """Keep an answer for the next caller; what is oldest goes first."""
        if len(self.entries) >= MAX_ENTRIES:
            for key in list(self.entries)[: MAX_ENTRIES // 4]:
                del self.entries[key]
        self.entries[scope["path"], scope["query_string"]] = entry


def read_head(headers: Headers) -> dict[bytes, bytes] | None:
    """Read the headers by name; None where the ordinary way must look closer."""
    found: dict[bytes, bytes] = {}
    size = 0
    for name, value in headers:
        size += len(value)
        if name in found or name in UNUSUAL:
            return None
        found[name] = value
    return found if size <= MAX_HEADERS else None


def matches(known: bytes, etag: bytes) -> bool:
    """Compare If-None-Match (a list, weak or not, or *) with our strong tag."""
    return known == etag or known.strip() == b"*" or etag in known


def status_of(entry: Entry, head: dict[bytes, bytes]) -> int:
    known = head.get(b"if-none-match")
    return 304 if known is not None and matches(known, entry.etag) else 200


def write_entry(cycle: Any, entry: Entry, status: int, decision: Decision, request_id: str) -> None:
    """Write an entry with status 200 or 304 in one piece."""
    head, body = (entry.head, entry.body) if status == 200 else (entry.head_304, b"")
    write_whole(cycle, b"%b%bx-request-id: %b\r\n" % (head, limit_lines(decision), request_id.encode()), body)


async def send_entry(entry: Entry, send: Send, status: int, decision: Decision, request_id: str) -> None:
    """Send an entry with status 200 or 304, in one piece where the server lets us."""
    cycle = writable(send)
    if cycle is not None:
        write_entry(cycle, entry, status, decision, request_id)
        return
    limits, own = limit_headers(decision), (b"x-request-id", request_id.encode())
    headers = [*entry.headers(status), *limits, own]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": entry.body if status == 200 else b""})
