"""What overviews count: signals and articles of a stretch of time, and the names of stored metrics."""

from __future__ import annotations

from shared.platform.d1 import D1Database

SQL_SIGNALS_BY_TYPE = """SELECT type, count(*) FROM signals WHERE at > ?1 AND at <= ?2 AND known_at <= ?2
GROUP BY type ORDER BY type"""
SQL_SIGNALS_BY_ASSET = """SELECT asset, count(*) FROM signals WHERE at > ?1 AND at <= ?2 AND known_at <= ?2
GROUP BY asset"""
SQL_SIGNAL_EVENTS = """SELECT type, asset, at, step FROM signals WHERE at >= ?1 AND at < ?2 AND known_at <= ?3
ORDER BY at, id"""
SQL_NEWS_EVENTS = """SELECT x.asset, n.at FROM articles n JOIN article_assets x ON x.article = n.id
WHERE n.at >= ?1 AND n.at < ?2 AND n.known_at <= ?3 AND n.duplicate_of IS NULL ORDER BY n.at"""
SQL_NEWS_BY_ASSET = """SELECT x.asset, count(*), avg(n.sentiment)
FROM articles n JOIN article_assets x ON x.article = n.id
WHERE n.at > ?1 AND n.at <= ?2 AND n.known_at <= ?2 AND n.duplicate_of IS NULL GROUP BY x.asset"""
SQL_NEWS_MOODS = """SELECT x.asset, n.known_at, n.sentiment
FROM articles n JOIN article_assets x ON x.article = n.id
WHERE n.known_at >= ?1 AND n.known_at < ?2 AND n.known_at <= ?3 AND n.duplicate_of IS NULL
AND n.sentiment IS NOT NULL ORDER BY n.known_at"""
SQL_SIGNAL_SIDES = """SELECT asset, at, direction FROM signals
WHERE type = ?1 AND at >= ?2 AND at < ?3 AND known_at <= ?4 ORDER BY at"""
SQL_MOOD = """SELECT count(*), avg(sentiment) FROM articles
WHERE at > ?1 AND at <= ?2 AND known_at <= ?2 AND duplicate_of IS NULL AND sentiment IS NOT NULL"""
# From name to name: the table is ordered by it, and has few names and many rows.
SQL_METRIC_NAMES = """WITH RECURSIVE found (name) AS (
  SELECT min(name) FROM metrics UNION ALL
  SELECT (SELECT min(name) FROM metrics WHERE name > found.name) FROM found WHERE found.name IS NOT NULL)
SELECT name FROM found WHERE name IS NOT NULL"""


async def signals_by_type(db: D1Database, after: int, until: int) -> dict[str, int]:
    """How many signals of each type are dated in (after, until] and were known at its end."""
    return dict(await db.prepare(SQL_SIGNALS_BY_TYPE).bind(after, until).raw())


async def signals_by_asset(db: D1Database, after: int, until: int) -> dict[int, int]:
    return dict(await db.prepare(SQL_SIGNALS_BY_ASSET).bind(after, until).raw())


async def signal_events(db: D1Database, start: int, end: int, as_of: int) -> list[tuple[str, int, int, int]]:
    """(type, asset, at, step) of the signals with start <= at < end known at `as_of`, in time order."""
    return await db.prepare(SQL_SIGNAL_EVENTS).bind(start, end, as_of).raw()


async def news_events(db: D1Database, start: int, end: int, as_of: int) -> list[tuple[int, int]]:
    """(asset, at) of each asset an article speaks of, copies of a story left out, oldest first."""
    return [(asset, at) for asset, at in await db.prepare(SQL_NEWS_EVENTS).bind(start, end, as_of).raw()]


async def news_by_asset(db: D1Database, after: int, until: int) -> dict[int, tuple[int, float | None]]:
    """By asset: articles dated in (after, until], and their mean sentiment."""
    rows = await db.prepare(SQL_NEWS_BY_ASSET).bind(after, until).raw()
    return {asset: (n, mood) for asset, n, mood in rows}


async def mood(db: D1Database, after: int, until: int) -> tuple[int, float | None]:
    """Rated articles dated in (after, until], and their mean sentiment."""
    ((n, mean),) = await db.prepare(SQL_MOOD).bind(after, until).raw()
    return n, mean


async def metric_names(db: D1Database) -> list[str]:
    """All metrics that have a value, sorted."""
    return [name for (name,) in await db.prepare(SQL_METRIC_NAMES).raw()]


async def news_moods(db: D1Database, start: int, end: int, as_of: int) -> list[tuple[int, int, float]]:
    """(asset, known_at, sentiment) of each asset a rated article speaks of, copies of a story left out."""
    return await db.prepare(SQL_NEWS_MOODS).bind(start, end, as_of).raw()


async def signal_sides(
    db: D1Database, type: str, start: int, end: int, as_of: int
) -> list[tuple[int, int, str]]:
    """(asset, at, direction) of one type's signals with start <= at < end, known at `as_of`."""
    return await db.prepare(SQL_SIGNAL_SIDES).bind(type, start, end, as_of).raw()
