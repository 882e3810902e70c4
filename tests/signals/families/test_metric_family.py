"""Metrics from the store to signals: under the right asset, once, whenever and however often looked at."""

from __future__ import annotations

import asyncio
from math import exp, log

import numpy as np
import pytest
from tables_support import START, all_rows, look, raised, tell

from shared.env import Env
from shared.models import DAY, HOUR, MINUTE, Candle
from shared.store import candles

CHAINS = {"bsc": "BNB", "ethereum": "ETH", "base": "MARKET", "tron": "TRX"}
HOURS = 100


def history(chain: str, hours: int = HOURS) -> list[tuple[str, int, float]]:
    seed = sorted(CHAINS).index(chain)
    walk = np.cumsum(np.random.default_rng(seed).normal(0, 0.004, hours))
    return [(f"tvl:{chain}", START + n * HOUR, 1e9 * exp(x)) for n, x in enumerate(walk)]


async def fill(env: Env, chains: list[str], drop: float = 0.6, source: str = "x") -> int:
    """A calm past of each chain, known hour by hour, then a drop; the instant of it."""
    past = [row for chain in chains for row in history(chain)]
    for n in range(HOURS):
        at = START + n * HOUR
        await tell(env, [row for row in past if row[1] == at], at + MINUTE, source)
    at = START + HOURS * HOUR
    await tell(
        env, [(f"tvl:{chain}", at, drop * history(chain)[-1][2]) for chain in chains], at + MINUTE, source
    )
    return at


async def test_a_chain_that_loses_its_value_is_filed_under_its_coin(env: Env) -> None:
    at = await fill(env, ["bsc"])
    tally = await look(env, at + 2 * MINUTE)
    (found,) = await raised(env, "tvl_anomaly")
    assert [signal.id for signal in tally.raised] == [found.id]
    assert (found.symbol, found.direction, found.step) == ("BNB", "down", 0)
    assert (found.at, found.known_at) == (at, at + 2 * MINUTE)
    assert found.key == f"tvl_anomaly:binancecoin:0:{at}"
    e = found.metadata
    day_before = {row[1]: row[2] for row in history("bsc")}[at - DAY]
    assert e["change"] == pytest.approx(0.6 * history("bsc")[-1][2] / day_before - 1)
    assert found.raw_score == pytest.approx(abs(e["value"] - e["before"]) / e["scale"], rel=1e-12)
    assert e["before"] == pytest.approx(log(day_before))
    assert e["series"] == {"name": "tvl:bsc", "source": "x"}


async def test_what_resolves_to_no_asset_is_the_markets_and_has_no_price(env: Env) -> None:
    at = await fill(env, ["base"])
    await look(env, at + 2 * MINUTE)
    (found,) = await raised(env, "tvl_anomaly")
    assert (found.symbol, found.reference_price) == ("MARKET", None)
    states = await env.db.prepare("SELECT DISTINCT status FROM signal_outcomes").raw()
    assert states == [("no data",)]


async def test_price_and_volatility_come_from_the_bars_that_had_closed(env: Env) -> None:
    at = await fill(env, ["ethereum"])
    closes = [100.0 + (n * n) % 7 for n in range(60)]
    bars = [Candle(2, "binance", HOUR, at - (60 - n) * HOUR, c, c, c, c, 1.0) for n, c in enumerate(closes)]
    await candles.add(env.db, bars, at)
    await look(env, at + 2 * MINUTE)
    (found,) = await raised(env, "tvl_anomaly")
    assert found.reference_price == closes[-1]
    assert found.metadata["volatility_1h"] > 0.0005


async def test_run_by_run_finds_what_one_run_finds(env: Env) -> None:
    at = await fill(env, ["bsc", "base"])
    for n in range(HOURS + 1):
        await look(env, START + n * HOUR + 2 * MINUTE)
    live = await raised(env, "tvl_anomaly")
    assert len(live) == 2
    await env.db.batch([env.db.prepare("DELETE FROM signals"), env.db.prepare("DELETE FROM detector_state")])
    await look(env, at + 2 * MINUTE)
    late = await raised(env, "tvl_anomaly")
    assert [(one.id, one.raw_score, one.metadata) for one in late] == [
        (one.id, one.raw_score, one.metadata) for one in live
    ]


async def test_again_and_at_once_adds_nothing(env: Env) -> None:
    at = await fill(env, ["bsc"])
    await asyncio.gather(*(look(env, at + 2 * MINUTE) for _ in range(8)))
    before = await all_rows(env)
    for _ in range(3):
        assert (await look(env, at + 2 * MINUTE)).rows == 0
    assert await all_rows(env) == before
    assert len(before["signals"]) == 1


async def test_a_damaged_state_is_built_again_from_the_table(env: Env) -> None:
    at = await fill(env, ["bsc"])
    await look(env, at - HOUR + 2 * MINUTE)
    await env.db.prepare("UPDATE detector_state SET state = x'00112233' WHERE name LIKE 'tables:%'").run()
    await look(env, at + 2 * MINUTE)
    assert [one.at for one in await raised(env, "tvl_anomaly")] == [at]


async def test_an_anomaly_that_goes_on_is_one_signal_with_a_peak(env: Env) -> None:
    at = await fill(env, ["bsc"])
    low = 0.6 * history("bsc")[-1][2]
    for n, factor in enumerate((0.9, 0.5, 0.6), 1):
        await tell(env, [("tvl:bsc", at + n * HOUR, factor * low)], at + n * HOUR + MINUTE)
        await look(env, at + n * HOUR + 2 * MINUTE)
    (found,) = await raised(env, "tvl_anomaly")
    assert found.at == at
    assert found.metadata["peak"]["at"] == at + 2 * HOUR
    assert found.metadata["peak"]["raw_score"] > found.raw_score


async def test_two_chains_of_the_market_at_one_instant_are_one_signal_the_strongest(env: Env) -> None:
    at = await fill(env, ["base"])
    others = [("tvl:linea", START + n * HOUR, 1e9) for n in range(HOURS)]
    await tell(env, [*others, ("tvl:linea", at, 1e8)], at + MINUTE)
    await look(env, at + 2 * MINUTE)
    (found,) = await raised(env, "tvl_anomaly")
    assert found.metadata["series"]["name"] == "tvl:linea"


async def test_two_sources_of_one_metric_are_one_episode_and_vote(env: Env) -> None:
    at = await fill(env, ["bsc"])
    await look(env, at + 2 * MINUTE)
    await env.db.batch([env.db.prepare("DELETE FROM signals"), env.db.prepare("DELETE FROM detector_state")])
    for name, time, value in history("bsc"):
        await tell(env, [(name, time + MINUTE, value)], time + 2 * MINUTE, "y")
    await tell(env, [("tvl:bsc", at + MINUTE, 0.6 * history("bsc")[-1][2])], at + 2 * MINUTE, "y")
    await look(env, at + 3 * MINUTE)
    (found,) = await raised(env, "tvl_anomaly")
    assert (found.at, found.metadata["series"]["source"]) == (at, "x")
    assert [vote["source"] for vote in found.metadata["votes"]] == ["y"]


async def test_values_that_come_behind_newer_ones_are_passed_over(env: Env) -> None:
    at = await fill(env, ["bsc"])
    await look(env, at - HOUR + 2 * MINUTE)
    state = await env.db.prepare("SELECT state FROM detector_state WHERE name LIKE 'tables:metrics%'").raw()
    await tell(env, [("tvl:bsc", at - 90 * MINUTE, 1.0)], at - HOUR + 3 * MINUTE)
    await look(env, at - HOUR + 4 * MINUTE)
    assert await raised(env, "tvl_anomaly") == []
    again = await env.db.prepare("SELECT state FROM detector_state WHERE name LIKE 'tables:metrics%'").raw()
    assert again == state


async def test_what_was_true_days_before_it_became_known_is_over(env: Env) -> None:
    """An import of history: found, stored as expired, told to nobody."""
    past = history("bsc")
    at = START + HOURS * HOUR
    await tell(env, [*past, ("tvl:bsc", at, 0.5 * past[-1][2])], at + 3 * DAY)
    await look(env, at + 3 * DAY)
    (found,) = await raised(env, "tvl_anomaly")
    assert (found.state, found.at) == ("expired", at)
    assert await env.db.prepare("SELECT * FROM outbox").raw() == []


async def test_values_too_old_for_any_window_are_passed_once(env: Env) -> None:
    await tell(env, [("macro:vix", START - 90 * DAY, 1e9)], START)
    assert (await look(env, START + MINUTE)).rows == 0
    await tell(env, [("macro:vix", START, 1e9)], START + 2 * MINUTE)
    assert (await look(env, START + 3 * MINUTE)).rows == 1
    assert (await look(env, START + 4 * MINUTE)).rows == 0


async def test_metrics_nobody_watches_leave_no_lanes(env: Env) -> None:
    await tell(env, [("macro:vix", START + n * HOUR, 20.0) for n in range(60)], START + 60 * HOUR)
    await look(env, START + 61 * HOUR)
    ((state,),) = await env.db.prepare("SELECT length(state) FROM detector_state").raw()
    assert state < 200
