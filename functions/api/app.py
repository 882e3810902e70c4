"""The api function: hot path, guard, then who asks, how much, and who answers.

Hot ─ answers from memory, or ─ Guard ─ Api ─┬ a read (no framework)
                                             ├ the event stream (plain ASGI)
                                             └ FastAPI, imported when first needed
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from functions.api.caller import Caller, endpoint_of, require
from functions.api.query import Query
from functions.api.reads import Ask, Read
from functions.api.reads.all import READS, Paths
from functions.api.snapshot import Snapshots
from functions.api.status import STATUS_PATHS, answer_status
from shared.env import Env
from shared.errors import NotFound, TooMany, Unavailable
from shared.platform import metrics
from shared.platform.kv import Decision
from shared.platform.web.asgi import App, Headers, Receive, Scope, Send
from shared.platform.web.exchange import Exchange
from shared.platform.web.freshness import UNKNOWN, Freshness
from shared.platform.web.guard import Guard
from shared.platform.web.hot import Entry, Hot, Static, make_entry, matches
from shared.platform.web.hot import send_entry as send_ready
from shared.platform.web.ratelimit import limit_headers

TOPICS = ("prices", "signals", "news")
DOCS = ("/docs", "/openapi.json")
SHARED_TTL_S = 300  # KV-02
WARM_UP_S = 0.25
NO_QUERY = Query(b"")


class Api:
    """Identify, limit, answer: the order is that of API-22."""

    def __init__(self, env: Env) -> None:
        self.env = env
        self.caller = Caller(env)
        self.freshness = Freshness(env.kv, TOPICS)
        self.snapshots = Snapshots(env, self.freshness)
        self.paths = Paths(READS)
        self.guard = Guard(self, env, "api")
        self.hot = Hot(self.guard, env, self.caller, self.freshness, "api", self.prepare, self.close)
        self.static = Static(self.static_headers())
        # in one process the hot path is the shared cache
        self.shares = bool(env.settings.redis_url)
        self.framework: App | None = None
        self.importing: asyncio.Task[App] | None = None
        self.flushing: asyncio.Task[None] | None = None

    def static_headers(self) -> Headers:
        """Headers of every answered read: one with a key is nobody else's."""
        owner = b"public" if self.env.settings.public_read else b"private"
        kept = [pair for pair in self.guard.headers if pair[0] != b"cache-control"]
        return [*kept, (b"cache-control", owner + b", no-cache"), (b"vary", b"authorization, cookie")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.start()
        path, exchange = scope["path"], scope["state"]["exchange"]
        if path in STATUS_PATHS:
            await answer_status(self.env, exchange)
            return
        exchange.principal = await self.caller.identify(scope)
        if path in DOCS and self.env.settings.environment == "production":
            require(exchange.principal, "read:prices")
        found = self.paths.find(path) if scope["method"] in ("GET", "HEAD") else None
        if found is not None:
            await self.answer_read(*found, exchange)
            return
        await self.limit(exchange)
        if path == "/api/v1/stream":
            from functions.api.stream import stream

            await stream(self.env, self.caller, exchange, receive)
            return
        await (await self.load_framework())(scope, receive, send)

    def start(self) -> None:
        """Begin what runs beside the requests, once there is an event loop."""
        if self.freshness.task is None:
            self.freshness.follow()
            self.flushing = asyncio.get_running_loop().create_task(metrics.keep_flushing(self.env))
            # a first request that needs no framework is not made to wait for its import
            asyncio.get_running_loop().call_later(WARM_UP_S, self.import_framework)

    async def close(self) -> None:
        """End what runs beside the requests."""
        await self.freshness.close()
        tasks = [task for task in (self.flushing, self.importing) if task is not None]
        if self.flushing is not None:
            self.flushing.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def limit(self, exchange: Exchange) -> None:
        """Count the request and tell the caller what is left; raise TooMany where nothing is."""
        principal, scope = exchange.principal, exchange.scope
        assert principal is not None
        layers = self.caller.layers(principal, endpoint_of(scope["path"]), scope)
        decision = await self.env.kv.limit(layers)
        check(decision, exchange)
        exchange.extra_headers += limit_headers(decision)

    async def answer_read(self, read: Read, path: dict[str, str], exchange: Exchange) -> None:
        """Authorise, limit, look into the shared cache, else load; keep the answer for the hot path."""
        exchange.endpoint = read.path
        principal, scope = exchange.principal, exchange.scope
        assert principal is not None
        require(principal, read.scope)
        version = self.freshness.versions[read.topic]
        ask = Ask(self.env, self.snapshots, path, Query(scope["query_string"]))
        key = await self.shared_key(read, ask)
        layers = self.caller.layers(principal, read.path, scope)
        # limit and shared answer in one round trip
        gate = (await self.env.kv.limit(layers), None) if key is None else await self.env.kv.gate(layers, key)
        decision, shared = gate
        check(decision, exchange)
        body = None if shared is None else body_of(shared, version)
        if body is not None:
            metrics.recorder(self.env).cache_hit("market_data")
        else:
            body = orjson.dumps(await read.load(ask))
            shared = None
        entry = self.entry(read, body, version)
        if scope["method"] == "GET":
            self.hot.keep(scope, entry)
        await send_entry(entry, exchange, decision)
        if key is not None and shared is None and version != UNKNOWN:
            await self.share(key, version, body)

    def prepare(self, scope: Scope) -> Entry | None:
        """Make the first answer of a path for the hot path, where all it takes is in memory."""
        found = None if scope["query_string"] else self.paths.find(scope["path"])
        if found is None or found[0].ready is None:
            return None
        read, path = found
        value = read.ready(Ask(self.env, self.snapshots, path, NO_QUERY)) if read.ready else None
        if value is None:
            return None
        entry = self.entry(read, orjson.dumps(value), self.freshness.versions[read.topic])
        self.hot.keep(scope, entry)
        return entry

    def entry(self, read: Read, body: bytes, version: str) -> Entry:
        made = make_entry(
            body, self.static, required=read.scope, topic=read.topic, version=version, endpoint=read.path
        )
        if self.snapshots.warm() is not None:  # what is made of a snapshot is as old as that
            made.until = min(made.until, self.snapshots.until)
        return made

    async def shared_key(self, read: Read, ask: Ask) -> str | None:
        """Name the shared answer; what cannot be named is refused later, after it was counted."""
        if read.kv_key is None or not self.shares:
            return None
        try:
            return await read.kv_key(ask)
        except NotFound:
            return None

    async def share(self, key: str, version: str, body: bytes) -> None:
        """Let other replicas have the answer, under the version of the data it was made of."""
        try:
            await self.env.kv.put(key, version.encode() + b"\n" + body, ttl=SHARED_TTL_S)
        except Unavailable:
            return  # a cache that is away costs speed, nothing else

    def import_framework(self) -> asyncio.Task[App]:
        """Import FastAPI in a thread, once."""
        if self.importing is None:
            self.importing = asyncio.get_running_loop().create_task(asyncio.to_thread(build_framework, self))
        return self.importing

    async def load_framework(self) -> App:
        if self.framework is None:
            self.framework = await asyncio.shield(self.import_framework())
        return self.framework


def build_framework(api: Api) -> App:
    from functions.api.framework import make_app

    return make_app(api)


def body_of(shared: bytes, version: str) -> bytes | None:
    """Return the answer another replica shared, if it was made of the data we know to be the newest."""
    made_of, _, body = shared.partition(b"\n")
    return body if version != UNKNOWN and made_of == version.encode() else None


def check(decision: Decision, exchange: Exchange) -> None:
    """Raise TooMany, with the headers of the policy that refused, unless the limiter said yes."""
    if decision.allowed:
        return
    exchange.extra_headers += limit_headers(decision)
    layer = decision.layer
    raise TooMany(
        f"more than {layer.limit} requests in {layer.period_s:g} seconds ({layer.scope})",
        violated_policies=[layer.scope],
        retry_after=decision.retry_after_s,
        limit=layer.limit,
        window_seconds=layer.period_s,
    )


async def send_entry(entry: Entry, exchange: Exchange, decision: Decision) -> None:
    known = next((v for k, v in exchange.scope["headers"] if k == b"if-none-match"), None)
    status = 304 if known is not None and matches(known, entry.etag) else 200
    if exchange.scope["method"] == "GET" and not exchange.extra_headers:
        # every header is in the entry already
        await send_ready(entry, exchange.send_on, status, decision, exchange.request_id)
        exchange.status, exchange.complete = status, True
        return
    exchange.extra_headers += limit_headers(decision)
    head_only = exchange.scope["method"] == "HEAD" or status == 304
    start = {"type": "http.response.start", "status": status, "headers": entry.headers(status)}
    await exchange.send(start)
    await exchange.send({"type": "http.response.body", "body": b"" if head_only else entry.body})


def build(env: Env) -> Any:
    """Make the api over bindings that are open."""
    return Api(env).hot
