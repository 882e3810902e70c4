"""Signals and news over HTTP: filters, pages, ids, points in time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.api.reads.all import READS
from functions.api.reads.signals import RESERVED, types
from shared.models import DAY, HOUR, Article, Candle
from shared.signals.detectors import DETECTORS
from shared.store import articles, candles, outcomes, signals
from shared.store.articles import NewArticle
from shared.store.signals import Signal

World = Any
IDS = [f"01K{letter * 23}" for letter in "ABC"]


async def raise_signals(world: World) -> None:
    """Three signals an hour apart: BTC down, ETH up, BTC up (calibrated at 0.7)."""
    now = world.env.now()
    for n, (asset, symbol, name, kind, score) in enumerate(
        [
            (1, "BTC", "Bitcoin", "price_anomaly", None),
            (2, "ETH", "Ethereum", "volume_spike", None),
            (1, "BTC", "Bitcoin", "price_anomaly", 0.7),
        ]
    ):
        at = now - (3 - n) * HOUR
        signal = Signal(
            id=IDS[n],
            key=f"{kind}:{asset}:{at}",
            type=kind,
            asset=asset,
            symbol=symbol,
            name=name,
            direction="down",
            raw_score=6.5,
            confidence_score=score,
            step=DAY,
            at=at,
            known_at=at,
            reference_price=100.0,
            state="active",
            created_at=now,
            updated_at=now,
            expires_at=now + DAY,
            metadata={"z": 6.5},
        )
        await world.env.db.batch(signals.add_statements(world.env.db, signal, [HOUR, 7 * DAY]))


async def ids(world: World, query: str) -> list[str]:
    answer = await world.readonly.get(f"/api/v1/signals{query}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


async def test_a_signal_shows_evidence_outcomes_and_no_invented_confidence(world: World) -> None:
    await raise_signals(world)
    found = (await world.readonly.get(f"/api/v1/signals/by-id/{IDS[0]}")).json()["data"]
    assert found["evidence"] == {"z": 6.5}
    assert found["confidence_score"] is None
    told = {name: found["confidence"][name] for name in ("status", "score", "raw_score", "outcomes")}
    assert told == {"status": "insufficient data", "score": None, "raw_score": 6.5, "outcomes": 0}
    assert (found["interval"], found["price"], found["state"]) == ("1d", 100.0, "active")
    assert [(o["horizon"], o["status"]) for o in found["outcomes"]] == [("1h", "no data"), ("7d", "pending")]


async def test_filters_narrow_the_list_newest_first(world: World) -> None:
    await raise_signals(world)
    a, b, c = IDS
    assert await ids(world, "") == [c, b, a]
    assert await ids(world, "?symbol=bitcoin") == [c, a]
    assert await ids(world, "?type=volume-spike") == [b]
    assert await ids(world, "?type=price_anomaly&symbol=XXBTZUSD") == [c, a]
    assert await ids(world, "?confidence_min=0.5") == [c]
    assert await ids(world, f"?since={world.env.now() - 2 * HOUR}") == [c, b]
    assert await ids(world, f"?as_of={world.env.now() - 2 * HOUR}") == [b, a]
    assert await ids(world, "/price_anomaly") == [c, a]
    assert await ids(world, "/price-anomaly?limit=1") == [c]


async def test_pages_join_without_gap_or_repeat(world: World) -> None:
    await raise_signals(world)
    seen, query = [], "?limit=2"
    while query:
        page = (await world.readonly.get(f"/api/v1/signals{query}")).json()
        seen += [one["id"] for one in page["data"]]
        query = f"?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert seen == IDS[::-1]


@pytest.mark.parametrize("path", [f"/by-id/{IDS[1]}", f"/{IDS[1]}", f"/{IDS[1].lower()}"])
async def test_an_id_answers_with_one_signal(world: World, path: str) -> None:
    await raise_signals(world)
    assert (await world.readonly.get(f"/api/v1/signals{path}")).json()["data"]["id"] == IDS[1]


@pytest.mark.parametrize("path", ["nonsense", IDS[0], "by-id/x"])
async def test_what_is_not_there_says_so(world: World, path: str) -> None:
    answer = await world.readonly.get(f"/api/v1/signals/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "DATA_NOT_AVAILABLE")
    if path == "nonsense":
        assert "price_anomaly" in answer.json()["detail"]


def test_the_types_a_reader_is_told_are_those_of_the_detectors() -> None:
    assert set(types()) == {detector.type for detector in DETECTORS}


def test_no_type_is_called_like_a_path() -> None:
    taken = {part for read in READS for part in read.path.removeprefix("/api/v1/signals/").split("/")}
    assert {"history", "performance", "by-id", "compound", "correlations", "patterns"} <= RESERVED
    assert not set(types()) & (RESERVED | taken)


async def test_history_holds_what_is_over(world: World) -> None:
    await raise_signals(world)
    assert await ids(world, "/history") == []
    world.env.now.advance(2 * DAY)
    assert await ids(world, "/history?symbol=ETH") == [IDS[1]]
    assert await ids(world, f"/history?as_of={world.env.now() - DAY - 1}") == []


async def test_compound_signals_alone(world: World) -> None:
    await raise_signals(world)
    assert await ids(world, "/compound") == []
    answer = await world.readonly.get("/api/v1/signals/compound?type=price_anomaly")
    assert answer.status_code == 400


async def test_a_signal_brings_its_articles_chart_and_permalink(world: World) -> None:
    now = world.env.now()
    await raise_signals(world)
    article = Article("k1", "coindesk", "https://a.test/1", "Up", now - 2)
    await world.env.db.batch(articles.add_statements(world.env.db, [NewArticle(article, 0.6, "vader")], now))
    (stored,) = await articles.page(world.env.db)
    metadata = {"source": "binance", "articles": [stored.id]}
    signal = replace(await only(world, IDS[0]), id="01K" + "D" * 23, key="x", metadata=metadata)
    await world.env.db.batch(signals.add_statements(world.env.db, signal, [HOUR]))
    first = now // DAY * DAY - 10 * DAY
    bars = [Candle(1, "binance", DAY, first + n * DAY, 1.0, 3.0, 0.5, 2.0, n) for n in range(5)]
    await candles.add(world.env.db, bars, now)
    found = (await world.readonly.get(f"/api/v1/signals/{signal.id}")).json()["data"]
    assert found["permalink"].endswith(f"/signals/{signal.id}")
    assert [one["title"] for one in found["articles"]] == ["Up"]
    assert found["chart"]["source"] == "binance"
    assert [row[5] for row in found["chart"]["data"]] == [0, 1, 2, 3, 4]


async def test_a_signal_as_of_an_instant_knows_nothing_later(world: World) -> None:
    await raise_signals(world)
    at = world.env.now() - 3 * HOUR
    settled = outcomes.Outcome(IDS[0], 7 * DAY, "resolved", -0.1, 0.2, 0.0, True, world.env.now())
    await world.env.db.batch([outcomes.settle_statement(world.env.db, settled)])
    now = (await world.readonly.get(f"/api/v1/signals/{IDS[0]}")).json()["data"]
    then = (await world.readonly.get(f"/api/v1/signals/{IDS[0]}?as_of={at}")).json()["data"]
    assert [one["status"] for one in now["outcomes"]] == ["no data", "resolved"]
    assert [one["status"] for one in then["outcomes"]] == ["no data", "pending"]
    before = await world.readonly.get(f"/api/v1/signals/by-id/{IDS[0]}?as_of={at - 1}")
    assert before.status_code == 404


async def test_performance_of_too_few_tells_their_number_alone(world: World) -> None:
    await raise_signals(world)
    settled = outcomes.Outcome(IDS[0], 7 * DAY, "resolved", -0.1, 0.2, 0.0, True, world.env.now())
    await world.env.db.batch([outcomes.settle_statement(world.env.db, settled)])
    (one,) = (await world.readonly.get("/api/v1/signals/performance?type=price-anomaly")).json()["data"]
    assert (one["type"], one["interval"], one["horizon"], one["n"], one["hits"]) == (
        "price_anomaly",
        "1d",
        "7d",
        1,
        1,
    )
    assert one["status"] == "insufficient data"
    assert one["hit_rate"] is one["lift"] is one["lift_95"] is one["calibration"] is None
    assert (await world.readonly.get("/api/v1/signals/performance?symbol=ETH")).json()["data"] == []


@pytest.mark.parametrize(
    "query",
    ["type=nonsense", "interval=2h", "horizon=1y", "symbol=NOPE", "regime=crab", "hour=24", "by=x"],
)
async def test_performance_refuses_what_it_does_not_know(world: World, query: str) -> None:
    answer = await world.readonly.get(f"/api/v1/signals/performance?{query}")
    assert answer.status_code in (400, 404)
    assert query.partition("=")[2] in answer.json()["detail"]


async def only(world: World, id: str) -> Signal:
    found = await signals.by_id(world.env.db, id)
    assert found is not None
    return found


async def test_news_carry_mood_and_symbols_newest_first(world: World) -> None:
    now = world.env.now()
    new = [
        NewArticle(Article("k1", "coindesk", "https://a.test/1", "Up", now - 2), 0.6, "vader", assets=(1,)),
        NewArticle(Article("k2", "decrypt", "https://a.test/2", "So", now - 1), 0.01, "vader", assets=(2,)),
        NewArticle(Article("k3", "decrypt", "https://a.test/3", "Hm", now), None, None),
    ]
    await world.env.db.batch(articles.add_statements(world.env.db, new, now))
    path = "/api/v1/news/crypto/latest"
    body = (await world.readonly.get(path)).json()
    assert [one["title"] for one in body["data"]] == ["Hm", "So", "Up"]
    assert [one["sentiment"] for one in body["data"]] == [
        None,
        {"score": 0.01, "label": "neutral", "model": "vader"},
        {"score": 0.6, "label": "positive", "model": "vader"},
    ]
    assert body["data"][2]["symbols"] == ["BTC"]
    assert body["data"][2]["source"] == "coindesk"
    of_btc = (await world.readonly.get(f"{path}?symbol=bitcoin")).json()
    assert [one["title"] for one in of_btc["data"]] == ["Up"]
    first = (await world.readonly.get(f"{path}?limit=2")).json()
    rest = (await world.readonly.get(f"{path}?limit=2&cursor={first['next_cursor']}")).json()
    assert [one["title"] for one in rest["data"]] == ["Up"]
    assert rest["next_cursor"] is None
