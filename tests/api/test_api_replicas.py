"""Several replicas over one Redis, and what happens when a part is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from functions.api.app import Api
from shared.models import Quote
from shared.platform import kv
from shared.platform.d1 import D1Database
from shared.platform.d1.errors import D1Unavailable
from shared.store import quotes

World = Any
PRICE = "/api/v1/market-data/BTC"


class Counting:
    """A key-value store that notes which methods were called."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name in ("limit", "gate", "get", "put"):
            self.calls.append(name)
        return getattr(self.store, name)


@pytest.fixture
async def replicas(world: World, redis_url: str) -> AsyncIterator[list[tuple[Api, Counting]]]:
    """Two replicas of the api over one Redis, each with its own memory."""
    made = []
    for _ in range(2):
        store = Counting(await kv.connect(redis_url))
        settings = replace(world.env.settings, redis_url=redis_url)
        made.append((Api(replace(world.env, kv=store, settings=settings, memory={})), store))
    yield made
    for api, store in made:
        await api.close()
        await store.close()


async def collect(world: World, api: Api, price: float) -> None:
    """Store a price and tell all replicas, as collection does."""
    now = world.env.now()
    await quotes.add(world.env.db, [Quote(1, "coingecko", now, price)], now)
    await api.env.kv.publish("prices", b"[]")
    await asyncio.sleep(0.1)


async def test_one_round_trip_serves_what_another_replica_made(
    world: World, client_for: Any, clock: Any, replicas: list[tuple[Api, Counting]]
) -> None:
    (first, _), (second, calls) = replicas
    async with (
        client_for(first.hot, world.keys["readonly"]) as a,
        client_for(second.hot, world.keys["readonly"]) as b,
    ):
        assert (await a.get("/api/v1/rate-limit")).status_code == 200  # both follow the events now
        assert (await b.get("/api/v1/rate-limit")).status_code == 200
        await asyncio.sleep(0.1)
        await collect(world, first, 100.0)
        made = await a.get(PRICE)
        assert await first.env.kv.get("cache:market_data:BTC") is not None
        del calls.calls[:]
        shared = await b.get(PRICE)
        assert calls.calls == ["gate"]
        assert shared.content == made.content
        left = [int(answer.headers["x-ratelimit-remaining"]) for answer in (made, shared)]
        assert left[1] == left[0] - 1  # one limit for all replicas
        clock.advance(1000)
        await collect(world, second, 200.0)
        for client in (a, b):
            assert (await client.get(PRICE)).json()["data"]["price"] == 200.0


class Lost:
    """A database driver whose server is gone."""

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any) -> Any:
            raise D1Unavailable("connection to 10.0.0.3:8080 refused")

        return call


async def test_without_its_database_it_lives_and_is_not_ready(world: World, client_for: Any) -> None:
    lost = Api(replace(world.env, db=D1Database(Lost()), memory={}))
    async with client_for(lost.hot, world.keys["readonly"]) as client:
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/health")).json()["status"] == "unhealthy"
        assert (await client.get("/ready")).status_code == 503
        answer = await client.get(PRICE)
        assert (answer.status_code, answer.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert "10.0.0.3" not in answer.text
        assert "retry-after" in answer.headers
    await lost.close()


async def test_without_redis_reads_go_on_and_logging_in_does_not(world: World, client_for: Any) -> None:
    from shared.access import sessions

    await world.quote("BTC", ("coingecko", 100.0))
    nobody = await kv.connect("redis://127.0.0.1:1/0")
    settings = replace(world.env.settings, redis_url="redis://127.0.0.1:1/0")
    lost = Api(replace(world.env, kv=nobody, settings=settings, memory={}))
    token = await sessions.make_login_token(world.env, "ada")
    async with client_for(lost.hot, world.keys["readonly"]) as client, client_for(lost.hot) as stranger:
        assert (await client.get(PRICE)).status_code == 200
        assert (await client.get("/ready")).status_code == 200
        health = await client.get("/api/v1/health")
        assert (health.status_code, health.json()["services"]["cache"]) == (200, "degraded")
        login = await stranger.post("/api/v1/auth/session", json={"token": token})
        assert login.status_code == 503
    await lost.close()
    await nobody.close()
