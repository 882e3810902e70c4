"""Overview, trending, metrics, regime and patterns over HTTP, on data put there for it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from shared.models import DAY, HOUR, Article, Candle, Metric
from shared.signals.patterns import LEAST
from shared.store import articles, assets, candles, metrics, signals
from shared.store.articles import NewArticle
from shared.store.assets import source_ids
from shared.store.signals import Signal

World = Any


async def get(world: World, path: str, status: int = 200) -> Any:
    answer = await world.readonly.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


async def prices(world: World) -> None:
    await world.quote("BTC", ("kraken", 110.0), open_24h=100.0, volume_24h=10.0, market_cap=600.0)
    await world.quote("ETH", ("kraken", 9.0), open_24h=9.5, volume_24h=90.0, market_cap=300.0)
    await world.quote("SOL", ("kraken", 5.0), open_24h=5.0, volume_24h=1.0, market_cap=100.0)


async def raise_signal(world: World, n: int, type: str, asset: int, at: int) -> None:
    symbol = {1: "BTC", 2: "ETH"}[asset]
    signal = Signal(
        id=f"01K{n:023d}",
        key=f"{type}:{asset}:{at}",
        type=type,
        asset=asset,
        symbol=symbol,
        name=symbol,
        direction="up",
        raw_score=1.0,
        confidence_score=None,
        step=HOUR,
        at=at,
        known_at=at,
        reference_price=1.0,
        state="active",
        created_at=at,
        updated_at=at,
        expires_at=at + DAY,
        metadata={},
    )
    await world.env.db.batch(signals.add_statements(world.env.db, signal, [HOUR]))


async def write(world: World, n: int, at: int, mood: float, asset: int) -> None:
    article = Article(f"k{n}", "feed", f"https://news.test/{n}", f"Title {n}", at)
    new = NewArticle(article, sentiment=mood, sentiment_model="vader", assets=(asset,))
    await world.env.db.batch(articles.add_statements(world.env.db, [new], at))


async def test_overview_of_an_empty_market(world: World) -> None:
    data = (await get(world, "/api/v1/analytics/market-overview"))["data"]
    assert data["assets"] == 0
    assert data["market_cap"] is data["btc_dominance"] is data["median_change_24h"] is None
    assert data["gainers"] == data["losers"] == []
    assert data["regime"] == "no data"


async def test_overview_adds_up(world: World) -> None:
    await prices(world)
    now = world.env.now()
    await raise_signal(world, 1, "volume_spike", 1, now - HOUR)
    await raise_signal(world, 2, "volume_spike", 2, now - 2 * DAY)
    await write(world, 1, now - HOUR, 0.5, 1)
    data = (await get(world, "/api/v1/analytics/market-overview"))["data"]
    assert data["market_cap"] == 1000
    assert data["volume_24h"] == 101
    assert data["btc_dominance"] == 0.6
    assert data["breadth"] == {"up": 1, "down": 1, "unchanged": 1}
    assert data["median_change_24h"] == 0
    assert [row["symbol"] for row in data["gainers"]] == ["BTC"]
    assert [row["symbol"] for row in data["losers"]] == ["ETH"]
    assert [row["symbol"] for row in data["most_traded"]] == ["ETH", "BTC", "SOL"]
    assert data["news_24h"] == {"articles": 1, "sentiment": 0.5}
    assert data["signals_24h"] == {"volume_spike": 1}


async def test_overview_as_of_forgets_what_came_later(world: World) -> None:
    before = world.env.now()
    world.env.now.advance(HOUR)
    await prices(world)
    earlier = (await get(world, f"/api/v1/analytics/market-overview?as_of={before}"))["data"]
    assert earlier["assets"] == 0


async def test_trending_names_its_reasons(world: World) -> None:
    await prices(world)
    now = world.env.now()
    await raise_signal(world, 1, "volume_spike", 1, now - HOUR)
    await write(world, 1, now - HOUR, -0.5, 1)
    first, *rest = (await get(world, "/api/v1/analytics/trending"))["data"]
    assert first["symbol"] == "BTC"
    assert first["reasons"] == ["move", "articles", "signals"]
    assert first["sentiment_24h"] == -0.5
    assert first["score"] == (1 + 0.5 + 1 + 1) / 4
    assert [row["score"] for row in [first, *rest]] == sorted(
        (r["score"] for r in [first, *rest]), reverse=True
    )
    assert len((await get(world, "/api/v1/analytics/trending?limit=1"))["data"]) == 1


async def test_a_stored_metric_over_time_and_at_an_instant(world: World) -> None:
    ids, now = await source_ids(world.env.db, {"defillama"}), world.env.now()
    for n in range(3):
        rows = [Metric("tvl:ethereum", "defillama", now - (2 - n) * DAY, 10.0 + n)]
        await world.env.db.batch(metrics.add_statements(world.env.db, rows, ids, now - (2 - n) * DAY))
    data = (await get(world, "/api/v1/analytics/tvl:ethereum"))["data"]
    assert [row[1] for row in data] == [12, 11, 10]
    old = (await get(world, f"/api/v1/analytics/tvl:ethereum?as_of={now - DAY}"))["data"]
    assert [row[1] for row in old] == [11, 10]
    day = (await get(world, "/api/v1/analytics/tvl:ethereum?period=24h"))["data"]
    assert [row[1] for row in day] == [12, 11]


async def test_a_derived_metric_and_an_unknown_one(world: World) -> None:
    await prices(world)
    assert (await get(world, "/api/v1/analytics/btc_dominance"))["data"][0][1] == 0.6
    problem = await get(world, "/api/v1/analytics/nonsense", 404)
    assert problem["code"] == "DATA_NOT_AVAILABLE"
    assert "market_cap" in problem["details"]["metrics"]


async def store_days(world: World, symbol: str, drift: float, days: int = 300) -> None:
    asset = (await assets.load(world.env.db)).resolve(symbol)
    assert asset is not None
    first = world.env.now() // DAY * DAY - days * DAY
    closes = [100 * math.exp(drift * n + 0.01 * (-1) ** n) for n in range(days)]
    bars = [Candle(asset.id, "binance", DAY, first + n * DAY, c, c, c, c, 1.0) for n, c in enumerate(closes)]
    await candles.add(world.env.db, bars, world.env.now())


async def test_regime_needs_history_then_shows_its_numbers(world: World) -> None:
    empty = (await get(world, "/api/v1/llm/market-regime"))["data"]
    assert empty["regime"] == "no data"
    assert empty["evidence"] is None
    await store_days(world, "BTC", 0.01)
    await store_days(world, "ETH", -0.01)
    await world.env.kv.publish("prices", b"[]")
    data = (await get(world, "/llm/market-regime?as_of=" + str(world.env.now())))["data"]
    assert data["trend"] == "bull"
    assert data["model"] == "rules"
    assert data["evidence"]["close"] > data["evidence"]["average"] > data["evidence"]["average_before"]
    assert data["breadth"] == {"above_average": 1, "assets": 2, "share": 0.5, "average_days": 50}


async def test_correlations_and_hours(world: World) -> None:
    now = world.env.now()
    for n in range(LEAST + 5):
        at = now - (n + 1) * 31 * HOUR  # no hour of the day of its own: the days around are compared with
        await raise_signal(world, 2 * n, "price_anomaly", 1, at)
        await raise_signal(world, 2 * n + 1, "volume_spike", 1, at + HOUR)
    found = await get(world, "/api/v1/signals/correlations")
    (pair,) = [one for one in found["data"] if one["first"] == "price_anomaly"]
    assert pair["then"] == "volume_spike"
    assert pair["together"] == LEAST + 4  # the oldest came before there was any volume spike
    assert pair["lift_95"][0] > 3
    assert pair["median_delay_ms"] == HOUR
    temporal = (await get(world, "/api/v1/signals/patterns/temporal?type=price-anomaly"))["data"]
    assert temporal["n"] == LEAST + 5
    assert temporal["status"] == "measured"
    assert sum(slot["n"] for slot in temporal["by_hour"]) == LEAST + 5
    few = (await get(world, "/api/v1/signals/patterns/temporal?symbol=ETH"))["data"]
    assert few["status"] == "insufficient data"


async def test_event_study_of_news(world: World) -> None:
    now = world.env.now() // HOUR * HOUR
    first = now - 80 * 30 * HOUR
    closes = [100 * 1.02 ** ((n + 26) // 30) for n in range(80 * 30)]  # a rise four hours after each story
    bars = [Candle(1, "binance", HOUR, first + n * HOUR, c, c, c, c, 1.0) for n, c in enumerate(closes)]
    await candles.add(world.env.db, bars, now)
    for n in range(LEAST + 5):
        await write(world, n, first + (n * 30 + 30) * HOUR, 0.8, 1)
    found = (await get(world, "/api/v1/analytics/event-study?symbol=BTC"))["data"]
    path = {point["hour"]: point["mean"] for point in found["path"]}
    assert found["status"] == "measured"
    assert found["n"] == LEAST + 5
    assert path[4] == 0
    assert path[5] == pytest.approx(math.log(1.02))
    few = (await get(world, "/api/v1/analytics/event-study?event=volume_spike"))["data"]
    assert few["status"] == "insufficient data"
    assert few["path"] == []
    assert (await get(world, "/api/v1/analytics/event-study?event=nonsense", 404))[
        "code"
    ] == "DATA_NOT_AVAILABLE"
