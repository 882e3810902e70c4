"""A corrected candle makes new versions of what follows from it; what was known before stays."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from features_support import START, WAIT, at_close, computed, corrected, market, play, store_candles

from shared.env import Env
from shared.market.features.codec import decode_all
from shared.market.features.dictionary import names
from shared.models import DAY, HOUR, Metric
from shared.ops.maintain import maintain
from shared.signals.feature_revision import revise
from shared.store import candles, features, metrics
from shared.store.assets import source_ids

BARS = 140
END = START + BARS * HOUR
LATER = END + DAY
LAST = 20  # bars that were played one by one, as live


async def live(env: Env, assets: int = 3) -> None:
    """Bars are stored and played as they close; then the clock stands a day later."""
    bars = market(assets, BARS)
    await store_candles(env, bars)
    ids = await source_ids(env.db, {"import"})
    told = [Metric("funding_rate:ethereum", "import", END - hour * HOUR, 0.01 * hour) for hour in range(40)]
    await env.db.batch(metrics.add_statements(env.db, told, ids, START))
    state = await play(env, bars.take(bars.open_time + HOUR <= END - LAST * HOUR))
    for number in range(LAST - 1, -1, -1):
        state = await play(env, at_close(bars, END - number * HOUR), state)
    env.now = lambda: LATER  # type: ignore[method-assign]


async def correct(env: Env, asset: int, ago: int, close: float = 120.0) -> int:
    """Another close for the bar that closed `ago` bars before the end; when it closed."""
    bars = market(3, BARS)
    row = int(np.flatnonzero((bars.asset == asset) & (bars.open_time == END - (ago + 1) * HOUR))[0])
    await candles.add(env.db, [corrected(bars, row, close * asset)], LATER - HOUR)
    return END - ago * HOUR


async def rows(env: Env, asset: int, as_of: int) -> tuple[list[int], np.ndarray]:
    """Closes and values, newest first."""
    found = await features.of_asset(env.db, asset, HOUR, as_of=as_of)
    return [row.at for row in found], decode_all(
        [row.data for row in found], [row.dictionary for row in found]
    )


async def test_what_follows_from_a_corrected_bar_is_a_new_version(env: Env) -> None:
    await live(env)
    before = {asset: await rows(env, asset, LATER - 1) for asset in (1, 2, 3)}
    start = await correct(env, 2, ago=5)
    done = await revise(env)
    assert done == {"rows": 6, "versions": 6}  # the bar's own row and the five behind it
    for asset in (1, 2, 3):
        closes, old = await rows(env, asset, LATER - 1)
        assert closes == before[asset][0]
        np.testing.assert_array_equal(old, before[asset][1])  # as_of answers as it did
    closes, new = await rows(env, 2, LATER)
    old = before[2][1]
    changed = [
        at
        for at, row, was in zip(closes, new, old, strict=True)
        if not np.array_equal(row, was, equal_nan=True)
    ]
    assert changed == [start + i * HOUR for i in range(5, -1, -1)]
    table = await computed(env.db, start, END + 1, [2])
    place = [
        number
        for number, name in enumerate(names())
        if not name.startswith(("quality_", "market_", "relative_s"))
    ]
    np.testing.assert_allclose(new[:6][::-1][:, place], table.values[:, place], rtol=1e-9, atol=1e-12)


async def test_a_second_look_adds_nothing_and_a_second_correction_does(env: Env) -> None:
    await live(env)
    await correct(env, 2, ago=3)
    assert (await revise(env))["versions"] == 4
    assert (await revise(env))["versions"] == 0
    await correct(env, 3, ago=0)
    assert (await revise(env))["versions"] == 1


async def test_what_did_not_come_from_candles_stays_as_it_was_known(env: Env) -> None:
    await live(env)
    await correct(env, 2, ago=2)
    ids = await source_ids(env.db, {"binance"})
    late = Metric("funding_rate:ethereum", "binance", END - HOUR, 9.0)
    await env.db.batch(metrics.add_statements(env.db, [late], ids, LATER - 1))
    await revise(env)
    place = names().index
    _, old = await rows(env, 2, LATER - 1)
    _, new = await rows(env, 2, LATER)
    assert new[0, place("funding_rate")] == old[0, place("funding_rate")] == 0.0
    assert new[0, place("rsi_14")] != old[0, place("rsi_14")]
    assert new[0, place("quality_corrections")] == pytest.approx(1 - 10 / 97)
    assert new[0, place("quality_score")] < old[0, place("quality_score")]


async def test_a_correction_of_bitcoin_reaches_all(env: Env) -> None:
    await live(env)
    await correct(env, 1, ago=4)
    assert (await revise(env)) == {"rows": 15, "versions": 15}
    _, old = await rows(env, 3, LATER - 1)
    _, new = await rows(env, 3, LATER)
    beta, own = names().index("beta_btc_96"), names().index("rsi_14")
    assert (new[:5, beta] != old[:5, beta]).all()
    np.testing.assert_array_equal(new[:, own], old[:, own])


async def test_rows_stored_after_a_correction_are_looked_at_too(env: Env) -> None:
    """Detection goes on with the bar as it was first told."""
    bars = market(3, BARS)
    await store_candles(env, bars)
    state = await play(env, bars.take(bars.open_time + HOUR <= END - 2 * HOUR))
    await correct(env, 2, ago=3)
    env.now = lambda: LATER  # type: ignore[method-assign]
    assert (await revise(env))["versions"] == 2
    for number in (1, 0):
        state = await play(env, at_close(bars, END - number * HOUR), state)
    assert (await revise(env))["versions"] == 2


async def test_a_row_is_compared_with_the_candles_of_its_own_source(env: Env) -> None:
    await live(env)
    other = market(3, BARS, seed=5)
    await store_candles(env, other, source="coinmarketcap")  # more reliable: what a reader would get now
    await correct(env, 2, ago=5)
    assert await revise(env) == {"rows": 6, "versions": 6}
    assert {row.source for row in await features.of_asset(env.db, 2, HOUR)} == {1}


async def test_two_runs_at_once_store_each_version_once(env: Env) -> None:
    await live(env)
    await correct(env, 2, ago=3)
    done = await asyncio.gather(*(revise(env) for _ in range(4)))
    assert sorted(one["versions"] for one in done) == [0, 0, 0, 4]


async def test_maintain_does_it(env: Env) -> None:
    await live(env)
    await correct(env, 2, ago=1)
    done = await maintain(env, ["features"])
    assert done["tasks"] == {"features": {"rows": 2, "versions": 2}}
    assert (await maintain(env, ["features"]))["tasks"]["features"]["versions"] == 0
    assert WAIT < LATER - END
