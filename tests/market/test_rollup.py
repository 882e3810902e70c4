"""Minutes into longer bars."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.market.rollup import roll_up, rollup
from shared.models import DAY, HOUR, MINUTE
from shared.platform.d1 import D1Database
from shared.store import candles
from shared.store.candle_rows import CandleRow

T = 1_763_683_200_000  # 2025-11-21T00:00Z


def minute(n: int, close: float = 0.0) -> CandleRow:
    price = 100.0 + n % 7
    close = close or price + 0.5
    return T + n * MINUTE, price, max(price, close) + 1, price - 1, close, 0.1, 3


def test_open_first_high_max_low_min_close_last_volume_sum() -> None:
    bars = rollup([minute(n) for n in range(10)], 5 * MINUTE)
    assert bars == [
        (T, 100.0, 105.5, 99.0, 104.5, 0.5, 15),
        (T + 5 * MINUTE, 105.0, 107.5, 99.0, 102.5, 0.5, 15),
    ]
    assert rollup([], HOUR) == []


def test_sums_stay_decimals_and_unknown_trades_stay_unknown() -> None:
    bars = [(T, 1.0, 1.0, 1.0, 1.0, 0.1, None), (T + MINUTE, 1.0, 1.0, 1.0, 1.0, 0.2, 5)]
    assert rollup(bars, 5 * MINUTE) == [(T, 1.0, 1.0, 1.0, 1.0, 0.3, None)]


def test_rolling_up_in_two_steps_is_the_same() -> None:
    bars = [minute(n) for n in range(180) if n % 11]
    assert rollup(rollup(bars, 5 * MINUTE), HOUR) == rollup(bars, HOUR)


async def opens(db: D1Database, step: int) -> list[int]:
    return [bar.open_time for bar in await candles.read(db, 1, step, T - DAY, T + 9 * DAY)]


def test_ten_minutes_are_no_hour_and_an_outage_is_a_gap() -> None:
    minutes = [(n * MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0, None) for n in (*range(60), *range(110, 150))]
    assert [bar[0] for bar in rollup(minutes, HOUR)] == [0, 2 * HOUR]
    assert rollup(minutes, DAY) == []
    lonely = [(7 * MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0, 1)]
    assert [bar[0] for bar in rollup(lonely, 5 * MINUTE)] == [5 * MINUTE]


async def test_a_window_is_rolled_once_a_later_minute_is_known(db: D1Database) -> None:
    await candles.add_rows(db, 1, "binance", MINUTE, [minute(n) for n in range(10)], T + HOUR)
    assert await roll_up(db, 1, T + HOUR) == 1
    assert await opens(db, 5 * MINUTE) == [T]
    await candles.add_rows(db, 1, "binance", MINUTE, [minute(10)], T + HOUR)
    assert await roll_up(db, 1, T + HOUR) == 1
    assert await opens(db, 5 * MINUTE) == [T, T + 5 * MINUTE]
    assert await roll_up(db, 1, T + HOUR) == 0
    assert await opens(db, HOUR) == []


async def test_two_days_give_all_lengths(db: D1Database) -> None:
    rows = [minute(n) for n in range(30, 2 * 1440 + 61) if n % 13 and not 300 <= n < 400]
    await candles.add_rows(db, 1, "binance", MINUTE, rows, T + 3 * DAY)
    await roll_up(db, 1, T + 3 * DAY)
    assert await opens(db, DAY) == [T + DAY]  # the first day began before the first minute
    hours = await opens(db, HOUR)
    assert hours[0] == T + HOUR
    assert hours[-1] == T + 48 * HOUR
    assert T + 5 * HOUR not in hours  # an hour without a minute
    (day,) = await candles.read(db, 1, DAY, T, T + 9 * DAY)
    assert day.volume == pytest.approx(
        0.1 * sum(1440 <= row[0] // MINUTE - T // MINUTE < 2880 for row in rows)
    )


async def test_a_corrected_minute_corrects_the_long_bar(db: D1Database) -> None:
    await candles.add_rows(db, 1, "binance", MINUTE, [minute(n) for n in range(121)], T + 2 * HOUR)
    await roll_up(db, 1, T + 2 * HOUR)
    await candles.add_rows(db, 1, "binance", MINUTE, [minute(7, close=180.0)], T + 3 * HOUR)
    assert await roll_up(db, 1, T + 3 * HOUR) == 2
    assert await roll_up(db, 1, T + 3 * HOUR) == 0
    hours = await candles.read(db, 1, HOUR, T, T + DAY)
    assert hours[0].high == 181.0
    before = await candles.read(db, 1, HOUR, T, T + DAY, as_of=T + 3 * HOUR - 1)
    assert before[0].high == 107.5


async def test_a_late_minute_is_rolled_in_when_told_of(db: D1Database) -> None:
    rows = [minute(n) for n in range(121) if n != 33]
    await candles.add_rows(db, 1, "binance", MINUTE, rows, T + 2 * HOUR)
    await roll_up(db, 1, T + 2 * HOUR)
    await candles.add_rows(db, 1, "binance", MINUTE, [minute(33)], T + 3 * HOUR)
    assert await roll_up(db, 1, T + 3 * HOUR, since=T + 33 * MINUTE) == 2


def test_real_minutes_make_the_real_five_minutes(real: Path) -> None:
    """A recorded 1m file and the recorded 5m file of the same pair and days."""
    from shared.market.imports import plan, rows

    def bars(name: str) -> dict[int, CandleRow]:
        found = [row for batch in rows(plan(real / "candles" / "freqtrade" / name)) for row in batch.rows]
        return {row[0]: row for row in found}

    short, long = bars("XRP_ETH-1m.csv.gz"), bars("XRP_ETH-5m.csv.gz")
    rolled = {row[0]: row for row in rollup([short[at] for at in sorted(short)], 5 * MINUTE)}
    shared = rolled.keys() & long.keys()
    assert len(shared) > 600
    assert [at for at in sorted(shared) if rolled[at] != long[at]][:5] == []
