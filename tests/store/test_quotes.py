"""Snapshots of prices: the newest, what was known then, and how much is written."""

from __future__ import annotations

import os
from pathlib import Path

from shared.models import AHEAD, MINUTE, Quote
from shared.platform.d1 import D1Database
from shared.store import quotes

T = 1_763_726_400_000


def quote(asset: int, at: int, price: float, source: str = "coingecko") -> Quote:
    return Quote(asset, source, at, price, 1e9, 2e12, None, price * 1.1, price * 0.9)


async def test_the_newest_of_each_source(db: D1Database) -> None:
    assert await quotes.add(db, [quote(1, T, 100.0), quote(2, T - 500, 10.0)], T + 1000) == 2
    assert await quotes.add(db, [quote(1, T + 50, 101.0, "binance")], T + 1100) == 1
    found = await quotes.latest(db)
    assert [(q.source, q.price) for q in found[1]] == [("binance", 101.0), ("coingecko", 100.0)]
    assert found[1][1] == quotes.StoredQuote(
        1, "coingecko", T, T + 1000, 100.0, 1e9, 2e12, None, 100.0 * 1.1, 90.0
    )
    assert found[2][0].at == T - 500


async def test_the_same_snapshot_twice_changes_nothing(db: D1Database) -> None:
    snapshot = [quote(asset, T + asset, 1.5 * asset) for asset in range(1, 131)]
    assert await quotes.add(db, snapshot, T + 1000) == 130
    before = await quotes.latest(db)
    assert await quotes.add(db, snapshot, T + 2000) == 0
    assert await quotes.latest(db) == before
    assert await quotes.add(db, [], T) == 0


async def test_an_older_quote_is_kept_but_is_not_the_newest(db: D1Database) -> None:
    await quotes.add(db, [quote(1, T, 100.0)], T + 1000)
    assert await quotes.add(db, [quote(1, T - MINUTE, 99.0)], T + 2000) == 1
    assert (await quotes.latest(db))[1][0].price == 100.0
    assert [q.price for q in await quotes.history(db, 1, T - MINUTE, T + 1)] == [99.0, 100.0]


async def test_as_of_knows_only_what_was_known_then(db: D1Database) -> None:
    await quotes.add(db, [quote(1, T, 100.0), quote(2, T, 10.0)], T + 1000)
    await quotes.add(db, [quote(1, T + 5 * MINUTE, 110.0)], T + 6 * MINUTE)
    assert await quotes.as_of(db, T + 999) == {}
    assert (await quotes.as_of(db, T + 1000))[1][0].price == 100.0
    assert (await quotes.as_of(db, T + 5 * MINUTE))[1][0].price == 100.0
    later = await quotes.as_of(db, T + 6 * MINUTE)
    assert {asset: found[0].price for asset, found in later.items()} == {1: 110.0, 2: 10.0}
    # the second was last heard of half a day before
    assert (await quotes.as_of(db, T + 720 * MINUTE))[2][0].price == 10.0


async def test_what_was_the_newest_then_is_what_as_of_answers_also_of_a_clock_ahead(db: D1Database) -> None:
    ahead = await quotes.add(db, [quote(1, T + AHEAD, 100.0), quote(2, T, 7.0)], T)
    assert ahead == 2
    then = await quotes.latest(db)
    await quotes.add(db, [quote(1, T + 2 * MINUTE, 120.0)], T + 2 * MINUTE)
    assert await quotes.as_of(db, T) == then


async def test_history_is_of_one_asset_oldest_first(db: D1Database) -> None:
    for minute in range(5):
        at = T + minute * MINUTE
        await quotes.add(db, [quote(1, at, 100.0 + minute), quote(2, at, 5.0)], at)
    found = await quotes.history(db, 1, T + MINUTE, T + 4 * MINUTE)
    assert [(q.asset, q.price) for q in found] == [(1, 101.0), (1, 102.0), (1, 103.0)]


async def test_market_data_has_the_columns_of_the_document(db: D1Database) -> None:
    await quotes.add(db, [quote(1, T, 100.0)], T + 1000)
    row = await db.prepare("SELECT * FROM market_data WHERE symbol = 'BTC'").first()
    assert row is not None
    wanted = {"symbol": "BTC", "price": 100.0, "volume_24h": 1e9, "market_cap": 2e12, "source": "coingecko"}
    assert wanted.items() <= row.items()
    assert row["timestamp"] == "2025-11-21 12:00:00"
    again = await db.prepare("SELECT price FROM market_data WHERE id = ?").bind(row["id"]).first("price")
    assert again == 100.0


async def test_a_snapshot_of_250_coins_writes_at_most_40_kib(db: D1Database, tmp_path: Path) -> None:
    log, grown = tmp_path / "test.db-wal", []
    for minute in range(0, 60, 5):
        at, size = T + minute * MINUTE, os.path.getsize(log)
        snapshot = [
            Quote(
                n,
                "coingecko",
                at - n * 317 % 90_000,
                round(n * 1.37 + minute, 4),
                n * 1e6,
                n * 1e9,
                None,
                n * 1.39,
                n * 1.35,
            )
            for n in range(1, 251)
        ]
        assert await quotes.add(db, snapshot, at) == 250
        grown.append(os.path.getsize(log) - size)
    assert sum(grown) / len(grown) <= 40 * 1024
