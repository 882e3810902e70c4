"""GET /api/v1/stream: events as they are published, over server-sent events; resumes after Last-Event-ID."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from functions.api.caller import Caller, require
from functions.api.query import Query
from shared.env import Env
from shared.errors import Forbidden, Invalid, Problem
from shared.platform import metrics
from shared.platform.kv import Event
from shared.platform.web.asgi import Headers, Receive, header
from shared.platform.web.exchange import Exchange

SCOPES = {
    "prices": "read:prices",
    "signals": "read:signals",
    "news": "read:news",
    "health": "read:health",
}
HEARTBEAT_S = 15.0
HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx ingresses buffer otherwise
]


async def stream(
    env: Env, caller: Caller, exchange: Exchange, receive: Receive, heartbeat_s: float = HEARTBEAT_S
) -> None:
    """Send events until the client leaves, or may no longer read them."""
    exchange.endpoint = "/api/v1/stream"
    topics = topics_of(exchange)
    check_origin(env, exchange)
    after = header(exchange.scope, b"last-event-id")
    events = env.kv.subscribe(topics, after.decode("latin-1") if after else None)
    await exchange.send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send_text(exchange, b"retry: 3000\n\n")
    sending = asyncio.create_task(send_events(exchange, events))
    watching = asyncio.create_task(watch(env, caller, exchange, receive, heartbeat_s))
    count_open(env, topics, 1)
    try:
        await asyncio.wait((sending, watching), return_when=asyncio.FIRST_COMPLETED)
    finally:
        count_open(env, topics, -1)
        for task in (sending, watching):
            task.cancel()
        await asyncio.gather(sending, watching, return_exceptions=True)
    await exchange.send({"type": "http.response.body", "body": b""})


def count_open(env: Env, topics: list[str], by: int) -> None:
    for topic in topics:
        metrics.recorder(env).move("api_gateway_active_websockets", (topic,), by)


def topics_of(exchange: Exchange) -> list[str]:
    """Read the topics asked for (all, without any) and check that this caller may follow each."""
    text = Query(exchange.scope["query_string"]).text("topics")
    topics = [*dict.fromkeys(text.split(","))] if text else [*SCOPES]
    unknown = [topic for topic in topics if topic not in SCOPES]
    if unknown:
        raise Invalid(f"topics: {unknown[0]!r} is not one of {', '.join(SCOPES)}", field="topics")
    assert exchange.principal is not None
    for topic in topics:
        require(exchange.principal, SCOPES[topic])
    return topics


def check_origin(env: Env, exchange: Exchange) -> None:
    """Refuse a page of somebody else: a browser sends our cookie along with an EventSource."""
    origin = header(exchange.scope, b"origin")
    if origin is None or header(exchange.scope, b"sec-fetch-site") == b"same-origin":
        return
    own = urlsplit(env.settings.public_base_url)
    if origin.decode("latin-1") not in (f"{own.scheme}://{own.netloc}", *env.settings.cors_origins):
        raise Forbidden("this origin may not follow the stream", code="CROSS_SITE_REQUEST")


async def send_events(exchange: Exchange, events: AsyncIterator[Event]) -> None:
    async for event in events:
        await send_text(exchange, frame(event))


def frame(event: Event) -> bytes:
    """Encode an event; a line break inside the data would end it."""
    data = event.message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\ndata: ")
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event.id.encode(), event.topic.encode(), data)


async def send_text(exchange: Exchange, text: bytes) -> None:
    await exchange.send({"type": "http.response.body", "body": text, "more_body": True})


async def watch(env: Env, caller: Caller, exchange: Exchange, receive: Receive, heartbeat_s: float) -> None:
    """End when the client leaves, the token expires, the key is revoked or the server stops.

    Until then the line is kept warm.
    """
    gone = asyncio.create_task(disconnected(receive))
    stopping = asyncio.create_task(env.stopping.wait())
    try:
        while True:
            wait = min(heartbeat_s, seconds_left(env, exchange))
            done, _ = await asyncio.wait(
                (gone, stopping), timeout=max(wait, 0), return_when=asyncio.FIRST_COMPLETED
            )
            if done or not await may_stay(env, caller, exchange):
                return
            await send_text(exchange, b": still here\n\n")
    finally:
        gone.cancel()
        stopping.cancel()


async def disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def seconds_left(env: Env, exchange: Exchange) -> float:
    expires = exchange.principal.expires_at if exchange.principal else None
    return float("inf") if expires is None else (expires - env.now()) / 1000


async def may_stay(env: Env, caller: Caller, exchange: Exchange) -> bool:
    """Ask again who this is: a key may have been revoked, a session ended."""
    if seconds_left(env, exchange) <= 0 or exchange.principal is None:
        return False
    try:
        again = await caller.identify(exchange.scope)
    except Problem:
        return False
    return again.id == exchange.principal.id and again.scopes >= exchange.principal.scopes
