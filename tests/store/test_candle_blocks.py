"""Closed stretches become blocks: nothing is lost, doubled or seen too early, whatever happens between."""

from __future__ import annotations

import asyncio

from shared.models import DAY, HOUR, MINUTE, Candle
from shared.platform.d1 import D1Database
from shared.store import candle_blocks, candles

T = 1_763_683_200_000
STEP = 5 * MINUTE
NOW = T + 20 * DAY


def bar(number: int, asset: int = 1, close: float = 0.0, step: int = STEP) -> Candle:
    price = 100.0 + number % 50
    close = close or price + 1
    high = max(price, close) + 1
    return Candle(asset, "binance", step, T + number * step, price, high, price - 1, close, 10.5, number)


async def filled(db: D1Database, bars: int = 5000, asset: int = 1) -> list[Candle]:
    made = [bar(n, asset) for n in range(bars) if n % 97]  # some minutes nobody traded
    await candles.add(db, made, T + 18 * DAY)
    return made


async def count(db: D1Database, table: str) -> int:
    return int((await db.prepare(f"SELECT count(*) FROM {table}").raw())[0][0])


async def test_a_read_is_the_same_before_and_after(db: D1Database) -> None:
    bars = await filled(db)
    moved = await candles.compact(db, NOW)
    assert moved == len(bars)
    assert (await count(db, "candles"), await count(db, "candle_blocks")) == (0, 3)
    assert await candles.read(db, 1, STEP, T, NOW) == bars
    assert await candles.read(db, 1, STEP, T + 90 * STEP, T + 100 * STEP) == bars[89:98]
    assert await candles.read(db, 1, STEP, T, NOW, limit=2500) == bars[-2500:]
    assert await candles.read(db, 1, STEP, T, NOW, as_of=T + 18 * DAY) == bars
    assert await candles.read(db, 1, STEP, T, NOW, as_of=T + 18 * DAY - 1) == []
    assert await candles.compact(db, NOW) == 0


async def test_recent_bars_stay_rows_and_read_on(db: D1Database) -> None:
    bars = await filled(db)
    middle = T + 15 * DAY
    await candles.compact(db, middle)
    left = await count(db, "candles")
    assert 6 * HOUR // STEP <= left < len(bars)
    assert await candles.read(db, 1, STEP, T, NOW) == bars
    assert await candles.read(db, 1, STEP, T, NOW, limit=left + 10) == bars[-left - 10 :]
    name, found = await candles.read_columns(db, 1, STEP, T, NOW)
    assert (name, found.open_time) == ("binance", [one.open_time for one in bars])


async def test_an_open_block_grows(db: D1Database) -> None:
    bars = [bar(n) for n in range(1600)]
    for end in (400, 800, 1200, 1600):
        await candles.add(db, bars[:end], T + 18 * DAY)
        await candles.compact(db, bars[end - 1].open_time + STEP + DAY + HOUR)
        assert await candles.read(db, 1, STEP, T, NOW) == bars[:end]
    assert await count(db, "candle_blocks") == 1


async def test_what_is_in_a_block_is_not_stored_again(db: D1Database) -> None:
    bars = await filled(db, 3000)
    await candles.compact(db, NOW)
    assert await candles.add(db, bars, NOW) == 0
    assert await count(db, "candles") == 0


async def test_a_correction_of_a_packed_bar(db: D1Database) -> None:
    bars = await filled(db, 3000)
    await candles.compact(db, NOW)
    corrected = bar(100, close=149.0)
    index = bars.index(bar(100))
    assert await candles.add(db, [corrected], NOW) == 1
    for _ in range(2):  # once as a row over the block, once inside it
        found = await candles.read(db, 1, STEP, T, NOW)
        assert found[index] == corrected
        assert len(found) == len(bars)
        assert await candles.read(db, 1, STEP, T, NOW, as_of=NOW - 1) == bars
        assert (await candles.read(db, 1, STEP, T, NOW + DAY, as_of=NOW))[index] == corrected
        await candles.compact(db, NOW)
    assert await count(db, "candles") == 0
    assert await count(db, "candle_revisions") == 1


async def test_late_bars_fill_a_hole_in_a_block(db: D1Database) -> None:
    bars = await filled(db, 3000)
    await candles.compact(db, NOW)
    hole = bar(97)
    assert await candles.add(db, [hole], NOW) == 1
    await candles.compact(db, NOW)
    found = await candles.read(db, 1, STEP, T, NOW)
    assert found == sorted([*bars, hole], key=lambda one: one.open_time)


async def test_detectors_see_packed_bars(db: D1Database) -> None:
    await filled(db, 3000, 1)
    await filled(db, 3000, 2)
    before = await candles.window(db, STEP, T + DAY, T + 9 * DAY)
    await candles.compact(db, T + 8 * DAY)
    await candles.add(db, [bar(1000, 2, close=149.0)], NOW)
    after = await candles.window(db, STEP, T + DAY, T + 9 * DAY)
    assert len(before) == len(after)
    assert [row for row in after if row not in before] == [
        (T + 1000 * STEP, 2, 100.0, 150.0, 99.0, 149.0, 10.5, NOW)
    ]


async def test_two_at_once_lose_nothing(db: D1Database) -> None:
    bars = await filled(db, 4500)
    await asyncio.gather(candles.compact(db, T + 10 * DAY), candles.compact(db, NOW))
    assert await candles.read(db, 1, STEP, T, NOW) == bars
    await candles.compact(db, NOW)
    assert await candles.read(db, 1, STEP, T, NOW) == bars


async def test_a_block_written_meanwhile_is_not_overwritten(db: D1Database) -> None:
    """A compactor that read before another wrote must not put the old state back."""
    bars = [bar(n) for n in range(900)]
    key = (1, 1, STEP)
    start = T // (2016 * STEP) * 2016 * STEP
    await candles.add(db, bars[:300], NOW)
    await candle_blocks.move(db, key, start, start + 2016 * STEP)
    await candles.add(db, bars[300:600], NOW)
    slow = candle_blocks.move(db, key, start, start + 2016 * STEP)
    fast = candle_blocks.move(db, key, start, start + 2016 * STEP)
    await asyncio.gather(slow, fast)
    await candles.add(db, bars[600:], NOW)
    await candle_blocks.move(db, key, start, start + 2016 * STEP)
    assert await candles.read(db, 1, STEP, T, NOW) == bars
