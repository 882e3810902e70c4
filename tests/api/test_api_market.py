"""Prices over HTTP: names, consensus, pages, points in time, and never a stale price."""

from __future__ import annotations

from typing import Any

import pytest

from shared.models import DAY, HOUR, MINUTE, Candle
from shared.store import candles

World = Any


@pytest.mark.parametrize("name", ["BTC", "bitcoin", "BTCUSDT", "XXBTZUSD", "btc"])
@pytest.mark.parametrize("path", ["/api/v1/market-data/", "/api/v1/prices/current/"])
async def test_an_asset_answers_to_all_its_names(world: World, path: str, name: str) -> None:
    await world.quote("BTC", ("coingecko", 100.0), market_cap=5.0, open_24h=80.0, volume_24h=7.0)
    answer = await world.readonly.get(path + name)
    assert answer.status_code == 200
    assert answer.json()["data"] == {
        "symbol": "BTC",
        "id": "bitcoin",
        "name": "Bitcoin",
        "rank": 1,
        "price": 100.0,
        "change_24h": 25.0,
        "open_24h": 80.0,
        "high_24h": None,
        "low_24h": None,
        "volume_24h": 7.0,
        "market_cap": 5.0,
        "at": world.env.now(),
        "known_at": world.env.now(),
        "consensus": "single",
        "spread_bps": None,
        "sources": [{"source": "coingecko", "price": 100.0, "at": world.env.now(), "used": True}],
    }


async def test_an_unknown_symbol_is_a_404_with_names_that_look_alike(world: World) -> None:
    answer = await world.readonly.get("/api/v1/market-data/bitcoim")
    assert answer.status_code == 404
    assert answer.json()["code"] == "INVALID_SYMBOL"
    assert "bitcoin" in answer.json()["details"]["near"]


async def test_an_asset_nobody_quoted_is_not_available(world: World) -> None:
    answer = await world.readonly.get("/api/v1/market-data/ETH")
    assert (answer.status_code, answer.json()["code"]) == (404, "DATA_NOT_AVAILABLE")


async def test_one_wrong_source_is_listed_and_not_used(world: World) -> None:
    await world.quote("BTC", ("coingecko", 100.0), ("binance", 100.2), ("third", 1000.0))
    row = (await world.readonly.get("/api/v1/market-data/BTC")).json()["data"]
    assert (row["price"], row["consensus"]) == (100.1, "agreed")
    assert [(s["source"], s["used"]) for s in row["sources"]] == [
        ("binance", True),
        ("coingecko", True),
        ("third", False),
    ]


async def test_a_new_price_is_served_at_once_after_it_was_collected(world: World, clock: Any) -> None:
    for price in (100.0, 101.0, 102.0):
        clock.advance(1000)
        await world.quote("BTC", ("coingecko", price))
        for _ in range(3):
            answer = await world.readonly.get("/api/v1/market-data/BTC")
            assert answer.json()["data"]["price"] == price


async def test_an_unchanged_answer_is_304_and_a_changed_one_is_not(world: World, clock: Any) -> None:
    await world.quote("BTC", ("coingecko", 100.0))
    first = await world.readonly.get("/api/v1/market-data/BTC")
    known = {"if-none-match": first.headers["etag"]}
    for _ in range(2):  # from the store, then from memory
        again = await world.readonly.get("/api/v1/market-data/BTC", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    clock.advance(1000)
    await world.quote("BTC", ("coingecko", 101.0))
    assert (await world.readonly.get("/api/v1/market-data/BTC", headers=known)).status_code == 200


async def test_memory_and_store_answer_alike(world: World) -> None:
    await world.quote("BTC", ("coingecko", 100.0))
    slow = await world.readonly.get("/api/v1/market-data/BTC")
    fast = await world.readonly.get("/api/v1/market-data/BTC")
    changing = {"x-request-id", "ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset"}
    assert slow.content == fast.content
    assert {k: v for k, v in slow.headers.items() if k not in changing} == {
        k: v for k, v in fast.headers.items() if k not in changing
    }
    assert int(fast.headers["x-ratelimit-remaining"]) == int(slow.headers["x-ratelimit-remaining"]) - 1


async def test_head_is_get_without_the_body(world: World) -> None:
    await world.quote("BTC", ("coingecko", 100.0))
    head = await world.readonly.head("/api/v1/market-data/BTC")
    get = await world.readonly.get("/api/v1/market-data/BTC")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(get.content))


async def test_pages_of_the_list_are_in_rank_order_and_whole(world: World) -> None:
    for symbol in ("DOGE", "BTC", "ETH"):
        await world.quote(symbol, ("coingecko", 1.0))
    seen, cursor = [], None
    while True:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await world.readonly.get("/api/v1/market-data", params=query)).json()
        seen += [row["symbol"] for row in page["data"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == ["BTC", "ETH", "DOGE"]
    assert page["as_of"] == world.env.now()


async def test_as_of_answers_with_what_was_known_then(world: World, clock: Any) -> None:
    await world.quote("BTC", ("coingecko", 100.0))
    then = clock()
    clock.advance(HOUR)
    await world.quote("BTC", ("coingecko", 200.0))
    for path in ("/api/v1/market-data/BTC", "/api/v1/market-data"):
        body = (await world.readonly.get(path, params={"as_of": then + MINUTE})).json()["data"]
        row = body[0] if isinstance(body, list) else body
        assert (row["price"], row["at"]) == (100.0, then)
    iso = await world.readonly.get("/api/v1/market-data/BTC?as_of=2025-11-21T12:30:00Z")
    assert iso.json()["data"]["price"] == 100.0


@pytest.mark.parametrize(
    ("query", "code", "names"),
    [
        ("limit=0", "VALIDATION_ERROR", "limit"),
        ("limit=1001", "VALIDATION_ERROR", "limit"),
        ("limit=٣", "VALIDATION_ERROR", "limit"),
        ("as_of=yesterday", "VALIDATION_ERROR", "as_of"),
        ("as_of=1e300", "VALIDATION_ERROR", "as_of"),
        ("as_of=4000000000000", "VALIDATION_ERROR", "as_of"),
        ("cursor=%00", "VALIDATION_ERROR", "cursor"),
        ("cursor=WyJhIl0", "VALIDATION_ERROR", "cursor"),
    ],
)
async def test_a_wrong_parameter_is_named(world: World, query: str, code: str, names: str) -> None:
    answer = await world.readonly.get(f"/api/v1/market-data?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["detail"].startswith(f"{names}:")


async def bars(world: World, step: int, times: list[int]) -> None:
    rows = [Candle(1, "binance", step, at, 10.0, 12.0, 9.0, 11.0, 5.0) for at in times]
    await candles.add(world.env.db, rows, world.env.now())


async def test_history_has_columns_source_and_counted_gaps(world: World) -> None:
    end = world.env.now() // DAY * DAY
    await bars(world, DAY, [end - 5 * DAY, end - 4 * DAY, end - DAY])
    answer = await world.readonly.get("/api/v1/market-data/BTC/history?interval=1d&period=30d")
    assert answer.json() == {
        "symbol": "BTC",
        "interval": "1d",
        "columns": ["open_time", "open", "high", "low", "close", "volume"],
        "data": [[end - n * DAY, 10.0, 12.0, 9.0, 11.0, 5.0] for n in (5, 4, 1)],
        "source": "binance",
        "gaps": 2,
    }
    newest = await world.readonly.get("/api/v1/market-data/BTC/history?interval=1d&limit=1")
    assert [row[0] for row in newest.json()["data"]] == [end - DAY]


async def test_history_that_ended_long_ago_is_counted_back_from_its_end(world: World) -> None:
    await bars(world, DAY, [1_500_000_000_000 + n * DAY for n in range(60)])
    answer = await world.readonly.get("/api/v1/market-data/BTC/history?interval=1d&period=30d")
    assert len(answer.json()["data"]) == 30


@pytest.mark.parametrize("query", ["interval=2m", "period=5y", "interval=1m&period=1y"])
async def test_an_impossible_timeframe_is_told_so(world: World, query: str) -> None:
    answer = await world.readonly.get(f"/api/v1/market-data/BTC/history?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_TIMEFRAME")
