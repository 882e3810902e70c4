"""Metric series from the store to signals: once, at the right asset, scored again from the stored rows."""

from __future__ import annotations

import asyncio
import threading
from statistics import median
from typing import Any

import numpy as np
import pytest
from series_support import HOURS, daily, fill, replay
from tables_support import START, all_rows, look, raised, tell

from shared.env import Env
from shared.models import DAY, HOUR, MINUTE
from shared.signals import detect_tables, univariate
from shared.signals.families import series
from shared.signals.families.family import Family, Fresh
from shared.signals.families.memory import Memory
from shared.signals.raising import Names
from shared.store import detector_state

TYPE = "metric_anomaly"
STATE = "SELECT name, version, cursor, state FROM detector_state WHERE name LIKE 'tables:series%' ORDER BY 1"
SPIKE = [*daily(), 2e9, *daily(60, seed=5)]
SHIFT = [*daily(), *daily(60, 1.6e9, seed=5)]
DROP = [*daily(), *daily(60, 0.5e9, seed=5)]


async def state_rows(env: Env) -> list[Any]:
    return await env.db.prepare(STATE).raw()


@pytest.mark.parametrize(("values", "side"), [(SPIKE, "up"), (SHIFT, "up"), (DROP, "down")])
async def test_a_spike_and_a_shift_of_level_are_one_signal_each(
    env: Env, values: list[float], side: str
) -> None:
    last = await fill(env, "tvl:bsc", values)
    await look(env, last + 2 * MINUTE)
    (found,) = await raised(env, TYPE)
    assert (found.symbol, found.direction, found.at) == ("BNB", side, START + HOURS * HOUR)
    assert found.raw_score >= univariate.ALARM
    assert found.key == f"{TYPE}:binancecoin:0:{found.at}"


@pytest.mark.parametrize("values", [daily(HOURS + 60), [1e9] * (HOURS + 60)])
async def test_noise_and_a_flat_line_are_no_signal(env: Env, values: list[float]) -> None:
    last = await fill(env, "tvl:bsc", values)
    await look(env, last + 2 * MINUTE)
    assert await raised(env, TYPE) == []


async def test_the_score_is_computed_again_from_the_rows_that_the_evidence_names(env: Env) -> None:
    values = [*daily(), 1.3e9]  # a score that no bound of the scorer makes
    last = await fill(env, "active_addresses:bitcoin", values)
    await tell(env, [("active_addresses:bitcoin", START + 9 * HOUR, 7e9)], last, "y")  # another series
    await look(env, last + 2 * MINUTE)
    (found,) = await raised(env, TYPE)
    e = found.metadata
    assert (e["since"], e["values"], e["value"]) == (START, HOURS + 1, 1.3e9)
    assert await replay(env, e, found.at) == (e["values"], found.raw_score)
    assert (e["score"], e["threshold"]) == (found.raw_score, univariate.ALARM)
    assert e["before"] == SPIKE[HOURS - 16 : HOURS]
    assert e["median"] == median(e["before"])
    assert e["window"] == {"first": found.at - 16 * HOUR, "last": found.at - HOUR, "n": 16}


async def test_late_values_are_passed_over_live_and_in_a_rebuilt_state(env: Env) -> None:
    name, calm = "hash_rate:bitcoin", daily(HOURS)
    at = await fill(env, name, calm)
    await look(env, at + 2 * MINUTE)
    await tell(env, [(name, at - 30 * MINUTE, 9e9)], at + 3 * MINUTE)  # behind the newest
    await look(env, at + 4 * MINUTE)
    assert await raised(env, TYPE) == []
    await tell(env, [(name, at + HOUR, 2e9)], at + HOUR + MINUTE)
    await look(env, at + HOUR + 2 * MINUTE)
    (live,) = await raised(env, TYPE)
    assert await replay(env, live.metadata, live.at) == (HOURS + 1, live.raw_score)
    await env.db.batch([env.db.prepare("DELETE FROM signals"), env.db.prepare("DELETE FROM detector_state")])
    await look(env, at + HOUR + 2 * MINUTE)
    (again,) = await raised(env, TYPE)
    assert (again.id, again.raw_score, again.metadata) == (live.id, live.raw_score, live.metadata)


@pytest.mark.parametrize("lost", ["DELETE FROM detector_state", "UPDATE detector_state SET state = x'0011'"])
async def test_a_lost_or_damaged_state_is_built_again_to_the_bit(
    env: Env, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await fill(env, "tvl:bsc", SPIKE[: HOURS + 1])
    for n in (HOURS // 2, HOURS - 3, HOURS + 1):
        await look(env, START + n * HOUR + 2 * MINUTE)
    before, signals = await state_rows(env), await raised(env, TYPE)
    assert len(signals) == 1
    await env.db.prepare(lost).run()
    await tell(env, [("tvl:bsc", at + HOUR, 1e9)], at + HOUR + MINUTE)
    monkeypatch.setattr(series, "STRETCH", 100)
    await look(env, at + HOUR + 2 * MINUTE)
    rebuilt = await state_rows(env)
    await env.db.prepare("DELETE FROM detector_state").run()
    monkeypatch.setattr(series, "STRETCH", 10_000)
    await look(env, at + HOUR + 2 * MINUTE)
    assert (
        [row[3] for row in await state_rows(env)] == [row[3] for row in rebuilt] != [row[3] for row in before]
    )
    assert await raised(env, TYPE) == signals


async def test_again_and_at_once_adds_nothing(env: Env) -> None:
    last = await fill(env, "tvl:bsc", SHIFT)
    await asyncio.gather(*(look(env, last + 2 * MINUTE) for _ in range(6)))
    before = await all_rows(env)
    assert len(await raised(env, TYPE)) == 1
    assert (await look(env, last + 2 * MINUTE)).rows == 0
    assert await all_rows(env) == before


async def test_a_value_a_day_raises_too_and_only_where_it_was_calm(env: Env) -> None:
    """Ticks of episodes are hours: between two values of a day lie more than the cooldown."""
    calm = np.random.default_rng(1).normal(1e6, 1e4, 350).tolist()
    last = await fill(env, "transactions:bitcoin", [*calm, 2e6, 2e6, 2e6], DAY)
    await look(env, last + 2 * MINUTE)
    (found,) = await raised(env, TYPE)
    assert (found.at, found.symbol, found.direction) == (START + 350 * DAY, "BTC", "up")


@pytest.mark.parametrize(
    ("name", "symbol", "side"),
    [
        ("stablecoin_supply:usdt", "USDT", "none"),
        ("tvl:base", "MARKET", "up"),
        ("put_call:ethereum", "ETH", "none"),
    ],
)
async def test_filed_under_its_asset_and_without_direction_where_none_can_be_read(
    env: Env, name: str, symbol: str, side: str
) -> None:
    last = await fill(env, name, SPIKE[: HOURS + 1])
    await look(env, last + 2 * MINUTE)
    (found,) = await raised(env, TYPE)
    assert (found.symbol, found.direction) == (symbol, side)


async def test_what_is_not_followed_or_too_small_neither_reads_nor_writes_the_state(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(env, "tvl:bsc", [1e9] * 3)
    await look(env, START + DAY)
    before = await state_rows(env)
    read = list[str]()
    load = detector_state.load

    async def noted(db: Any, name: str) -> Any:
        read.append(name)
        return await load(db, name)

    monkeypatch.setattr(detector_state, "load", noted)
    await tell(env, [("macro:vix", START + DAY, 20.0)], START + DAY + 9 * MINUTE)
    await look(env, START + DAY + 10 * MINUTE)
    assert not [name for name in read if "series" in name]
    assert await state_rows(env) == before
    await tell(env, [("tvl:tiny", START + DAY, 1e5)], START + DAY + 19 * MINUTE)
    await look(env, START + DAY + 20 * MINUTE)
    ((_, _, _, after),) = await state_rows(env)
    assert after == before[0][3]


async def test_there_is_room_for_so_many_and_who_was_there_first_stays(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "MOST", 2)
    await fill(env, "tvl:zz", [1e9] * 2)
    await fill(env, "tvl:yy", [1e9] * 2, start=START + 3 * HOUR)
    await fill(env, "tvl:aa", [1e9] * 2, start=START + 6 * HOUR)
    await look(env, START + DAY)
    assert await followed(env) == ["tvl:zz@x", "tvl:yy@x"]
    later = START + series.FORGET + DAY
    await fill(env, "tvl:yy", [1e9] * 2, start=later)
    await look(env, later + DAY)
    await fill(env, "tvl:aa", [1e9] * 2, start=later + 2 * DAY)
    await look(env, later + 3 * DAY)
    assert await followed(env) == ["tvl:yy@x", "tvl:aa@x"]


async def followed(env: Env) -> list[str]:
    memory = detect_tables.unpack((await state_rows(env))[0][3])
    assert memory is not None
    return memory[series.LANES].keys


async def test_after_a_long_silence_a_series_begins_anew(env: Env) -> None:
    await fill(env, "tvl:bsc", daily())
    start = START + HOURS * HOUR + series.FORGET + DAY
    last = await fill(env, "tvl:bsc", SPIKE[: HOURS + 1], start=start)
    await look(env, last + 2 * MINUTE)
    (found,) = await raised(env, TYPE)
    assert (found.metadata["since"], found.metadata["values"]) == (start, HOURS + 1)
    assert await replay(env, found.metadata, found.at) == (HOURS + 1, found.raw_score)


def test_series_do_not_depend_on_which_others_move_with_them() -> None:
    """Also where some have many new values and others one."""
    told = {f"tvl:{n}": daily(150 + 40 * n, seed=n) for n in range(4)}
    rows = [
        (name, 1, START + n * HOUR, value, START + n)
        for name, all in told.items()
        for n, value in enumerate(all)
    ]
    together, alone = Memory(), Memory()
    list(series.step(together, Fresh(0, (rows, {1: "x"}), 0)))
    for name in told:
        list(series.step(alone, Fresh(0, ([row for row in rows if row[0] == name], {1: "x"}), 0)))
    for key, place in together[series.LANES].places.items():
        other = alone[series.LANES].places[key]
        for field, array in together[series.LANES].arrays.items():
            assert np.array_equal(array[place], alone[series.LANES].arrays[field][other], equal_nan=True)


def test_another_scorer_has_another_state(monkeypatch: pytest.MonkeyPatch) -> None:
    one = series.scorer()
    assert series.FAMILY.name == f"series-{one}"
    monkeypatch.setattr(univariate, "WIDTH", univariate.WIDTH + 1)
    assert series.scorer() != one


@pytest.mark.parametrize(("count", "beside"), [(1, False), (detect_tables.AT_ONCE + 1, True)])
async def test_much_at_once_is_played_beside_the_event_loop(env: Env, count: int, beside: bool) -> None:
    where = list[int]()

    async def fresh(db: Any, cursor: int, now: int) -> Fresh | None:
        return None if cursor else Fresh(1, None, count)

    def step(memory: Memory, fresh: Fresh) -> list[Any]:
        where.append(threading.get_ident())
        return []

    family = Family("test", fresh, step, lambda key, assets: 1)
    await detect_tables.detect_family(env, Names(env.db), family, lambda at: at)
    assert [one != threading.get_ident() for one in where] == [beside]
