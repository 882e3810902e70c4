"""Types of signals with their coverage, and the psychology of a market, over HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.models import DAY, HOUR, MINUTE, Candle, Metric, OrderBook
from shared.signals.detectors import DETECTORS
from shared.store import books, candles, metrics
from shared.store.assets import source_ids

World = Any


async def types_of(world: World) -> dict[str, Any]:
    answer = await world.readonly.get("/api/v1/signals/types")
    assert answer.status_code == 200, answer.text
    return {one["type"]: one for one in answer.json()["data"]}


async def test_every_type_says_what_it_is_and_that_nothing_is_there_yet(world: World) -> None:
    found = await types_of(world)
    assert list(found) == [detector.type for detector in DETECTORS]
    for one in found.values():
        assert one["status"] == "no data"
        assert one["coverage"] == {"series": 0, "assets": 0, "newest": None}
        assert re.fullmatch(r"[A-Z][\w -]{3,40}( \(compound\))?", one["title"]), one["title"]
        assert re.fullmatch(r"[A-Z].{20,120}\.", one["explanation"]), one["explanation"]
        assert one["inputs"]
    assert found["price_anomaly"]["thresholds"] == {"5m": 8.0, "1h": 6.0, "1d": 5.0}
    assert found["tvl_anomaly"]["thresholds"] == {"look": 4.0}
    assert (found["tvl_anomaly"]["on"], found["price_anomaly"]["on"]) == ("tables", "bars")


async def test_what_is_collected_shows_as_coverage_of_those_who_read_it(world: World) -> None:
    now = world.env.now()
    bars = [Candle(1, "binance", HOUR, now - n * HOUR, 1.0, 1.0, 1.0, 1.0, 1.0) for n in range(1, 3)]
    await candles.add(world.env.db, bars, now)
    ids = await source_ids(world.env.db, {"defillama", "binance"})
    values = [
        ("tvl:bsc", 5e9),
        ("tvl:base", 1e9),
        ("stablecoin_price:usdt", 1.0),
        ("funding_rate:bitcoin", 1e-4),
    ]
    rows = [Metric(name, "defillama", now - HOUR, value) for name, value in values]
    rows.append(Metric("dex_volume:tron", "defillama", now - 3 * DAY, 1.0))
    book = OrderBook(2, "binance", now - MINUTE, ((1.0, 1.0),), ((1.1, 1.0),))
    await world.env.db.batch(metrics.add_statements(world.env.db, rows, ids, now))
    await world.env.db.batch(books.add_statements(world.env.db, [book], ids, now))
    await world.quote("BTC", ("binance", 90_000.0), ("coingecko", 90_001.0))
    await world.quote("USDT", ("coingecko", 1.0))
    found = {type: one["coverage"] for type, one in (await types_of(world)).items()}
    assert found["price_anomaly"] == {"series": 1, "assets": 1, "newest": now}
    assert found["tvl_anomaly"] == {"series": 2, "assets": 2, "newest": now - HOUR}
    assert found["funding_extreme"]["series"] == 1
    assert found["dex_volume_spike"]["series"] == 0  # three days old
    assert found["exchange_divergence"] == {"series": 2, "assets": 1, "newest": now}
    assert found["stablecoin_depeg"] == {"series": 1, "assets": 1, "newest": now}
    assert found["order_book_imbalance"] == {"series": 1, "assets": 1, "newest": now - MINUTE}
    assert found["liquidity_anomaly"] == found["order_book_imbalance"]
    assert found["news_burst"]["series"] == 0


async def test_the_word_types_is_no_type_of_signal(world: World) -> None:
    assert "data" in (await world.readonly.get("/api/v1/signals/types")).json()
    assert (await world.readonly.get("/api/v1/signals/type")).status_code == 404


@pytest.mark.parametrize(("query", "name"), [("", "Crypto market"), ("?symbol=btc", "Bitcoin")])
async def test_psychology_without_data_says_so_and_what_is_missing(
    world: World, query: str, name: str
) -> None:
    body = (await world.readonly.get(f"/api/v1/sentiment/psychology{query}")).json()
    assert (body["data"]["state"], body["data"]["name"], body["data"]["index"]) == ("no data", name, None)
    assert body["data"]["missing"] == ["sentiment", "sentiment_change", "momentum", "volatility", "volume"]
    assert body["data"]["inputs"]["momentum"] is None


async def test_psychology_of_nobody_is_not_found(world: World) -> None:
    answer = await world.readonly.get("/api/v1/sentiment/psychology?symbol=nonsense")
    assert (answer.status_code, answer.json()["code"]) == (404, "INVALID_SYMBOL")


async def test_psychology_needs_its_scope(world: World) -> None:
    assert (await world.nobody.get("/api/v1/sentiment/psychology")).status_code == 401
