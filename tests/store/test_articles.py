"""Articles, order books and metrics: stored once, found by asset and time, as they were known."""

from __future__ import annotations

from typing import Any

from shared.models import HOUR, Article, Metric, OrderBook
from shared.store import articles, books, metrics
from shared.store.articles import NewArticle
from shared.store.assets import source_ids

NOW = 1_763_726_400_000


def new(key: str, at: int = NOW, feed: str = "coindesk", **rest: Any) -> NewArticle:
    article = Article(key, feed, f"https://a.example/{key}", f"Title {key}", at, "Summary")
    return NewArticle(article, 0.5, "vader+crypto", **rest)


async def add(db: Any, *rows: NewArticle, known_at: int = NOW) -> int:
    results = await db.batch(articles.add_statements(db, rows, known_at))
    return int(results[0].meta.changes)


async def test_an_article_is_stored_once(db: Any) -> None:
    row = new("a", assets=(1, 2), entities=(("person", "Vitalik Buterin"), ("asset", "Bitcoin")))
    assert await add(db, row) == 1
    assert await add(db, row, known_at=NOW + HOUR) == 0
    (stored,) = await articles.page(db)
    assert (stored.key, stored.feed, stored.at, stored.known_at) == ("a", "coindesk", NOW, NOW)
    assert (stored.title, stored.url, stored.summary) == ("Title a", "https://a.example/a", "Summary")
    assert (stored.sentiment, stored.sentiment_model, stored.symbols) == (
        0.5,
        "vader+crypto",
        ("BTC", "ETH"),
    )
    counts = {
        (m.entity_type, m.entity_name, m.source): m.mention_count for m in await articles.mentions(db, 0)
    }
    assert counts == {
        ("person", "Vitalik Buterin", "coindesk"): 1,
        ("asset", "Bitcoin", "coindesk"): 1,
    }


async def test_mentions_add_up_by_feed_and_tell_the_last(db: Any) -> None:
    entities = (("exchange", "Kraken"),)
    await add(db, new("a", NOW, entities=entities), new("b", NOW - HOUR, entities=entities))
    await add(db, new("c", NOW - HOUR, "decrypt", entities=entities))
    found = {m.source: (m.mention_count, m.last_seen) for m in await articles.mentions(db, 0)}
    assert found == {"coindesk": (2, NOW), "decrypt": (1, NOW - HOUR)}
    assert [m.source for m in await articles.mentions(db, NOW)] == ["coindesk"]


async def test_a_repeat_points_at_an_article_of_the_same_batch(db: Any) -> None:
    await add(db, new("original"), new("repeat", NOW + 1, duplicate_of="original"))
    rows = await db.prepare("SELECT key, duplicate_of FROM articles ORDER BY id").raw()
    assert rows == [("original", None), ("repeat", 1)]
    assert [a.key for a in await articles.page(db)] == ["original"]
    assert await articles.originals(db, 0) == [("original", "Title original", NOW)]


async def test_a_repeat_of_what_is_not_there_is_an_article_of_its_own(db: Any) -> None:
    await add(db, new("repeat", duplicate_of="lost"))
    assert [a.key for a in await articles.page(db)] == ["repeat"]


async def test_pages_go_back_in_time(db: Any) -> None:
    await add(db, *(new(f"k{n}", NOW + n // 2, assets=(1 + n % 2,)) for n in range(9)))
    seen, before = list[str](), None
    while page := await articles.page(db, before=before, limit=2):
        seen += [a.key for a in page]
        before = page[-1].at, page[-1].id
    assert seen == [f"k{n}" for n in range(8, -1, -1)]
    assert [a.key for a in await articles.page(db, asset=2)] == ["k7", "k5", "k3", "k1"]
    first = (await articles.page(db, asset=2, limit=1))[0]
    assert [a.key for a in await articles.page(db, asset=2, before=(first.at, first.id))] == [
        "k5",
        "k3",
        "k1",
    ]
    assert [a.key for a in await articles.page(db, since=NOW + 4)] == ["k8"]


async def test_a_page_as_it_was_known(db: Any) -> None:
    await add(db, new("early", assets=(1,)), known_at=NOW)
    await add(db, new("late", assets=(1,)), known_at=NOW + HOUR)
    assert [a.key for a in await articles.page(db, as_of=NOW)] == ["early"]
    assert [a.key for a in await articles.page(db, asset=1, as_of=NOW)] == ["early"]
    assert len(await articles.page(db, as_of=NOW + HOUR)) == 2


async def test_which_keys_are_known(db: Any) -> None:
    await add(db, new("a"), new("b"))
    assert await articles.known(db, ["a", "c"]) == {"a"}
    assert [a.key for a in await articles.by_keys(db, ["b", "a", "c"])] == ["a", "b"]
    assert articles.add_statements(db, [], NOW) == []


async def test_order_books(db: Any) -> None:
    ids = await source_ids(db, {"binance"})
    book = OrderBook(1, "binance", NOW, ((100.5, 1.0), (100.0, 2.0)), ((101.0, 1.5),))
    later = OrderBook(1, "binance", NOW + HOUR, ((99.0, 1.0),), ((99.5, 1.0),))
    for _ in range(2):
        await db.batch(books.add_statements(db, [book, later], ids, NOW + HOUR))
    assert await books.newest(db, 1) == [later]
    assert await books.newest(db, 1, as_of=NOW) == []  # true by then, but not known
    assert await books.newest(db, 2) == []


async def test_metrics(db: Any) -> None:
    ids = await source_ids(db, {"defillama"})
    rows = [Metric("tvl:ethereum", "defillama", NOW + n * HOUR, 10.0 + n) for n in range(3)]
    for _ in range(2):
        await db.batch(metrics.add_statements(db, rows, ids, NOW))
    found = await metrics.history(db, "tvl:ethereum", NOW, NOW + 2 * HOUR)
    assert [(m.at, m.value, m.source) for m in found] == [
        (NOW + HOUR, 11.0, "defillama"),
        (NOW, 10.0, "defillama"),
    ]
    assert await metrics.history(db, "tvl:ethereum", NOW, NOW + HOUR, as_of=NOW - 1) == []
