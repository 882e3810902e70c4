"""The demo's world: the same for a seed, readable by every source, with bad hours; and a whole demo."""

from __future__ import annotations

from pathlib import Path

import httpx2
import numpy as np
import pytest

from shared.dev.demo import past, prepare_demo, world
from shared.dev.demo.clock import DemoClock
from shared.dev.demo.coins import COINS
from shared.dev.demo.market import Market
from shared.dev.demo.press import BAD, GOOD, PLAIN
from shared.dev.demo.transport import DemoTransport
from shared.dev.demo.world import DemoWorld
from shared.env import Env, read_settings
from shared.models import DAY, HOUR, MINUTE
from shared.news.sentiment import sentiment
from shared.platform.d1 import D1Database
from shared.sources import SOURCES, Ask, read_all
from shared.store import assets as asset_store
from shared.store import candle_series, signals

START = 1_763_726_400_000
SEED = 5


@pytest.fixture(autouse=True)
def young(monkeypatch: pytest.MonkeyPatch) -> None:
    """A market of ten days: quick to make."""
    monkeypatch.setattr(world, "PAST", 10)
    monkeypatch.setattr(past, "BARS", ((5 * MINUTE, 1), (HOUR, 8)))
    monkeypatch.setattr(past, "NEWS_DAYS", 9)


def made(now: int = START) -> DemoWorld:
    return DemoWorld(SEED, START, lambda: now)


async def asking(db: D1Database, now: int = START) -> Ask:
    return Ask(now, now, read_settings({}), await asset_store.load(db))


async def test_the_same_seed_gives_the_same_world(db: D1Database) -> None:
    ask = await asking(db)
    later = START + 9 * HOUR
    one, same = made(later), made(later)
    for url in [request.full_url() for source in SOURCES for request in source.requests(ask)]:
        assert one.answer(url) == same.answer(url)
    other = DemoWorld(SEED + 1, START, lambda: later)
    klines = "https://data-api.binance.vision/api/v3/klines?symbol=BTCUSDT&interval=5m"
    assert other.answer(klines) != one.answer(klines)


async def test_every_source_reads_its_answers_whole(db: D1Database) -> None:
    ask, playing = await asking(db), made()
    for source in SOURCES:
        for request in source.requests(ask):
            status, _, body = playing.answer(request.full_url())
            assert status == 200, source.name
            found = read_all(source, body, request, ask)
            dead = 1 if source.name == "binance_ticker" else 0
            assert found.refused <= dead, (source.name, found.reasons)
            assert found.records, source.name


def test_the_market_does_not_depend_on_how_it_is_asked() -> None:
    one, other = Market(SEED, START), Market(SEED, START)
    other.day(6)
    other.price(START + 5 * DAY)
    whole = one.bars(START, START + 5 * DAY, HOUR)
    parts = [other.bars(START + i * DAY, START + (i + 1) * DAY, HOUR) for i in range(5)]
    np.testing.assert_array_equal(whole, np.concatenate(parts, axis=2))
    assert whole.shape == (len(COINS), 6, 120)


def test_a_demo_starts_near_the_prices_people_know() -> None:
    told = made().market.price(START // DAY * DAY)
    np.testing.assert_allclose(told, [coin.price for coin in COINS], rtol=1e-9)


def test_bars_are_bars_and_hang_together() -> None:
    market = Market(SEED, START)
    five, hour = market.bars(START, START + 3 * DAY, 5 * MINUTE), market.bars(START, START + 3 * DAY, HOUR)
    for bars in (five, hour):
        assert (bars[:, 2] <= np.minimum(bars[:, 0], bars[:, 3])).all()
        assert (bars[:, 1] >= np.maximum(bars[:, 0], bars[:, 3])).all()
        np.testing.assert_allclose(bars[:, 0, 1:], bars[:, 3, :-1], rtol=1e-12)
    np.testing.assert_array_equal(five[:, 4].reshape(len(COINS), -1, 12).sum(axis=2), hour[:, 4])
    np.testing.assert_array_equal(five[:, 1].reshape(len(COINS), -1, 12).max(axis=2), hour[:, 1])


def test_a_jump_moves_its_coin_and_its_volume() -> None:
    market = Market(SEED, START)
    jump = max(
        (one for one in market.jumps(START, START + 9 * DAY) if one.coin is not None),
        key=lambda j: abs(j.size),
    )
    before = market.bars(jump.at - HOUR, jump.at, MINUTE)[jump.coin]
    during = market.bars(jump.at, jump.at + 10 * MINUTE, MINUTE)[jump.coin]
    moved = np.log(during[3, -1] / before[3, -1])
    assert np.sign(moved) == np.sign(jump.size)
    assert during[4].mean() > 4 * before[4].mean()


def test_good_and_bad_news_read_as_such() -> None:
    for titles, low, high in ((GOOD, 0.5, 1), (BAD, -1, -0.5), (PLAIN, -0.2, 0.2)):
        for title in titles:
            assert low <= sentiment(title.format(name="Bitcoin", n=7)).score <= high, title


def test_news_of_a_jump_has_its_mood() -> None:
    playing = made()
    told = playing.press.stories(START - 9 * DAY, START)
    assert {story.number for story in told}.__len__() == len(told)
    for jump in playing.market.jumps(START - 9 * DAY, START - DAY):
        if jump.coin is None or abs(jump.size) < 0.03:
            continue
        name = COINS[jump.coin].name
        near = [
            s for s in told if name in s.title and abs(s.at - jump.at) <= HOUR and s.title[:9] != "Interview"
        ]
        moods = [sentiment(story.title).score for story in near]
        strong = [mood for mood in moods if abs(mood) > 0.5]
        if len(strong) >= 5:
            assert np.sign(np.mean(strong)) == np.sign(jump.size)
            return
    pytest.fail("no jump was told")


def test_every_provider_is_away_now_and_then_and_comes_back() -> None:
    playing = made()
    states = [playing.away(START + i * 5 * MINUTE) for i in range(12 * 24 * 20)]
    assert set(states) == {None, *world.VICTIMS}
    assert 0.02 < np.mean([state is not None for state in states]) < 0.15
    assert set(states[:12]) == {None}
    away = next(i for i, state in enumerate(states) if state == "binance")
    url = "https://data-api.binance.vision/api/v3/ticker/24hr?type=MINI"
    assert made(START + away * 5 * MINUTE).answer(url)[0] == 503
    assert (
        made(START + away * 5 * MINUTE).answer("https://api.coingecko.com/api/v3/coins/markets?ids=bitcoin")[
            0
        ]
        == 200
    )


async def test_the_transport_says_unchanged_and_not_found() -> None:
    async with httpx2.AsyncClient(transport=DemoTransport(made())) as client:
        url = "https://cointelegraph.com/rss"
        first = await client.get(url)
        again = await client.get(url, headers={"if-none-match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
        assert (await client.get("https://example.com/nothing")).status_code == 404
        bad = "https://data-api.binance.vision/api/v3/klines?symbol=NOPE&interval=5m"
        assert (await client.get(bad)).status_code == 404


async def test_the_clock_stands_until_it_runs_and_then_runs_fast() -> None:
    clock = DemoClock(START, speed=5000)
    assert clock() == clock() == START
    clock.run()
    await clock.sleep(500)
    assert 400_000 < clock() - START < 5_000_000


@pytest.fixture
async def demo(tmp_path: Path) -> Env:
    settings = read_settings(
        {"LIBSQL_URL": f"file:{tmp_path / 'own.db'}", "LAKE_URL": f"file:{tmp_path / 'lake'}"}
    )
    (tmp_path / "own.db").write_text("not touched")
    steps: list[tuple[int, int, str]] = []
    env, _ = await prepare_demo(
        settings, seed=SEED, start=START, speed=1, progress=lambda *told: steps.append(told)
    )
    assert steps[-1] == (100, 100, "market")
    assert (tmp_path / "own.db").read_text() == "not touched"
    return env


async def test_a_demo_starts_with_a_past_and_goes_on(demo: Env) -> None:
    """Nothing of the past is known before its time, collection goes on where it ended, twice adds nothing."""
    from shared.collect.run import collect
    from shared.signals.detect import detect

    try:
        stored = await signals.page(demo.db, limit=1000)
        assert {"price_anomaly", "volume_spike"} <= {one.type for one in stored}
        assert all(one.known_at == one.at <= START for one in stored)
        done = await demo.db.prepare("SELECT count(*) FROM signal_outcomes WHERE status = 'resolved'").raw()
        assert done[0][0] > 20
        early = "SELECT count(*) FROM candles WHERE step > 60000 AND known_at <> open_time + step"
        assert await demo.db.prepare(early).raw() == [(0,)]
        assert await demo.db.prepare("SELECT count(*) FROM candle_revisions").raw() == [(0,)]
        five = await candle_series.closed_until(demo.db, 5 * MINUTE)
        assert isinstance(demo.now, DemoClock)
        demo.now.start += 7 * MINUTE
        summary = await collect(demo)
        assert summary["records_collected"] > 0
        later = await candle_series.closed_until(demo.db, 5 * MINUTE)
        assert five is not None
        assert later is not None
        assert later > five
        assert (await detect(demo))["bars"] == len(COINS) * (later - five) // (5 * MINUTE)
        assert await demo.db.prepare("SELECT count(*) FROM candle_revisions").raw() == [(0,)]
    finally:
        await demo.close()
