"""One word for a market's state of mind: from its inputs alone, and none where one is missing."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import pairwise
from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.env import Env
from shared.models import DAY, HOUR, MINUTE, Article, Candle
from shared.news.psychology import Inputs, of_bars, of_moods, psychology
from shared.news.psychology_inputs import of_asset, of_market
from shared.store import articles, candles
from shared.store.articles import NewArticle

NOW = 489_924 * HOUR
CALM = Inputs(0.05, 0.0, 0.1, 0.0, 0.0)


@pytest.mark.parametrize(
    ("inputs", "state"),
    [
        (CALM, "neutral"),
        (Inputs(-0.3, -0.1, -1.2, 0.2, 0.2), "fear"),
        (Inputs(-0.5, -0.3, -3.0, 0.9, 0.8), "panic"),
        (Inputs(-0.5, -0.3, -3.0, 0.0, 0.0), "fear"),  # as bad, but quietly
        (Inputs(0.3, 0.1, 1.2, 0.2, 0.2), "greed"),
        (Inputs(0.5, 0.3, 3.0, 0.9, 0.8), "euphoria"),
        (Inputs(0.5, 0.3, 3.0, -0.5, 0.0), "greed"),
        (Inputs(0.4, 0.2, -2.0, 1.0, 1.0), "neutral"),  # good news, falling prices
    ],
)
def test_each_word_has_its_inputs(inputs: Inputs, state: str) -> None:
    assert psychology(inputs).state == state


def test_the_numbers_follow_the_formula() -> None:
    found = psychology(Inputs(0.2, -0.1, 1.0, log(2) / 2, 5.0))
    assert found.parts == pytest.approx(
        {"sentiment": 0.5, "sentiment_change": -0.5, "momentum": 0.5, "volatility": 0.5, "volume": 1.0}
    )
    assert found.valence == pytest.approx((0.5 - 0.5 + 2 * 0.5) / 4)
    assert found.arousal == pytest.approx(0.75)
    assert found.index == pytest.approx(50 * (1 + 0.25))


@pytest.mark.parametrize("name", [*asdict(CALM)])
def test_a_missing_input_is_no_data_and_is_named(name: str) -> None:
    found = psychology(replace(CALM, **{name: None}))
    assert (found.state, found.index, found.missing) == ("no data", None, (name,))
    assert name not in found.parts


@given(st.tuples(*[st.floats(-10, 10)] * 5))
def test_mirrored_inputs_give_the_mirrored_word(values: tuple[float, ...]) -> None:
    """Fear and greed are judged alike; arousal has no sign."""
    up = psychology(Inputs(*values))
    down = psychology(Inputs(*(-x for x in values[:3]), *values[3:]))
    mirror = {"panic": "euphoria", "fear": "greed", "neutral": "neutral"}
    mirror |= {there: here for here, there in mirror.items()}
    assert mirror[up.state] == down.state
    assert up.index == pytest.approx(100 - (down.index or 0), abs=1e-9)


def test_a_handful_of_articles_has_no_mood() -> None:
    assert of_moods([0.5, 0.5], [0.1] * 20) == (None, None)
    assert of_moods([0.5] * 3, [0.1] * 9) == (0.5, None)
    assert of_moods([0.5] * 3, [0.1] * 10) == (0.5, pytest.approx(0.4))


def test_bars_give_momentum_volatility_and_volume() -> None:
    before = [(100.0 * 1.01 ** (n % 2), 10.0) for n in range(168)]
    day = [(before[-1][0] * 1.02 ** (n + 1), 30.0) for n in range(24)]
    momentum, volatility, volume = of_bars(day, before)
    usual = sqrt(sum(log(b[0] / a[0]) ** 2 for a, b in pairwise(before)) / 167)
    assert momentum == pytest.approx(24 * log(1.02) / (usual * sqrt(24)))
    assert volatility == pytest.approx(log(log(1.02) / usual))
    assert volume == pytest.approx(log(3))
    assert of_bars(day[:17], before) == (None, None, None)
    assert of_bars(day, before[:83]) == (None, None, None)
    assert of_bars([(100.0, 0.0)] * 24, [(100.0, 0.0)] * 168) == (None, None, None)


async def tell(env: Env, asset: int, hours_ago: float, mood: float, key: str) -> None:
    at = NOW - int(hours_ago * HOUR)
    article = Article(key, "feed", f"https://example.com/{key}", f"Title {key}", at)
    new = NewArticle(article, mood, "test", None, (asset,))
    await env.db.batch(articles.add_statements(env.db, [new], at + MINUTE))


async def trade(env: Env, asset: int, drop: float) -> None:
    """Eight days of hourly bars that move by 1 %, the last day falling and trading three times as much."""
    price, bars = 100.0, []
    for n in range(192):
        price *= (1.01 if n % 2 else 1 / 1.01) if n < 168 else 1 - drop * (0.5 + n % 2)
        opened = NOW - (192 - n) * HOUR
        bars.append(Candle(asset, "binance", HOUR, opened, *[price] * 4, 30.0 if n >= 168 else 10.0))
    await candles.add(env.db, bars, NOW)


async def test_an_asset_in_a_crash_with_bad_news_is_in_panic(env: Env) -> None:
    for n in range(12):
        await tell(env, 1, 24 + 12 * n, 0.1, f"old-{n}")
        await tell(env, 1, n + 0.5, -0.6, f"new-{n}")
    await trade(env, 1, 0.03)
    told = await of_asset(env.db, 1, NOW)
    assert told.evidence == {
        "articles": 12,
        "articles_before": 12,
        "source": "binance",
        "bars": 24,
        "bars_before": 168,
    }
    assert told.inputs.sentiment == pytest.approx(-0.6)
    assert told.inputs.sentiment_change == pytest.approx(-0.7)
    assert psychology(told.inputs).state == "panic"


async def test_without_bars_or_with_old_ones_there_is_no_word(env: Env) -> None:
    for n in range(12):
        await tell(env, 1, 2 * n, -0.6, f"n-{n}")
    assert psychology((await of_asset(env.db, 1, NOW)).inputs).missing == (
        "sentiment_change",
        "momentum",
        "volatility",
        "volume",
    )
    await trade(env, 1, 0.03)
    later = await of_asset(env.db, 1, NOW + 4 * HOUR)
    assert later.inputs.momentum is None


async def test_only_what_was_known_counts(env: Env) -> None:
    for n in range(12):
        await tell(env, 1, n, -0.6, f"n-{n}")
    await trade(env, 1, 0.03)
    before = await of_asset(env.db, 1, NOW - 6 * HOUR)
    assert before.evidence["articles"] == 5
    assert before.evidence["bars"] == 0  # they became known at once, at the end


async def test_the_market_is_all_news_and_the_median_of_the_assets(env: Env) -> None:
    for n in range(12):
        await tell(env, n + 1, 24 + 12 * n, 0.1, f"old-{n}")
        await tell(env, n + 1, n + 0.5, -0.5, f"new-{n}")
    for asset in range(1, 5):
        await trade(env, asset, 0.01 * asset)
    few = await of_market(env.db, NOW)
    assert few.inputs.momentum is None  # four assets are no market
    await trade(env, 5, 0.05)
    told = await of_market(env.db, NOW)
    third = await of_asset(env.db, 3, NOW)
    assert told.inputs.momentum == pytest.approx(third.inputs.momentum)
    assert told.evidence == {"articles": 12, "articles_before": 12, "assets": 5}
    assert psychology(told.inputs).state == "panic"
    assert (await of_market(env.db, NOW - 30 * DAY)).inputs == Inputs()
