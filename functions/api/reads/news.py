"""News: the latest articles, with sentiment and the assets they speak of."""

from __future__ import annotations

from typing import Any

import orjson

from functions.api.query import cursor_of
from functions.api.reads import AS_OF, CURSOR, LIMIT, Ask, Parameter, Read
from shared.env import Env
from shared.models import LATEST
from shared.platform import metrics
from shared.platform.kv.cache import ReadThrough


async def latest(ask: Ask) -> dict[str, Any]:
    query, symbol = ask.query, ask.query.text("symbol")
    limit, before = query.limit(), query.cursor(int, int)
    as_of = query.as_of(ask.env.now())
    asset = (await ask.snapshots.asset(symbol)).id if symbol else None
    # the first page of now is what most ask for: all replicas share it until there is other news
    version = ask.snapshots.freshness.versions["news"]
    if as_of is not None or before or not version:
        return await page_json(ask.env, asset, as_of, (before[0], before[1]) if before else None, limit)

    async def load() -> bytes:
        return orjson.dumps(await page_json(ask.env, asset, None, None, limit))

    name = f"{version}:{asset or 'all'}:{limit}"
    first: dict[str, Any] = orjson.loads(await caches(ask.env).get("news", name, load))
    return first


def caches(env: Env) -> ReadThrough:
    """The read-through caches of this process."""
    found: ReadThrough | None = env.memory.get("read-through")
    if found is None:
        found = env.memory["read-through"] = ReadThrough(env.kv, metrics.recorder(env).cache_hit)
    return found


async def page_json(
    env: Env, asset: int | None, as_of: int | None, before: tuple[int, int] | None, limit: int
) -> dict[str, Any]:
    from shared.news.view import article_json
    from shared.store import articles

    known_by = LATEST if as_of is None else as_of
    found = await articles.page(env.db, asset=asset, as_of=known_by, before=before, limit=limit + 1)
    page, more = found[:limit], len(found) > limit
    return {
        "data": [article_json(article) for article in page],
        "next_cursor": cursor_of((page[-1].at, page[-1].id)) if more else None,
    }


READS = (
    Read(
        "/api/v1/news/crypto/latest",
        "Articles, newest first, duplicates left out",
        "read:news",
        "news",
        latest,
        (Parameter("symbol", "Articles about one asset, by any of its names"), LIMIT, CURSOR, AS_OF),
    ),
)
