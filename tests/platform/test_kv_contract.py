"""What the key-value binding promises, on both drivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.platform import kv as binding
from shared.platform.kv import KV, Event, Layer

Pass = Callable[[float], Coroutine[Any, Any, None]]


@pytest.fixture(params=["memory", "redis"])
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def kv(driver: str, request: pytest.FixtureRequest, clock: Any) -> AsyncIterator[KV]:
    url = request.getfixturevalue("redis_url") if driver == "redis" else None
    # The machine that runs the tests may be busy for longer than 50 ms.
    store = await binding.connect(url, now=clock, timeout_s=5)
    yield store
    await store.close()


@pytest.fixture
def later(driver: str, clock: Any) -> Pass:
    """Let seconds go by: on our clock, or really for Redis, which has its own."""

    async def wait(seconds: float) -> None:
        clock.advance(round(seconds * 1000))
        if driver == "redis":
            await asyncio.sleep(seconds)

    return wait


async def test_put_get_delete(kv: KV) -> None:
    assert await kv.get("cache:market_data:BTC") is None
    await kv.put("cache:market_data:BTC", b"\x00\xff")
    assert await kv.get("cache:market_data:BTC") == b"\x00\xff"
    await kv.put("cache:market_data:BTC", "ü")
    assert await kv.get("cache:market_data:BTC") == "ü".encode()
    await kv.delete("cache:market_data:BTC")
    await kv.delete("cache:market_data:BTC")
    assert await kv.get("cache:market_data:BTC") is None
    assert (await kv.list()).keys == []


async def test_metadata_goes_with_its_value(kv: KV) -> None:
    await kv.put("a", b"1", metadata={"etag": "x", "n": [1, None]})
    assert await kv.get_with_metadata("a") == (b"1", {"etag": "x", "n": [1, None]})
    await kv.put("a", b"2")
    assert await kv.get_with_metadata("a") == (b"2", None)
    assert await kv.get_with_metadata("b") == (None, None)


async def test_what_expired_is_gone_everywhere(kv: KV, later: Pass) -> None:
    await kv.put("short", b"1", ttl=0.05, metadata={"a": 1})
    await kv.put("long", b"1", ttl=60)
    await kv.put("again", b"1", ttl=0.05)
    await kv.put("again", b"2")
    await later(0.06)
    assert await kv.get("short") is None
    assert await kv.get_with_metadata("short") == (None, None)
    assert [key.name for key in (await kv.list()).keys] == ["again", "long"]
    assert await kv.get("again") == b"2"


async def test_a_listing_tells_expiration_and_metadata(kv: KV) -> None:
    await kv.put("a", b"1", metadata={"x": 1})
    await kv.put("b", b"1", ttl=100)
    first, second = (await kv.list()).keys
    assert (first.name, first.expiration, first.metadata) == ("a", None, {"x": 1})
    assert (second.name, second.metadata) == ("b", None)
    assert isinstance(second.expiration, int)


async def test_listing_pages_in_byte_order(kv: KV) -> None:
    names = ["a", "a:", "a:1", "a:10", "a:2", "a:\x01", "a:é", "a:ﬁ", "a:😀", "a;", "b", "A"]
    for name in names:
        await kv.put(name, b"1")
    expected = sorted((n for n in names if n.startswith("a:")), key=str.encode)
    found, cursor, pages = [], None, 0
    while True:
        page = await kv.list("a:", limit=3, cursor=cursor)
        found += [key.name for key in page.keys]
        cursor, pages = page.cursor, pages + 1
        if page.list_complete:
            break
    assert (found, pages, cursor) == (expected, 3, None)
    assert [key.name for key in (await kv.list()).keys] == sorted(names, key=str.encode)
    assert (await kv.list("nothing")).list_complete


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.sets(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5), max_size=12))
async def test_any_name_is_found_under_its_own_prefix(kv: KV, names: set[str]) -> None:
    for key in (await kv.list()).keys:
        await kv.delete(key.name)
    names = {name for name in names if name not in (".", "..") and not name.startswith("kv:")}
    for name in names:
        await kv.put(name, name)
    for name in names:
        under = sorted((n for n in names if n.startswith(name)), key=str.encode)
        assert [key.name for key in (await kv.list(name)).keys] == under
        assert await kv.get(name) == name.encode()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda kv: kv.put("", b""), "key: is empty"),
        (lambda kv: kv.put(".", b""), "'.' is not allowed"),
        (lambda kv: kv.put("..", b""), "'..' is not allowed"),
        (lambda kv: kv.put("kv:index", b""), "the store's own"),
        (lambda kv: kv.put("é" * 257, b""), "514 bytes, at most 512"),
        (lambda kv: kv.put("\ud800", b""), "not valid Unicode"),
        (lambda kv: kv.put("a", bytes(25 * 2**20 + 1)), "26214401 bytes, at most 26214400"),
        (lambda kv: kv.put("a", b"", metadata={"a": "x" * 1020}), "1028 bytes of JSON, at most 1024"),
        (lambda kv: kv.put("a", b"", metadata={"a": object()}), "metadata:"),
        (lambda kv: kv.put("a", b"", ttl=0), "ttl: 0"),
        (lambda kv: kv.put("a", b"", ttl=float("nan")), "ttl: nan"),
        (lambda kv: kv.list(limit=1001), "between 1 and 1000"),
        (lambda kv: kv.list(cursor="\xff?"), "cursor"),
    ],
)
async def test_limits_are_named(kv: KV, call: Callable[[KV], Any], words: str) -> None:
    with pytest.raises(Invalid, match=words.replace("?", r"\?")):
        await call(kv)
    await kv.put("é" * 256, b"", metadata={"a": "x" * 1016})
    assert (await kv.get_with_metadata("é" * 256))[1] == {"a": "x" * 1016}


async def test_exactly_the_limit_passes(kv: KV) -> None:
    layer = Layer("user", "u1", 50, 3600)
    decisions = await asyncio.gather(*[kv.limit([layer]) for _ in range(200)])
    assert sum(d.allowed for d in decisions) == 50
    assert sorted(d.remaining for d in decisions if d.allowed) == list(range(50))
    refused = await kv.limit([layer])
    assert (refused.allowed, refused.layer, refused.remaining) == (False, layer, 0)
    assert 70 < refused.retry_after_s <= 72
    assert 3590 < refused.reset_s <= 3600


async def test_after_the_wait_it_passes_again(kv: KV, later: Pass) -> None:
    layer = Layer("user", "u1", 100, 10, burst=2)
    assert [(await kv.limit([layer])).allowed for _ in range(3)] == [True, True, False]
    wait = (await kv.limit([layer])).retry_after_s
    assert 0 < wait <= 0.1
    await later(wait + 0.002)
    again = await kv.limit([layer])
    assert again.allowed
    assert again.remaining == 0


async def test_all_layers_pass_or_none_is_used(kv: KV) -> None:
    ip, user, wide = Layer("ip", "1.2.3.4", 3, 60), Layer("user", "u", 5, 60), Layer("global", "*", 100, 60)
    assert [(await kv.limit([ip, user, wide])).allowed for _ in range(4)] == [True, True, True, False]
    assert (await kv.limit([ip, user, wide])).layer == ip
    # Two calls were refused; the others still have what three left.
    assert (await kv.limit([user])).remaining == 1
    assert (await kv.limit([wide])).remaining == 96


@pytest.mark.parametrize("tight", ["ip", "user", "endpoint", "global"])
async def test_the_refusing_layer_is_named(kv: KV, tight: str) -> None:
    layers = [Layer(s, "x", 2 if s == tight else 50, 60) for s in ("ip", "user", "endpoint", "global")]
    assert (await kv.limit(layers)).layer.scope == tight
    assert (await kv.limit(layers)).remaining == 0
    refused = await kv.limit(layers)
    assert (refused.allowed, refused.layer.scope) == (False, tight)
    for layer in layers:
        if layer.scope != tight:
            assert (await kv.limit([layer])).remaining == 47


async def test_a_call_may_cost_more(kv: KV) -> None:
    layer = Layer("user", "u", 10, 60, cost=4)
    assert [(await kv.limit([layer])).remaining for _ in range(2)] == [6, 2]
    assert not (await kv.limit([layer])).allowed
    assert (await kv.limit([Layer("user", "u", 10, 60, cost=2)])).allowed
    with pytest.raises(Invalid):
        Layer("user", "u", 10, 60, cost=11)


async def test_gate_answers_with_the_cached_value(kv: KV) -> None:
    layer = Layer("user", "u", 2, 60)
    await kv.put("cache:api:x", b"body")
    decision, value = await kv.gate([layer], "cache:api:x")
    assert (decision.allowed, decision.remaining, value) == (True, 1, b"body")
    assert (await kv.gate([layer], "cache:api:y"))[1] is None
    refused, value = await kv.gate([layer], "cache:api:x")
    assert (refused.allowed, value) == (False, None)


async def test_counters_add_up(kv: KV) -> None:
    await kv.count({"a{x=1}": 1, "a{x=2}": 0.5, "b": 1})
    await asyncio.gather(*[kv.count({"a{x=1}": 2}) for _ in range(10)])
    assert await kv.counters("a") == {"a{x=1}": 21.0, "a{x=2}": 0.5}
    await kv.count({})


async def test_a_lease_has_one_holder(kv: KV, later: Pass) -> None:
    taken = [
        lease for lease in await asyncio.gather(*[kv.lease("run", f"o{i}", 60) for i in range(20)]) if lease
    ]
    assert len(taken) == 1
    assert await kv.lease("run", taken[0].owner, 60) is None
    assert await kv.renew(taken[0])
    await kv.release(taken[0])
    assert not await kv.renew(taken[0])
    second = await kv.lease("run", "o2", 0.05)
    assert second is not None
    assert second.token > taken[0].token
    await later(0.06)
    assert not await kv.renew(second)
    third = await kv.lease("run", "o3", 60)
    assert third is not None
    assert third.token > second.token
    await kv.release(second)  # it was lost: nothing happens
    assert await kv.renew(third)


async def take(events: AsyncIterator[Event], count: int) -> list[Event]:
    async with asyncio.timeout(5):
        return [await anext(events) for _ in range(count)]


async def following(kv: KV, topics: list[str], count: int) -> asyncio.Task[list[Event]]:
    task = asyncio.create_task(take(kv.subscribe(topics), count))
    await asyncio.sleep(0.1)
    return task


async def test_followers_get_their_topics_in_order(kv: KV) -> None:
    both, prices = await following(kv, ["prices", "signals"], 3), await following(kv, ["prices"], 2)
    ids = [
        await kv.publish(t, m)
        for t, m in [("prices", b"1"), ("news", b"x"), ("signals", b"2"), ("prices", b"\xff")]
    ]
    assert [e[1:] for e in await both] == [("prices", b"1"), ("signals", b"2"), ("prices", b"\xff")]
    assert [e.id for e in await prices] == [ids[0], ids[3]]
    assert ids == sorted(ids, key=lambda i: [int(part) for part in i.split("-")])


async def test_resume_after_an_id_loses_nothing(kv: KV) -> None:
    first = await kv.publish("prices", b"0")
    for number in range(1, 60):
        await kv.publish("prices" if number % 2 else "news", b"%d" % number)
    events = kv.subscribe(["prices"], after=first)
    odd = [b"%d" % number for number in range(1, 60, 2)]
    assert [e.message for e in await take(events, 30)] == odd
    await kv.publish("prices", b"live")
    assert [e.message for e in await take(events, 1)] == [b"live"]


@pytest.mark.parametrize("after", ["1-0", "", "nonsense", "99999999999999999999-0", "x" * 5000])
async def test_an_id_the_log_does_not_know_is_said_to_be_missed(kv: KV, after: str) -> None:
    await kv.publish("prices", b"0")
    for number in range(2500):
        await kv.publish("prices", b"%d" % number)
    (event,) = await take(kv.subscribe(["prices"], after=after), 1)
    assert (event.topic, event.message) == ("missed", b"null")
