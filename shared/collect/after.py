"""What follows when a run stored something: longer bars, the live topics, detection."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from shared.collect.keeping import Kept
from shared.env import Env
from shared.news.view import article_json
from shared.platform.kv import KVUnavailable
from shared.store import articles, assets, quotes

VERSION = "version:market_data"
NEWS_AT_ONCE = 50  # articles told live; a first run finds hundreds

log = logging.getLogger("collect")


async def follow_up(env: Env, kept: Sequence[Kept]) -> None:
    """Make the longer bars, tell who listens, start detection; nothing of it can undo what is stored."""
    stored = any(one.run.stored for one in kept)
    await roll_up_all(env, {asset: at for one in kept for asset, at in one.bars.items()})
    if not kept:
        return
    try:
        await tell(env, kept, stored)
    except KVUnavailable as error:
        log.warning("Not told live", extra={"metadata": {"error": str(error)}})
    if stored:
        await env.trigger("detect-signals")


async def roll_up_all(env: Env, oldest: dict[int, int | None]) -> None:
    """Bars of 5 minutes, an hour and a day of the assets whose minutes came."""
    if not oldest:
        return
    from shared.market.rollup import roll_up

    for asset, since in oldest.items():
        await roll_up(env.db, asset, env.now(), since)


async def tell(env: Env, kept: Sequence[Kept], stored: bool) -> None:
    changed = {asset for one in kept for asset in one.quoted}
    if rows := await market_rows(env, changed):
        await env.kv.publish("prices", orjson.dumps(rows))
    news = [key for one in kept for key in one.news]
    for article in (await articles.by_keys(env.db, news))[-NEWS_AT_ONCE:] if news else ():
        await env.kv.publish("news", orjson.dumps(article_json(article)))
    if stored:
        await env.kv.put(VERSION, str(env.now()))
    runs = {one.run.source: one.run.status for one in kept}
    await env.kv.publish("health", orjson.dumps({"at": env.now(), "sources": runs}))


async def market_rows(env: Env, changed: Iterable[int]) -> list[dict[str, Any]]:
    """Rows of the assets with a new price, as the API shows them."""
    from shared.market.consensus import market_row

    wanted = set(changed)
    if not wanted:
        return []
    latest = await quotes.latest(env.db)
    known = await assets.load(env.db)
    rows = (market_row(asset, latest.get(asset.id, ()), env.now()) for asset in known if asset.id in wanted)
    return [row for row in rows if row is not None]
