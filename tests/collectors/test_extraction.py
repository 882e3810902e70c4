"""COL-12: the extraction under its old names."""

from __future__ import annotations

from typing import Any

import pytest
from provider_support import MINUTE, Provider

from shared.collect.klines import (
    fetch_depth,
    fetch_klines,
    get_last_extraction_time,
    run_cycle,
    save_to_datalake,
    update_extraction_metadata,
)
from shared.errors import NotFound


async def test_a_cycle_extracts_candles_and_books(world: Any, clock: Any) -> None:
    summary = await run_cycle(world)
    assert {name: job["status"] for name, job in summary["jobs"].items()} == {
        "klines": "ok",
        "order_books": "ok",
    }
    assert await get_last_extraction_time(world.db, "BTCUSDT", "klines") == clock.now - MINUTE
    assert await get_last_extraction_time(world.db, "BTCUSDT", "depth") == clock.now


async def test_klines_since_the_last_extraction(world: Any, clock: Any, provider: Provider) -> None:
    assert len(await fetch_klines(world, "BTCUSDT")) == 99
    await update_extraction_metadata(world.db, "BTCUSDT", "klines", clock.now - 20 * MINUTE, 99, clock.now)
    bars = await fetch_klines(world, "BTCUSDT")
    assert [bar.open_time for bar in bars] == [clock.now - n * MINUTE for n in range(30, 0, -1)]
    assert len(await fetch_klines(world, "BTCUSDT", clock.now - 3 * MINUTE, 2)) == 2


async def test_depth(world: Any, clock: Any) -> None:
    book = await fetch_depth(world, "ETHUSDT")
    assert (book.at, len(book.bids)) == (clock.now, 5)


async def test_a_symbol_nobody_trades(world: Any) -> None:
    with pytest.raises(NotFound, match="NOPEUSDT"):
        await fetch_klines(world, "NOPEUSDT")


async def test_a_mark_never_moves_back(world: Any) -> None:
    await update_extraction_metadata(world.db, "BTCUSDT", "klines", 600_000, 5, 1)
    await update_extraction_metadata(world.db, "BTCUSDT", "klines", 300_000, 2, 2)
    assert await get_last_extraction_time(world.db, "BTCUSDT", "klines") == 600_000


async def test_raw_answers_are_kept_by_day_symbol_and_time(world: Any, clock: Any) -> None:
    key = await save_to_datalake(world, b"[]", "BTCUSDT", "klines")
    assert key == f"2025-11-21/BTCUSDT_klines_{clock.now}.json"
    assert await world.lake.get(key) == b"[]"
