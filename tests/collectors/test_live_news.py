"""An article told live is the one that the API serves, to the letter."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from functions.api.reads.news import page_json
from shared.collect.run import collect


async def test_live_and_served_articles_are_the_same(world: Any) -> None:
    events = world.kv.subscribe(["news"])
    first = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    await collect(world)
    told = orjson.loads((await asyncio.wait_for(first, 10)).message)
    page = orjson.loads(orjson.dumps(await page_json(world, None, None, None, 1000)))
    served = {article["id"]: article for article in page["data"]}
    assert served[told["id"]] == told
