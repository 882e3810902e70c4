"""Sentiment by the hour: raised once, with price and volatility from the bars of that hour, recomputable."""

from __future__ import annotations

import asyncio
from math import sqrt

import pytest
from signals_support import bars_from_paths, everything, store_bars

from shared.env import Env
from shared.models import DAY, HOUR, MINUTE, Article, Candle
from shared.signals.detect import detect
from shared.store import articles, candles, signals
from shared.store.articles import NewArticle

NOW = 400 * HOUR


async def publish(env: Env, n: int, first: int, every: int, mood: float, *, known: int | None = None) -> None:
    """`n` articles about Bitcoin, each known five minutes after it appeared, moods within ±0.05."""
    for i in range(n):
        at = first + i * every
        key = f"https://example.com/{first}/{i}"
        article = Article(key, "feed", key, f"Title {first} {i}", at)
        new = NewArticle(article, mood + 0.05 * (i % 3 - 1), "test", None, (1,))
        known_at = at + 5 * MINUTE if known is None else known
        await env.db.batch(articles.add_statements(env.db, [new], known_at))


@pytest.fixture
async def env(env: Env) -> Env:
    """A calm week of news, then a burst of bad ones from 393 to 395 h, and hourly bars."""
    env.now = lambda: NOW
    await publish(env, 60, NOW - 7 * DAY, 150 * MINUTE, 0.1)
    await publish(env, 8, 393 * HOUR, 15 * MINUTE, -0.8)
    await store_bars(env, bars_from_paths(1, 399))
    return env


async def shifts(env: Env) -> list[signals.Signal]:
    return await signals.page(env.db, types=("sentiment_shift",))


async def test_a_burst_of_bad_news_is_one_signal_and_follows_its_formula(env: Env) -> None:
    await detect(env)
    (found,) = await shifts(env)
    assert (found.direction, found.symbol, found.step) == ("down", "BTC", 0)
    assert 394 * HOUR <= found.at <= 396 * HOUR
    evidence = found.metadata
    rows = await signals.sentiments(env.db, evidence["baseline"]["after"], found.at)
    told = [(at, mood) for asset, at, known, mood, _ in rows if asset == 1 and known <= found.at]
    recent = [mood for at, mood in told if at > evidence["recent"]["after"]]
    before = [mood for at, mood in told if at <= evidence["recent"]["after"]]
    m1, m0 = sum(recent) / len(recent), sum(before) / len(before)
    squares = sum((x - m1) ** 2 for x in recent) + sum((x - m0) ** 2 for x in before)
    spread = max(sqrt(squares / (len(told) - 2)), 0.2)
    value = (len(recent) * m1 + 3 * m0) / (len(recent) + 3)
    score = abs(value - m0) / (spread * sqrt(1 / len(recent) + 1 / len(before)))
    assert score == pytest.approx(found.raw_score, rel=1e-9)
    assert (evidence["recent"]["n"], evidence["baseline"]["n"]) == (len(recent), len(before))
    assert evidence["explained"]
    assert len(evidence["articles"]) >= 5


async def test_it_starts_from_the_close_of_its_hour(env: Env) -> None:
    await detect(env)
    (found,) = await shifts(env)
    bars = await candles.read(env.db, 1, HOUR, 0, found.at)
    assert found.reference_price == bars[-1].close
    assert bars[-1].open_time + HOUR == found.at == found.metadata["price_at"]
    assert found.metadata["volatility_1h"] > 0.0005


async def test_it_starts_from_the_newest_close_however_long_the_hour_is_over(env: Env) -> None:
    """Hourly bars come late: what moved until the signal must not count as what followed it."""
    await detect(env)
    (found,) = await shifts(env)
    lost = ("signals", "detector_state", "signal_log", "signal_log_days")
    await env.db.batch([env.db.prepare(f"DELETE FROM {name}") for name in lost])
    behind = env.db.prepare("DELETE FROM candles WHERE open_time >= ?").bind(found.at - HOUR)
    await env.db.batch(
        [behind, env.db.prepare("UPDATE candle_series SET last_open = ?").bind(found.at - 2 * HOUR)]
    )
    short = [Candle(1, "kraken", 5 * MINUTE, found.at - n * 5 * MINUTE, n, n, n, n, 1.0) for n in (1, 2, 3)]
    await candles.add(env.db, short, 0)
    await detect(env)
    (again,) = await shifts(env)
    assert (again.reference_price, again.metadata["price_at"]) == (1.0, found.at)
    assert (again.metadata["source"], again.metadata["price_step"]) == ("binance", HOUR)


async def test_an_old_price_is_none(env: Env) -> None:
    await env.db.prepare("DELETE FROM candles WHERE open_time >= ?").bind(390 * HOUR).run()
    await detect(env)
    (found,) = await shifts(env)
    assert found.reference_price is None


async def test_hour_by_hour_finds_the_same_as_later_at_once(env: Env) -> None:
    for hour in range(230, 401):
        env.now = lambda hour=hour: hour * HOUR + 20_000
        await detect(env)
    (live,) = await shifts(env)
    assert live.known_at == live.at + 20_000
    lost = ("signals", "detector_state", "signal_log", "signal_log_days")
    await env.db.batch([env.db.prepare(f"DELETE FROM {name}") for name in lost])
    await detect(env)
    (late,) = await shifts(env)
    assert (late.id, late.raw_score, late.reference_price) == (live.id, live.raw_score, live.reference_price)
    assert late.metadata["recent"] == live.metadata["recent"]


async def test_again_and_in_parallel_adds_nothing(env: Env) -> None:
    await asyncio.gather(*(detect(env) for _ in range(10)))
    before = await everything(env)
    await detect(env)
    assert await everything(env) == before
    assert len(await shifts(env)) == 1


async def test_articles_that_became_known_later_do_not_count_before(env: Env) -> None:
    """A feed read for the first time brings a week of articles: nobody knew them then."""
    await env.db.prepare("DELETE FROM articles").run()
    await publish(env, 60, NOW - 7 * DAY, 150 * MINUTE, 0.1, known=NOW - 1)
    await publish(env, 8, 393 * HOUR, 15 * MINUTE, -0.8, known=NOW - 1)
    await detect(env)
    assert await shifts(env) == []


async def test_without_bars_there_is_no_price_and_no_outcome(env: Env) -> None:
    await env.db.batch([env.db.prepare(f"DELETE FROM {name}") for name in ("candles", "candle_series")])
    await detect(env)
    (found,) = await shifts(env)
    assert found.reference_price is None
    states = await env.db.prepare("SELECT DISTINCT status FROM signal_outcomes").raw()
    assert states == [("no data",)]


async def test_within_the_hour_nothing_is_read_again(env: Env) -> None:
    await detect(env)
    await publish(env, 3, NOW + MINUTE, MINUTE, -0.9)
    env.now = lambda: NOW + 30 * MINUTE
    assert (await detect(env))["status"] == "nothing new"
