"""The event stream over a real socket: live events, resuming, heartbeats, and who must leave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import uvicorn

from functions.api import stream
from shared.access import keys

World = Any


@pytest.fixture
async def port(world: World) -> AsyncIterator[int]:
    config = uvicorn.Config(world.app, port=0, lifespan="off", http="httptools", log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = server.force_exit = True
    await task


class Events:
    """Reads a stream event by event."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        self.lines = answer.aiter_lines()

    async def next(self) -> dict[str, str]:
        """The next event (or comment, under `comment`) as its fields."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(5):
            async for line in self.lines:
                if not line and fields:
                    return fields
                if line:
                    name, _, value = line.partition(":")
                    fields[name or "comment"] = value.strip()
        raise EOFError

    async def ended(self) -> bool:
        try:
            while True:
                await self.next()
        except (EOFError, httpx2.RemoteProtocolError):
            return True


@contextlib.asynccontextmanager
async def following(port: int, key: str, query: str = "", **headers: str) -> AsyncIterator[Events]:
    headers = {"authorization": f"Bearer {key}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    async with (
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
        client.stream("GET", f"/api/v1/stream{query}", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = Events(answer)
        assert await events.next() == {"retry": "3000"}
        yield events


async def test_events_of_the_topics_asked_for_arrive_with_their_ids(world: World, port: int) -> None:
    async with following(port, world.keys["readonly"], "?topics=prices,news") as events:
        await world.env.kv.publish("signals", b'{"n":0}')
        first = await world.env.kv.publish("prices", b'[{"n":1}]')
        await world.env.kv.publish("news", b'{"text":"a\\nb"}')
        assert await events.next() == {"id": first, "event": "prices", "data": '[{"n":1}]'}
        assert (await events.next())["event"] == "news"


async def test_a_client_goes_on_after_the_last_event_it_saw(world: World, port: int) -> None:
    ids = [await world.env.kv.publish("prices", b"%d" % n) for n in range(4)]
    async with following(port, world.keys["readonly"], last_event_id=ids[1]) as events:
        assert [(await events.next())["id"] for _ in range(2)] == ids[2:]


async def test_a_line_break_in_the_data_does_not_end_an_event(world: World, port: int) -> None:
    async with following(port, world.keys["readonly"]) as events:
        await world.env.kv.publish("prices", b"1\nid: 9\r\n2")
        event = await events.next()
    assert event["id"] != "9"


async def test_a_quiet_stream_is_kept_warm_and_ends_when_the_key_is_revoked(
    world: World, port: int, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setattr(stream.stream, "__defaults__", (0.05,))
    async with following(port, world.keys["readonly"]) as events:
        assert await events.next() == {"comment": "still here"}
        record = await keys.find(world.env, world.keys["readonly"])
        assert record is not None
        await keys.revoke(world.env, record.id)
        clock.advance(1001)
        assert await events.ended()


async def test_a_stream_ends_with_its_token(world: World, port: int, client_for: Any, clock: Any) -> None:
    async with client_for(world.app, world.keys["readonly"]) as client:
        token = (await client.post("/api/v1/auth/token", json={"ttl": 1})).json()["access_token"]
    clock.advance(900)  # a tenth of a second is left
    async with following(port, token) as events:
        clock.advance(1000)
        assert await events.ended()


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("?topics=prices,passwords", {}, 400),
        ("", {"origin": "https://evil.test"}, 403),
        ("", {"authorization": "Bearer cik_dev_x"}, 401),
    ],
)
async def test_what_may_not_be_followed_is_refused(
    world: World, query: str, headers: dict[str, str], status: int
) -> None:
    answer = await world.readonly.get(f"/api/v1/stream{query}", headers=headers)
    assert answer.status_code == status


async def test_a_topic_needs_its_scope(world: World, client_for: Any) -> None:
    made = await keys.create(world.env, owner="ada", level="readonly", scopes=["read:prices"])
    async with client_for(world.app, made.key) as client:
        answer = await client.get("/api/v1/stream?topics=signals")
    assert (answer.status_code, answer.json()["details"]["scope"]) == (403, "read:signals")


async def test_open_streams_are_counted_while_they_are_open(world: World, port: int) -> None:
    async with following(port, world.keys["readonly"], "?topics=prices"):
        page = (await world.nobody.get("/metrics")).text
        assert 'api_gateway_active_websockets{stream="prices"} 1.0' in page
    for _ in range(100):
        page = (await world.nobody.get("/metrics")).text
        if 'api_gateway_active_websockets{stream="prices"} 0.0' in page:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(page)
