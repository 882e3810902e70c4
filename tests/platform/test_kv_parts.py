"""Flags, read-through caches, request counts and what the in-process driver keeps in bounds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.errors import Invalid
from shared.platform import kv as binding
from shared.platform.kv import KV, KVUnavailable, Layer
from shared.platform.kv.cache import NAMESPACES, ReadThrough
from shared.platform.kv.counts import request_count, window_of
from shared.platform.kv.flags import Flag, enabled, parse, read, switch
from shared.platform.kv.limiter import SWEEP_FROM
from shared.platform.kv.memory import SWEEP_EVERY, MemoryKV


@pytest.fixture(params=["memory", "redis"])
async def kv(request: pytest.FixtureRequest, clock: Any) -> Any:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    store = await binding.connect(url, now=clock, timeout_s=5)
    yield store
    await store.close()


async def test_a_flag_rolls_out_to_the_same_subjects(kv: KV) -> None:
    subjects = [f"user{i}" for i in range(1000)]
    assert not await enabled(kv, "x", "user1")
    groups = []
    for percentage in (0, 10, 50, 100):
        await switch(kv, "x", True, percentage)
        groups.append({s for s in subjects if await enabled(kv, "x", s)})
    assert groups[0] == set()
    assert groups[0] < groups[1] < groups[2] < groups[3] == set(subjects)
    assert 60 < len(groups[1]) < 140
    assert 430 < len(groups[2]) < 570
    await switch(kv, "x", False)
    assert not await enabled(kv, "x", "user1")
    await switch(kv, "y", True, 10)
    assert {s for s in subjects if await enabled(kv, "y", s)} != groups[1]


async def test_a_flag_is_kept_under_its_seed_name(kv: KV) -> None:
    await switch(kv, "llm", True, 25)
    assert await kv.get("config:llm") == b'{"enabled":true,"percentage":25}'
    await kv.put("config:other", b'{"enabled": true}')
    assert await read(kv, "other") == Flag(True, 100.0)
    with pytest.raises(Invalid):
        await switch(kv, "llm", True, 101)


@pytest.mark.parametrize("text", [None, b"", b"true", b"[]", b'{"enabled":"yes"}', b'{"percentage":5}', b"{"])
def test_what_is_no_flag_is_off(text: bytes | None) -> None:
    assert not parse(text).enabled


async def test_a_cache_loads_once_however_many_ask(kv: KV) -> None:
    loads, hits = 0, []

    async def load() -> bytes:
        nonlocal loads
        loads += 1
        await asyncio.sleep(0.02)
        return b"\x00value"

    cache = ReadThrough(kv, hits.append)
    found = await asyncio.gather(*[cache.get("market_data", "BTC", load) for _ in range(50)])
    assert (set(found), loads, hits) == ({b"\x00value"}, 1, [])
    assert await cache.get("market_data", "BTC", load) == b"\x00value"
    assert (loads, hits) == (1, ["market_data"])
    assert await kv.get("cache:market_data:BTC") == b"\x00value"
    await cache.drop("market_data", "BTC")
    await cache.get("market_data", "BTC", load)
    assert loads == 2


async def test_a_failed_load_is_told_to_all_and_not_kept(kv: KV) -> None:
    cache = ReadThrough(kv)

    async def fail() -> bytes:
        await asyncio.sleep(0)
        raise LookupError("no such asset")

    async def load() -> bytes:
        return b"1"

    found = await asyncio.gather(*[cache.get("api", "x", fail) for _ in range(3)], return_exceptions=True)
    assert [str(error) for error in found] == ["no such asset"] * 3
    assert await cache.get("api", "x", load) == b"1"


async def test_a_caller_that_gives_up_takes_nothing_away(kv: KV) -> None:
    cache, go = ReadThrough(kv), asyncio.Event()

    async def load() -> bytes:
        await go.wait()
        return b"1"

    first, second = (asyncio.create_task(cache.get("api", "x", load)) for _ in range(2))
    await asyncio.sleep(0.02)
    first.cancel()
    go.set()
    assert await second == b"1"


async def test_caches_have_the_lifetimes_and_caps_of_the_design(kv: KV, monkeypatch: Any) -> None:
    lifetimes = {name: rules.ttl_s for name, rules in NAMESPACES.items()}
    assert lifetimes == {"market_data": 300, "news": 900, "sentiment": 1800, "api": 60, "static": 86_400}
    assert [NAMESPACES[name].cap for name in ("market_data", "news", "sentiment")] == [1000, 500, 200]
    cache = ReadThrough(kv)

    async def load() -> bytes:
        return b"1"

    for number in range(260):
        await cache.get("sentiment", f"{number:03d}", load)
        if number % 50 == 0:
            assert len((await kv.list("cache:sentiment:")).keys) <= 200
    page = await kv.list("cache:sentiment:")
    assert 180 <= len(page.keys) <= 200
    assert await kv.get("cache:sentiment:259") == b"1"


class Gone:
    """A store that does not answer."""

    async def get(self, *_: Any, **__: Any) -> Any:
        raise KVUnavailable("gone")

    put = delete = list = get


async def test_without_the_store_a_cache_only_loads() -> None:
    cache = ReadThrough(Gone())  # type: ignore[arg-type]

    async def load() -> bytes:
        return b"1"

    assert [await cache.get("api", "x", load) for _ in range(2)] == [b"1", b"1"]
    await cache.drop("api", "x")
    assert not await enabled(Gone(), "x")  # type: ignore[arg-type]


async def test_requests_of_a_user_are_counted_by_window(kv: KV, clock: Any) -> None:
    layers = [Layer("user", "key_1", 3, 3600), Layer("ip", "key_1", 100, 3600)]
    for _ in range(5):
        await kv.limit(layers)
    now = clock() if isinstance(kv, MemoryKV) else __import__("time").time_ns() // 1_000_000
    window = window_of(now, 3600)
    assert await request_count(kv, "key_1", window) == 3
    assert await kv.get(f"rate_limit:key_1:{window}") == b"3"
    assert await request_count(kv, "key_1", window - 1) == 0
    assert await kv.get("rate_limit:user:key_1") is not None


async def test_the_driver_in_the_process_forgets_what_is_over(clock: Any) -> None:
    store = MemoryKV(clock)
    for number in range(SWEEP_EVERY):
        await store.put(f"k{number}", b"1", ttl=1)
    clock.advance(2000)
    for number in range(SWEEP_EVERY):
        await store.put("x", b"%d" % number)
    assert len(store._entries) == 1
    for number in range(SWEEP_FROM + 1):
        await store.limit([Layer("user", str(number), 1000, 1)])
        clock.advance(1)
    assert len(store._limiter._arrivals) < 100
