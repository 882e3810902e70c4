"""Articles counted by the hour and by the day: bursts and rising names, from the store to signals."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tables_support import all_rows, look, publish, raised

from shared.env import Env
from shared.models import DAY, HOUR, MINUTE
from shared.signals.chance import surprise
from shared.store import mentions

NOW = 489_924 * HOUR
FEEDS = ("a", "b", "c", "d", "e")
Told = tuple[str, str, int, dict[str, Any]]


def calm(days: int = 8, every: int = 7 * HOUR, **more: Any) -> Iterator[Told]:
    """One article of Bitcoin each seven hours, by feeds in turn."""
    for n in range(days * DAY // every):
        at = NOW - days * DAY + n * every + 10 * MINUTE
        yield f"calm-{at}", FEEDS[n % 5], at, {"assets": (1,), **more}


def burst(asset: int, n: int, feeds: int, **more: Any) -> Iterator[Told]:
    for k in range(n):
        at = NOW - 50 * MINUTE + k * MINUTE
        yield f"burst-{asset}-{k}", FEEDS[k % feeds], at, {"assets": (asset,), "mood": -0.6, **more}


async def test_an_hour_full_of_articles_is_a_burst_with_its_articles(env: Env) -> None:
    await publish(env, calm())
    others = [(f"other-{n}", "e", NOW - n * HOUR - MINUTE, {"assets": (2,)}) for n in range(175)]
    await publish(env, others)  # collection ran in every hour of the week
    await publish(env, burst(1, 9, 4))
    await look(env, NOW + MINUTE)
    (found,) = await raised(env, "news_burst")
    assert (found.symbol, found.at, found.direction) == ("BTC", NOW, "none")
    e = found.metadata
    rows = [row for row in await mentions.told(env.db, NOW - HOUR, NOW) if row.asset == 1]
    assert e["articles"] == [row.article for row in rows]
    assert e["explained"]
    assert (e["count"], e["feeds"], e["votes"]) == (9, 4, {"a": 3, "b": 2, "c": 2, "d": 2})
    week = [row for row in await mentions.told(env.db, NOW - 169 * HOUR, NOW - HOUR) if row.asset == 1]
    assert (e["events"], e["slots"]) == (len(week), 168)
    assert found.raw_score == pytest.approx(surprise(9, e["mean"], e["dispersion"]), rel=1e-12)
    assert e["mean"] == (len(week) + 0.5) / 168
    assert e["mood"] == pytest.approx(-0.6)


async def test_what_was_never_in_the_news_can_burst(env: Env) -> None:
    await publish(env, calm())
    await publish(env, burst(77, 5, 4))
    await look(env, NOW + MINUTE)
    assert [one.asset for one in await raised(env, "news_burst")] == [77]


async def test_what_was_forgotten_by_the_news_can_burst_again(env: Env) -> None:
    """A lane that was seen before, and then in no look for more than a week."""
    await publish(env, calm(days=20, every=3 * HOUR))
    await publish(env, [("once", "a", NOW - 15 * DAY, {"assets": (77,)})])
    for days in (13, 6, 2):
        await look(env, NOW - days * DAY + MINUTE)
    await look(env, NOW - HOUR + MINUTE)
    await publish(env, burst(77, 5, 4))
    await look(env, NOW + MINUTE)
    assert [(one.asset, one.at) for one in await raised(env, "news_burst")] == [(77, NOW)]


async def test_one_feed_that_empties_its_drawer_is_no_burst(env: Env) -> None:
    await publish(env, calm())
    await publish(env, burst(1, 20, 2))
    await look(env, NOW + MINUTE)
    assert await raised(env, "news_burst") == []


async def test_a_first_collection_of_old_articles_is_no_burst(env: Env) -> None:
    """Days of articles that became known at once say nothing of what an hour brings."""
    for n, (key, feed, at, more) in enumerate([*calm(every=HOUR), *burst(1, 9, 4)]):
        await publish(env, [(key, feed, at, more)], delay=NOW - at - 30 * MINUTE + n)
    for hour in range(24):
        await look(env, NOW + hour * HOUR + MINUTE)
    assert await raised(env, "news_burst") == []


async def test_before_three_days_of_collection_nothing_is_judged(env: Env) -> None:
    await publish(env, calm(days=2))
    await publish(env, burst(1, 9, 4))
    await look(env, NOW + MINUTE)
    assert await raised(env, "news_burst") == []
    assert await raised(env, "entity_momentum") == []


async def test_hour_by_hour_at_once_and_again_are_the_same_burst(env: Env) -> None:
    await publish(env, calm())
    await publish(env, burst(1, 9, 4))
    for hour in range(-30, 6):
        await look(env, NOW + hour * HOUR + MINUTE)
    (live,) = await raised(env, "news_burst")
    await env.db.batch([env.db.prepare("DELETE FROM signals"), env.db.prepare("DELETE FROM detector_state")])
    await asyncio.gather(*(look(env, NOW + 5 * HOUR + MINUTE) for _ in range(5)))
    (late,) = await raised(env, "news_burst")
    assert (late.id, late.raw_score, late.metadata["votes"]) == (
        live.id,
        live.raw_score,
        live.metadata["votes"],
    )
    before = await all_rows(env)
    await look(env, NOW + 5 * HOUR + 50 * MINUTE)
    assert await all_rows(env) == before


async def test_a_name_that_rises_within_a_day_is_the_markets_with_its_articles(env: Env) -> None:
    await publish(env, calm(days=10, entities=(("exchange", "Kraken"),)))
    name = (("regulator", "SEC"),)
    told = [(f"sec-{n}", FEEDS[n % 4], NOW - n * 5 * MINUTE - MINUTE, {"entities": name}) for n in range(11)]
    await publish(env, told)
    await look(env, NOW + MINUTE)
    (found,) = await raised(env, "entity_momentum")
    assert (found.symbol, found.at, found.direction) == ("MARKET", NOW, "none")
    e = found.metadata
    assert e["entity"] == {"type": "regulator", "name": "SEC"}
    assert (e["count"], e["events"], e["slots"], e["feeds"]) == (11, 0, 7, 4)
    assert found.raw_score == pytest.approx(surprise(11, e["mean"], e["dispersion"]), rel=1e-12)
    assert len(e["articles"]) == 11
    assert e["explained"]


async def test_a_rising_asset_is_filed_under_itself(env: Env) -> None:
    await publish(env, calm(days=10, entities=(("exchange", "Kraken"),)))
    name = (("asset", "Chainlink"),)
    told = [(f"link-{n}", FEEDS[n % 4], NOW - n * 5 * MINUTE - MINUTE, {"entities": name}) for n in range(11)]
    await publish(env, told)
    await publish(env, [("old", "a", NOW - 9 * DAY, {"entities": name})])
    await look(env, NOW + MINUTE)
    assert [one.symbol for one in await raised(env, "entity_momentum")] == ["LINK"]


async def test_a_name_that_is_always_there_does_not_rise(env: Env) -> None:
    await publish(env, calm(days=10, every=HOUR, entities=(("exchange", "Kraken"),)))
    await look(env, NOW + MINUTE)
    assert await raised(env, "entity_momentum") == []
