"""Who the news speak of, counted: articles of each asset, and articles that name an entity, hour by hour."""

from __future__ import annotations

from typing import NamedTuple

from shared.platform.d1 import D1Database

# Copies of a story are told as well: that many repeat it is what makes a burst.
SQL_TOLD = """SELECT x.asset, n.at, n.known_at, n.feed, n.id, n.sentiment
FROM articles n JOIN article_assets x ON x.article = n.id
WHERE n.at > ?1 AND n.at <= ?2 AND n.known_at <= ?2 ORDER BY x.asset, n.at, n.id"""
# Hours are numbered since 1970 and end with their last instant: an article of 12:00 belongs to the twelfth.
SQL_NAMED = """SELECT e.entity_type, e.entity_name, e.source, (e.at + 3599999) / 3600000 AS hour,
(n.known_at + 3599999) / 3600000 AS known, count(*)
FROM article_entities e JOIN articles n ON n.id = e.article
WHERE e.at > ?1 AND e.at <= ?2 AND n.known_at <= ?2
GROUP BY e.entity_type, e.entity_name, e.source, hour, known"""
SQL_NAMING = """SELECT e.article FROM article_entities e
WHERE e.at > ?1 AND e.at <= ?2 AND e.entity_type = ?3 AND e.entity_name = ?4 ORDER BY e.at DESC LIMIT ?5"""
SQL_NEAR = """SELECT x.article, coalesce(n.duplicate_of, n.id), n.feed, n.at
FROM article_assets x JOIN articles n ON n.id = x.article
WHERE x.asset = ?1 AND x.at >= ?2 AND x.at <= ?3 AND n.known_at <= ?4 ORDER BY x.at DESC LIMIT ?5"""
SQL_MOODS = """SELECT at, sentiment FROM articles WHERE at > ?1 AND at <= ?2 AND known_at <= ?2
AND sentiment IS NOT NULL AND duplicate_of IS NULL ORDER BY at"""
SQL_MOODS_OF_ASSET = """SELECT n.at, n.sentiment FROM article_assets x JOIN articles n ON n.id = x.article
WHERE x.asset = ?3 AND x.at > ?1 AND x.at <= ?2 AND n.known_at <= ?2
AND n.sentiment IS NOT NULL AND n.duplicate_of IS NULL ORDER BY x.at"""
SQL_ASSETS_TOLD = """SELECT count(DISTINCT x.asset), max(n.at)
FROM articles n JOIN article_assets x ON x.article = n.id WHERE n.at > ? AND n.sentiment IS NOT NULL"""
SQL_ENTITIES_NAMED = """SELECT count(*), max(last_seen) FROM entity_mentions WHERE last_seen > ?"""


class Told(NamedTuple):
    """One asset in one article."""

    asset: int
    at: int
    known_at: int
    feed: str
    article: int
    sentiment: float | None


class Named(NamedTuple):
    """How many articles of an hour, known in an hour, named an entity in one feed."""

    entity_type: str
    entity_name: str
    feed: str
    hour: int
    known: int
    articles: int


class Near(NamedTuple):
    """An article about an asset, and the story it tells: the id of the first article that told it."""

    article: int
    story: int
    feed: str
    at: int


async def told(db: D1Database, after: int, until: int) -> list[Told]:
    """Articles published in (after, until] and known then, by asset in time order."""
    return [Told(*row) for row in await db.prepare(SQL_TOLD).bind(after, until).raw()]


async def named(db: D1Database, after: int, until: int) -> list[Named]:
    """Mentions by articles published in (after, until] and known then."""
    return [Named(*row) for row in await db.prepare(SQL_NAMED).bind(after, until).raw()]


async def naming(db: D1Database, entity: tuple[str, str], after: int, until: int, limit: int) -> list[int]:
    """Ids of the articles of (after, until] that name an entity (type, name), newest first."""
    return [id for (id,) in await db.prepare(SQL_NAMING).bind(after, until, *entity, limit).raw()]


async def near(db: D1Database, asset: int, around: tuple[int, int], known_at: int, limit: int) -> list[Near]:
    """An asset's articles published between two instants and known at a third, newest first, with copies."""
    return [Near(*row) for row in await db.prepare(SQL_NEAR).bind(asset, *around, known_at, limit).raw()]


async def moods(db: D1Database, after: int, until: int) -> list[tuple[int, float]]:
    """(at, sentiment) of the articles published in (after, until] and known then, copies left out."""
    return await db.prepare(SQL_MOODS).bind(after, until).raw()


async def moods_of_asset(db: D1Database, asset: int, after: int, until: int) -> list[tuple[int, float]]:
    """The same for the articles about one asset."""
    return await db.prepare(SQL_MOODS_OF_ASSET).bind(after, until, asset).raw()


async def assets_told(db: D1Database, after: int) -> tuple[int, int | None]:
    """How many assets have rated articles since an instant, and when the newest appeared."""
    ((assets, newest),) = await db.prepare(SQL_ASSETS_TOLD).bind(after).raw()
    return assets, newest


async def entities_named(db: D1Database, after: int) -> tuple[int, int | None]:
    """How many (entity, feed) pairs were named since an instant, and when last."""
    ((entities, newest),) = await db.prepare(SQL_ENTITIES_NAMED).bind(after).raw()
    return entities, newest
