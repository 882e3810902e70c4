"""The first page of news is read once for each version of the news, and shared."""

from __future__ import annotations

from typing import Any

from functions.api.query import Query
from functions.api.reads import Ask
from functions.api.reads.news import latest
from functions.api.snapshot import Snapshots
from shared.platform import metrics
from shared.platform.web.freshness import Freshness


async def hits(env: Any) -> bool:
    return 'redis_cache_hits_total{cache_type="news"} 1.0' in (await metrics.page(env)).decode()


async def test_it_is_read_once_a_version(env: Any) -> None:
    freshness = Freshness(env.kv, ("prices", "news"))
    ask = Ask(env, Snapshots(env, freshness), {}, Query(b"limit=5"))
    unknown = await latest(ask)
    freshness.versions["news"] = "7-0"
    assert await latest(ask) == unknown
    assert not await hits(env)
    assert await latest(ask) == unknown
    assert await hits(env)
    freshness.versions["news"] = "8-0"
    await latest(ask)
    assert await hits(env)
