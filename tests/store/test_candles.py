"""Candles: stored once, corrected with their past kept, read across rows and blocks."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.errors import Refused
from shared.models import DAY, HOUR, MINUTE, Candle
from shared.platform.d1 import D1Database
from shared.store import candles

T = 1_763_683_200_000  # 2025-11-21T00:00Z
STEP = 5 * MINUTE


def bar(number: int, asset: int = 1, source: str = "binance", close: float = 0.0, step: int = STEP) -> Candle:
    price = 100.0 + number % 50
    close = close or price + 1
    high = max(price, close) + 1
    return Candle(asset, source, step, T + number * step, price, high, price - 1, close, 10.5 + number, 7)


async def test_bars_come_back_as_they_were(db: D1Database) -> None:
    bars = [bar(n) for n in range(50)]
    assert await candles.add(db, bars, T + DAY) == 50
    assert await candles.read(db, 1, STEP, T, T + DAY) == bars
    assert await candles.read(db, 1, STEP, T + 10 * STEP, T + 12 * STEP) == bars[10:12]
    assert await candles.read(db, 1, STEP, T, T + DAY, limit=3) == bars[-3:]
    assert await candles.read(db, 2, STEP, T, T + DAY) == []


async def test_the_same_bars_again_store_nothing(db: D1Database) -> None:
    bars = [bar(n, asset) for n in range(20) for asset in (1, 2, 3)]
    assert await candles.add(db, bars, T + DAY) == 60
    assert await candles.add(db, bars, T + 2 * DAY) == 0
    assert await candles.add(db, [*bars[-6:], bar(20)], T + 2 * DAY) == 1
    assert await candles.add(db, [], T) == 0


async def test_parallel_runs_store_once(db: D1Database) -> None:
    bars = [bar(n) for n in range(100)]
    stored = await asyncio.gather(*(candles.add(db, bars, T + DAY + n) for n in range(20)))
    assert sum(stored) == 100
    assert len(await candles.read(db, 1, STEP, T, T + DAY)) == 100
    assert await db.prepare("SELECT count(*) FROM candle_revisions").first("count(*)") == 0


async def test_three_values_of_a_bar_at_once_keep_the_last(db: D1Database) -> None:
    told = [bar(1, close=close) for close in (131.0, 132.0, 133.0)]
    await candles.add(db, told, T + DAY)
    assert await candles.read(db, 1, STEP, T, T + DAY) == told[-1:]


async def test_as_of_reads_the_source_that_was_the_one_then(db: D1Database) -> None:
    first = [bar(n, source="import") for n in range(10)]
    await candles.add(db, first, T + DAY)
    better = [bar(n, source="binance", close=130.0) for n in range(20)]
    await candles.add(db, better, T + 2 * DAY)
    assert await candles.read(db, 1, STEP, T, T + DAY) == better
    assert await candles.read(db, 1, STEP, T, T + DAY, as_of=T + 2 * DAY) == better
    assert await candles.read(db, 1, STEP, T, T + DAY, as_of=T + DAY) == first
    assert await candles.read(db, 1, STEP, T, T + DAY, as_of=T + DAY, source="binance") == []


async def test_a_correction_counts_once_and_keeps_the_past(db: D1Database) -> None:
    bars = [bar(n) for n in range(5)]
    await candles.add(db, bars, T + DAY)
    corrected = bar(2, close=140.0)
    assert await candles.add(db, [corrected], T + 2 * DAY) == 1
    assert (await candles.read(db, 1, STEP, T, T + DAY))[2] == corrected
    assert await candles.read(db, 1, STEP, T, T + DAY, as_of=T + 2 * DAY - 1) == bars
    assert (await candles.read(db, 1, STEP, T, T + DAY, as_of=T + 2 * DAY))[2] == corrected
    assert await candles.read(db, 1, STEP, T, T + DAY, as_of=T + DAY - 1) == []


async def test_older_knowledge_does_not_replace_newer(db: D1Database) -> None:
    await candles.add(db, [bar(0)], T + DAY)
    assert await candles.add(db, [bar(0, close=130.0)], T + HOUR) == 0
    assert await candles.read(db, 1, STEP, T, T + DAY) == [bar(0)]


async def test_bulk_rows_are_checked(db: D1Database) -> None:
    rows = [(T + n * STEP, 1.0, 2.0, 0.5, 1.5, 3.0, None) for n in range(1000)]
    assert await candles.add_rows(db, 1, "binance", STEP, rows, T + DAY) == 1000
    assert await candles.add_rows(db, 1, "binance", STEP, rows, T + DAY) == 0
    assert await candles.add_rows(db, 1, "binance", STEP, [], T + DAY) == 0
    for bad in ((T, 1.0, 0.9, 0.5, 1.5, 3.0, None), (T, 1.0, 2.0, float("nan"), 1.5, 3.0, None)):
        with pytest.raises(Refused, match="row 1"):
            await candles.add_rows(db, 2, "binance", STEP, [rows[0], bad], T)
    with pytest.raises(Refused, match="1763683200000000"):
        await candles.add_rows(db, 2, "binance", STEP, [(T * 1000, *rows[0][1:])], T)


async def test_off_the_grid_and_gaps(db: D1Database) -> None:
    """The bar after an outage opens when trading does."""
    odd = replace(bar(7), open_time=T + 7 * STEP + 123_456)
    bars = [bar(0), bar(1), odd, bar(9)]
    await candles.add(db, [*bars, *(bar(n, 2) for n in range(12))], T + DAY)
    assert await candles.read(db, 1, STEP, T, T + DAY) == bars
    assert await candles.read(db, 1, STEP, T, T + DAY, limit=2) == bars[-2:]


async def test_one_source_a_read(db: D1Database) -> None:
    """The most reliable of those that reach furthest; a late answer of one bar does not switch."""
    await candles.add(db, [bar(n, source="kraken") for n in range(10)], T + DAY)
    await candles.add(db, [bar(n) for n in range(9)], T + DAY)
    found = await candles.read(db, 1, STEP, T, T + DAY)
    assert {one.source for one in found} == {"binance"}
    named = await candles.read(db, 1, STEP, T, T + DAY, source="kraken")
    assert len(named) == 10
    await candles.add(db, [bar(n, source="kraken") for n in range(10, 20)], T + DAY)
    assert (await candles.read(db, 1, STEP, T, T + DAY))[-1] == bar(19, source="kraken")
    assert await candles.read(db, 1, STEP, T, T + DAY, source="nobody") == []


async def test_the_window_of_a_detector(db: D1Database) -> None:
    bars = [bar(n, asset) for n in range(10) for asset in (3, 1, 2)]
    await candles.add(db, bars, T + DAY)
    await candles.add(db, [bar(n, 1, "kraken") for n in range(10)], T + DAY)
    found = await candles.window(db, STEP, T + 2 * STEP, T + 4 * STEP)
    assert [(row[0], row[1]) for row in found] == [(T + n * STEP, a) for n in (2, 3) for a in (1, 2, 3)]
    assert found[0] == (T + 2 * STEP, 1, 102.0, 104.0, 101.0, 103.0, 12.5, T + DAY)
    assert await candles.closed_until(db, STEP) == T + 10 * STEP
    assert await candles.closed_until(db, HOUR) is None


async def test_columns_are_the_same_bars(db: D1Database) -> None:
    await candles.add(db, [bar(n) for n in range(4)], T + DAY)
    name, found = await candles.read_columns(db, 1, STEP, T, T + DAY)
    assert name == "binance"
    assert found.close == [101.0, 102.0, 103.0, 104.0]
    assert (await candles.read_columns(db, 9, STEP, T, T + DAY))[1].open_time == []
