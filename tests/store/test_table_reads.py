"""What detectors on tables read: what became known since, point in time, each thing once."""

from __future__ import annotations

from collections.abc import Sequence

from shared.models import DAY, HOUR, MINUTE, Article, Metric, OrderBook, Quote
from shared.platform.d1 import D1Database
from shared.store import articles, assets, books, detector_state, mentions, metrics, quotes
from shared.store.articles import NewArticle
from shared.store.assets import source_ids

T = 1_763_726_400_000


async def tell(db: D1Database, values: Sequence[tuple[str, int, float]], known_at: int) -> None:
    ids = await source_ids(db, {"x"})
    rows = [Metric(name, "x", at, value) for name, at, value in values]
    await db.batch(metrics.add_statements(db, rows, ids, known_at))


async def write(db: D1Database, key: str, at: int, known_at: int, **more: object) -> None:
    feed = str(more.pop("feed", "a"))
    new = NewArticle(Article(key, feed, f"https://e.test/{key}", key, at), 0.5, "test", **more)  # type: ignore[arg-type]
    await db.batch(articles.add_statements(db, [new], known_at))


async def test_metrics_that_became_known_since(db: D1Database) -> None:
    await tell(db, [("tvl:a", T, 1.0)], T + 10)
    await tell(db, [("tvl:b", T - HOUR, 2.0), ("tvl:a", T + HOUR, 3.0)], T + 20)
    await tell(db, [("tvl:c", T - 90 * DAY, 4.0)], T + 30)
    assert await metrics.next_known(db, 0, T + 100) == T + 10
    assert await metrics.next_known(db, T + 10, T + 100) == T + 20
    assert await metrics.next_known(db, T + 30, T + 100) is None
    assert await metrics.next_known(db, T + 10, T + 19) is None
    rows = await metrics.changed(db, T + 10, T + 30, 40 * DAY)
    assert [(name, at, value, known) for name, _, at, value, known in rows] == [
        ("tvl:a", T + HOUR, 3.0, T + 20),
        ("tvl:b", T - HOUR, 2.0, T + 20),
    ]


async def test_recent_values_of_some_metrics_and_the_newest_of_all(db: D1Database) -> None:
    await tell(db, [("a:x", T, 1.0), ("b:x", T + 5, 2.0), ("c:x", T + 9, 3.0)], T + 10)
    await tell(db, [("a:x", T + 20, 4.0)], T + 30)
    found = await metrics.recent(db, ["a:x", "c:x", "none"], T, T + 29)
    assert [(name, at, known, value) for name, _, at, known, value in found] == [("c:x", T + 9, T + 10, 3.0)]
    assert [row[4] for row in await metrics.recent(db, ["a:x"], T - 1, T + 30)] == [1.0, 4.0]
    assert await metrics.newest(db) == [("a:x", T + 20), ("b:x", T + 5), ("c:x", T + 9)]


async def test_there_may_be_no_metrics_at_all(db: D1Database) -> None:
    assert await metrics.newest(db) == []
    assert await metrics.next_known(db, 0, T) is None


async def test_quotes_since_an_instant_as_they_were_known(db: D1Database) -> None:
    assert await quotes.last_known(db, T, T + HOUR) is None
    await quotes.add(db, [Quote(1, "binance", T, 1.0), Quote(2, "binance", T - 1, 2.0)], T + 5)
    await quotes.add(db, [Quote(1, "coingecko", T + 1, 3.0)], T + 9)
    assert await quotes.last_known(db, T, T + HOUR) == T + 9
    assert await quotes.last_known(db, T, T + 8) == T + 5
    assert [(row[0], row[2], row[3], row[4]) for row in await quotes.said(db, T, T + 9)] == [
        (1, T, T + 5, 1.0),
        (1, T + 1, T + 9, 3.0),
    ]
    assert await quotes.heard(db) == [(1, 2, T + 1), (2, 1, T - 1)]


async def test_books_that_became_known_since(db: D1Database) -> None:
    ids = await source_ids(db, {"binance"})
    for n in range(3):
        book = OrderBook(1, "binance", T + n, ((1.0, 1.0),), ((2.0, float(n + 1)),))
        await db.batch(books.add_statements(db, [book], ids, T + 10 * n))
    found = await books.changed(db, T - 1, T, T + 20)
    assert [(one.asset, one.at, one.asks, one.known_at) for one in found] == [
        (1, T + 1, "[[2.0,2.0]]", T + 10),
        (1, T + 2, "[[2.0,3.0]]", T + 20),
    ]
    assert await books.changed(db, T + 1, T, T + 19) == []
    assert await books.newest_of_each(db, T) == [(1, T + 2)]


async def test_articles_are_told_by_asset_copies_included_once_known(db: D1Database) -> None:
    await write(db, "k1", T, T + MINUTE, assets=(2, 1))
    await write(db, "k2", T + 1, T + MINUTE, assets=(1,), duplicate_of="k1", feed="b")
    await write(db, "k3", T + 2, T + HOUR, assets=(1,))
    found = await mentions.told(db, T - 1, T + 10 * MINUTE)
    assert [(one.asset, one.at, one.feed, one.sentiment) for one in found] == [
        (1, T, "a", 0.5),
        (1, T + 1, "b", 0.5),
        (2, T, "a", 0.5),
    ]
    assert await mentions.told(db, T + 1, T + 10 * MINUTE) == []
    assert await mentions.assets_told(db, T - 1) == (2, T + 2)


async def test_names_are_counted_by_the_hours_in_which_they_were_told_and_known(db: D1Database) -> None:
    sec = (("regulator", "SEC"),)
    hour = T // HOUR
    await write(db, "k1", T, T, entities=sec)  # the last instant of its hour
    await write(db, "k2", T + 1, T + 2, entities=sec)
    await write(db, "k3", T + 5, T + 90 * MINUTE, entities=sec)
    await write(db, "k4", T + 6, T + 2 * HOUR, entities=sec, feed="b")
    found = await mentions.named(db, T - 1, T + 2 * HOUR)
    assert sorted((one.feed, one.hour, one.known, one.articles) for one in found) == [
        ("a", hour, hour, 1),
        ("a", hour + 1, hour + 1, 1),
        ("a", hour + 1, hour + 2, 1),
        ("b", hour + 1, hour + 2, 1),
    ]
    assert len(await mentions.naming(db, ("regulator", "SEC"), T, T + 2 * HOUR, 10)) == 3
    assert await mentions.naming(db, ("regulator", "FBI"), 0, T + HOUR, 10) == []
    assert await mentions.entities_named(db, T) == (2, T + 6)


async def test_articles_near_an_instant_with_their_stories(db: D1Database) -> None:
    await write(db, "k1", T - HOUR, T, assets=(1,))
    await write(db, "k2", T, T, assets=(1,), duplicate_of="k1", feed="b")
    await write(db, "k3", T + 1, T + HOUR, assets=(1,))
    found = await mentions.near(db, 1, (T - HOUR, T + 1), T, 10)
    assert [one.at for one in found] == [T, T - HOUR]
    assert len({one.story for one in found}) == 1
    assert await mentions.near(db, 1, (T - HOUR, T + 1), T, 1) == found[:1]
    assert await mentions.moods(db, T - DAY, T) == [(T - HOUR, 0.5)]
    assert await mentions.moods_of_asset(db, 1, T - DAY, T + HOUR) == [(T - HOUR, 0.5), (T + 1, 0.5)]
    assert await mentions.moods_of_asset(db, 2, T - DAY, T + HOUR) == []


async def test_ids_of_assets_by_slug(db: D1Database) -> None:
    assert await assets.ids(db, ["tether", "bitcoin", "nobody"]) == {"tether": 3, "bitcoin": 1}


async def test_how_far_a_state_is_without_reading_it(db: D1Database) -> None:
    assert await detector_state.cursor(db, "x") == 0
    await db.batch(detector_state.swap_statements(db, detector_state.new_state("x"), 17, b"state"))
    assert await detector_state.cursor(db, "x") == 17
