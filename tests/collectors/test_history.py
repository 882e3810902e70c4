"""Candles from files into the store."""

from __future__ import annotations

from pathlib import Path

from shared.collect.history import import_planned, plan_import
from shared.env import Env
from shared.models import DAY, HOUR, MINUTE
from shared.store import candles


async def import_minutes(env: Env, path: Path, start: int, n: int) -> int:
    rows = [f"{start + i * MINUTE},{100 + i},{101 + i},{99 + i},{100 + i},1" for i in range(n)]
    path.write_text("\n".join(["open_time,open,high,low,close,volume", *rows]))
    (report,) = await import_planned(env, await plan_import(env, path, None, None))
    return report.stored


async def test_imported_minutes_make_longer_bars_also_before_those_that_are_there(
    env: Env, tmp_path: Path
) -> None:
    day = env.now() // DAY * DAY - 40 * DAY
    assert await import_minutes(env, tmp_path / "late_BTCUSDT_1m.csv", day + 10 * DAY, 180) == 180
    hours = [day + 10 * DAY, day + 10 * DAY + HOUR]
    assert [bar.open_time for bar in await candles.read(env.db, 1, HOUR, day, env.now())] == hours
    assert await import_minutes(env, tmp_path / "early_BTCUSDT_1m.csv", day, 180) == 180
    found = await candles.read(env.db, 1, HOUR, day, env.now())
    assert [bar.open_time for bar in found][:3] == [day, day + HOUR, day + 2 * HOUR]
    assert [bar.open_time for bar in found][3:] == hours
    assert (found[1].open, found[1].close, found[1].volume) == (160.0, 219.0, 60.0)


async def test_a_bar_that_is_open_now_is_not_stored(env: Env, tmp_path: Path) -> None:
    start = env.now() // MINUTE * MINUTE - 2 * MINUTE
    assert await import_minutes(env, tmp_path / "BTCUSDT_1m.csv", start, 4) == 2
