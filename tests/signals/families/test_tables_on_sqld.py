"""Every family over a real sqld, several runs at once: the same rows as over the embedded database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tables_support import all_rows, look, publish, quote, tell

from shared.env import ROOT, Env
from shared.models import HOUR, MINUTE, OrderBook
from shared.platform import d1
from shared.store import books
from shared.store.assets import source_ids

NOW = 489_924 * HOUR


@pytest.fixture
async def remote(env: Env, empty_sqld: str) -> AsyncIterator[Env]:
    db = await d1.connect(empty_sqld)
    await d1.migrate(db, ROOT / "migrations")
    yield replace(env, db=db)
    await db.close()


async def fill(env: Env) -> None:
    """A week of news with a burst, four days of a chain that loses half, quotes and a book."""
    named = {"assets": (1,), "entities": (("exchange", "Kraken"),)}
    calm = [(f"c{n}", "abcde"[n % 5], NOW - n * 5 * HOUR, dict(named)) for n in range(1, 38)]
    rush = [(f"r{n}", "abcd"[n % 4], NOW - n * MINUTE, {"assets": (1,)}) for n in range(2, 12)]
    name = (("regulator", "SEC"),)
    await publish(
        env, [*calm, *((key, feed, at, {**more, "entities": name}) for key, feed, at, more in rush)]
    )
    past = [("tvl:bsc", NOW - n * HOUR, 1e9 * (1 + 0.004 * (n % 3))) for n in range(1, 96)]
    await tell(env, past, NOW - HOUR)
    await tell(env, [("tvl:bsc", NOW, 5e8)], NOW)
    await quote(env, [(3, "binance", 1.0), (3, "coingecko", 1.001)], NOW)
    ids = await source_ids(env.db, {"binance"})
    book = OrderBook(1, "binance", NOW, ((99.0, 1.0), (98.0, 2.0)), ((101.0, 1.0),))
    await env.db.batch(books.add_statements(env.db, [book], ids, NOW))


async def test_over_sqld_it_is_the_same_and_once(env: Env, remote: Env) -> None:
    for one in (env, remote):
        await fill(one)
        await asyncio.gather(*(look(one, NOW + MINUTE) for _ in range(4)))
    here, there = await all_rows(env), await all_rows(remote)
    assert {name: [tuple(row) for row in rows] for name, rows in there.items()} == here
    found = {row[1] for row in here["signals"]}
    assert found == {"news_burst", "entity_momentum", "tvl_anomaly"}
    assert len(here["state"]) == 7
