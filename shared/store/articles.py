"""Articles with their mood, their assets and the names in them; an article is stored once, by its key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shared.models import LATEST, Article
from shared.platform.d1 import D1Database, D1PreparedStatement

SQL_ADD = """INSERT INTO articles
(key, feed, url, title, summary, at, known_at, sentiment, sentiment_model)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, ?2, value ->> 6,
  value ->> 7
FROM json_each(?1) WHERE true ON CONFLICT (key) DO NOTHING"""
# Apart from the insert, for an article may repeat one that comes in the same batch.
SQL_MARK_DUPLICATES = """UPDATE articles SET duplicate_of =
  (SELECT o.id FROM articles o WHERE o.key = d.value ->> 1 AND o.id < articles.id)
FROM json_each(?) d WHERE articles.key = d.value ->> 0 AND articles.duplicate_of IS NULL"""
SQL_ADD_ASSETS = """INSERT OR IGNORE INTO article_assets (asset, article, at)
SELECT d.value ->> 1, a.id, a.at FROM json_each(?) d CROSS JOIN articles a ON a.key = d.value ->> 0"""
SQL_ADD_ENTITIES = """INSERT OR IGNORE INTO article_entities
(article, entity_type, entity_name, source, at)
SELECT a.id, d.value ->> 1, d.value ->> 2, a.feed, a.at
FROM json_each(?) d CROSS JOIN articles a ON a.key = d.value ->> 0"""
SQL_KNOWN = "SELECT a.key FROM json_each(?) d CROSS JOIN articles a ON a.key = d.value"
SQL_ORIGINALS = """SELECT key, title, at FROM articles
WHERE at >= ?1 AND duplicate_of IS NULL ORDER BY at DESC, id DESC LIMIT ?2"""

COLUMNS = """SELECT a.id, a.key, a.feed, a.url, a.title, a.summary, a.at, a.known_at, a.sentiment,
a.sentiment_model, (SELECT json_group_array(symbol) FROM (SELECT c.symbol FROM article_assets x
  JOIN crypto_assets c ON c.id = x.asset WHERE x.article = a.id ORDER BY c.rank IS NULL, c.rank, c.id))"""
SQL_PAGE = f"""{COLUMNS} FROM articles a
WHERE a.at >= ?1 AND (a.at, a.id) < (?2, ?3) AND a.known_at <= ?4 AND a.duplicate_of IS NULL
ORDER BY a.at DESC, a.id DESC LIMIT ?5"""
SQL_PAGE_OF_ASSET = f"""{COLUMNS} FROM article_assets m CROSS JOIN articles a ON a.id = m.article
WHERE m.asset = ?6 AND m.at >= ?1 AND (m.at, m.article) < (?2, ?3) AND a.known_at <= ?4
AND a.duplicate_of IS NULL ORDER BY m.at DESC, m.article DESC LIMIT ?5"""
SQL_BY_KEYS = f"""{COLUMNS} FROM json_each(?) d CROSS JOIN articles a ON a.key = d.value
WHERE a.duplicate_of IS NULL ORDER BY a.at, a.id"""
SQL_BY_IDS = f"""{COLUMNS} FROM json_each(?) d CROSS JOIN articles a ON a.id = d.value ORDER BY a.at, a.id"""
SQL_MENTIONS = """SELECT entity_type, entity_name, source, mention_count, last_seen FROM entity_mentions
WHERE last_seen >= ? ORDER BY last_seen DESC LIMIT ?"""
ORIGINALS_MAX = 5000


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article with what we made of it; `duplicate_of` is the key of the one it repeats."""

    article: Article
    sentiment: float | None
    sentiment_model: str | None
    duplicate_of: str | None = None
    assets: tuple[int, ...] = ()
    entities: tuple[tuple[str, str], ...] = ()  # (type, name)


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """`sentiment` -1..1 by `sentiment_model`; `symbols` of its assets, best rank first."""

    id: int
    key: str
    feed: str
    url: str
    title: str
    summary: str | None
    at: int
    known_at: int
    sentiment: float | None
    sentiment_model: str | None
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """How often a feed named somebody, and when last (ms)."""

    entity_type: str
    entity_name: str
    source: str
    mention_count: int
    last_seen: int


async def known(db: D1Database, keys: Iterable[str]) -> set[str]:
    """Which of these keys are stored already."""
    return {key for (key,) in await db.prepare(SQL_KNOWN).bind(as_json(list(keys))).raw()}


async def originals(db: D1Database, since: int) -> list[tuple[str, str, int]]:
    """(key, title, at) of the articles since an instant that repeat no other, newest first."""
    return await db.prepare(SQL_ORIGINALS).bind(since, ORIGINALS_MAX).raw()


def add_statements(db: D1Database, new: Sequence[NewArticle], known_at: int) -> list[D1PreparedStatement]:
    """For a batch; `changes` of the first is how many articles were new. Twice changes nothing."""
    if not new:
        return []
    rows = [
        (a.key, a.feed, a.url, a.title, a.summary, a.at, n.sentiment, n.sentiment_model)
        for n in new
        for a in (n.article,)
    ]
    repeats = [(n.article.key, n.duplicate_of) for n in new if n.duplicate_of]
    assets = [(n.article.key, asset) for n in new for asset in n.assets]
    entities = [(n.article.key, *entity) for n in new for entity in n.entities]
    further = ((SQL_MARK_DUPLICATES, repeats), (SQL_ADD_ASSETS, assets), (SQL_ADD_ENTITIES, entities))
    return [
        db.prepare(SQL_ADD).bind(as_json(rows), known_at),
        *(db.prepare(sql).bind(as_json(found)) for sql, found in further if found),
    ]


def as_json(value: object) -> str:
    return orjson.dumps(value).decode()


async def page(
    db: D1Database,
    *,
    asset: int | None = None,
    since: int = 0,
    as_of: int = LATEST,
    before: tuple[int, int] | None = None,
    limit: int = 100,
) -> list[StoredArticle]:
    """Newest first, repeats left out; `before` is (at, id) of the last one seen, `as_of` what was known."""
    values = (since, *(before or (LATEST, 0)), as_of, limit)
    if asset is None:
        statement = db.prepare(SQL_PAGE).bind(*values)
    else:
        statement = db.prepare(SQL_PAGE_OF_ASSET).bind(*values, asset)
    return [read(row) for row in await statement.raw()]


async def by_keys(db: D1Database, keys: Iterable[str]) -> list[StoredArticle]:
    """These articles, oldest first, repeats left out."""
    return [read(row) for row in await db.prepare(SQL_BY_KEYS).bind(as_json(list(keys))).raw()]


async def by_ids(db: D1Database, ids: Iterable[int]) -> list[StoredArticle]:
    """These articles, oldest first."""
    return [read(row) for row in await db.prepare(SQL_BY_IDS).bind(as_json(list(ids))).raw()]


def read(row: Sequence[Any]) -> StoredArticle:
    id, key, feed, url, title, summary, at, known_at, sentiment, model, symbols = row
    return StoredArticle(
        id, key, feed, url, title, summary, at, known_at, sentiment, model, tuple(orjson.loads(symbols))
    )


async def mentions(db: D1Database, since: int, limit: int = 100) -> list[Mention]:
    """Who was named since an instant (ms), most recently named first."""
    return [Mention(*row) for row in await db.prepare(SQL_MENTIONS).bind(since, limit).raw()]
