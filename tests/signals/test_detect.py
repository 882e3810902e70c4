"""detect() on a real database: once, twice, twenty times at once, after late bars and lost state."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest
from signals_support import bars_from_paths, everything, store_bars

from shared.env import Env
from shared.models import HOUR, Candle
from shared.signals import intake
from shared.signals.bars import Bars
from shared.signals.detect import detect
from shared.store import candles, signals

ASSETS, N = 3, 400


@pytest.fixture
def bars() -> Bars:
    return bars_from_paths(ASSETS, N, seed=3, jumps=True, holes=True)


@pytest.fixture
def env(env: Env) -> Env:
    """At the close of the last bar."""
    env.now = lambda: (N + 1) * HOUR
    return env


async def by_key(env: Env) -> dict[str, signals.Signal]:
    return {one.key: one for one in await signals.page(env.db, limit=1000)}


async def test_backfill_equals_bar_by_bar(env: Env, bars: Bars, tmp_path: Any) -> None:
    """The same signals with the same evidence; what is known later differs in what must: known_at."""
    from shared.env import ROOT
    from shared.platform import d1

    await store_bars(env, bars)
    first = await detect(env)
    assert first["raised"] > 5
    other = await d1.connect(f"file:{tmp_path / 'live.db'}")
    await d1.migrate(other, ROOT / "migrations")
    for close in np.unique(bars.open_time) + HOUR:
        live = replace(env, db=other, now=lambda close=int(close): close)
        await store_bars(live, bars.take(bars.open_time == close - HOUR), known_at=int(close))
        await detect(live)
    late, soon = await by_key(env), await by_key(replace(env, db=other))
    assert late.keys() == soon.keys()
    for key, one in soon.items():
        assert one.known_at == one.at
        assert (one.raw_score, one.direction, one.reference_price) == (
            late[key].raw_score,
            late[key].direction,
            late[key].reference_price,
        )
        assert strip(one.metadata) == strip(late[key].metadata)
    states = [
        await d.prepare("SELECT name, cursor, state FROM detector_state").raw() for d in (env.db, other)
    ]
    assert states[0] == states[1]
    await other.close()


def strip(metadata: dict[str, Any]) -> dict[str, Any]:
    peak = {k: v for k, v in metadata.get("peak", {}).items() if k != "known_at"}
    return {**metadata, "peak": peak}


async def test_detecting_again_adds_nothing(env: Env, bars: Bars) -> None:
    await store_bars(env, bars)
    await detect(env)
    before = await everything(env)
    again = await detect(env)
    assert again["status"] == "nothing new"
    await store_bars(env, bars)
    await detect(env)
    assert await everything(env) == before


async def test_twenty_at_once_store_it_once(env: Env, bars: Bars) -> None:
    await store_bars(env, bars)
    runs = await asyncio.gather(*(detect(env) for _ in range(20)))
    stored = await by_key(env)
    assert sum(run["raised"] for run in runs) == len(stored)
    versions = await env.db.prepare("SELECT version FROM detector_state WHERE name = 'bars:1h'").raw()
    assert versions == [(1,)]
    outcomes = await env.db.prepare("SELECT count(*) FROM signal_outcomes").raw()
    assert outcomes == [(4 * len(stored),)]


async def test_lost_state_is_rebuilt_without_a_second_signal(env: Env, bars: Bars) -> None:
    await store_bars(env, bars)
    await detect(env)
    before = await everything(env)
    await env.db.prepare("DELETE FROM detector_state").run()
    assert (await detect(env))["raised"] == 0
    assert await everything(env) == before


async def test_state_rebuilt_from_a_part_raises_nothing_new(
    env: Env, bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older bars gone, another layout: what is left leads to the same decisions."""
    await store_bars(env, bars)
    await detect(env)
    before = {key: one.id for key, one in (await by_key(env)).items()}
    await env.db.prepare("UPDATE detector_state SET state = x'00'").run()
    monkeypatch.setattr(intake, "HISTORY", 220)
    assert (await detect(env))["raised"] == 0
    assert {key: one.id for key, one in (await by_key(env)).items()} == before


async def test_late_and_corrected_bars_are_not_signalled(env: Env, bars: Bars) -> None:
    kept = bars.take(bars.open_time % 7 != 0)
    await store_bars(env, kept)
    await detect(env)
    before = await everything(env)
    crash = Candle(1, "binance", HOUR, (N - 1) * HOUR, 100.0, 100.0, 1.0, 1.0, 1e6)
    await candles.add(env.db, [crash], env.now())
    assert (await detect(env))["raised"] == 0
    assert await everything(env) == before


async def test_an_open_bar_waits_for_its_close(env: Env, bars: Bars) -> None:
    env.now = lambda: N * HOUR
    await store_bars(env, bars)
    await detect(env)
    cursor = (await env.db.prepare("SELECT cursor FROM detector_state").first())["cursor"]
    assert cursor == (N - 1) * HOUR
    env.now = lambda: (N + 1) * HOUR
    assert (await detect(env))["bars"] == int((bars.open_time == N * HOUR).sum())


async def test_a_signal_that_is_over_when_it_is_found_is_not_announced(env: Env, bars: Bars) -> None:
    await store_bars(env, bars)
    await detect(env)
    stored = (await by_key(env)).values()
    events = await env.db.prepare("SELECT symbol, payload FROM outbox WHERE type = 'signal.raised'").raw()
    active = {one.id for one in stored if one.expires_at > env.now()}
    assert {one.id for one in stored if one.state == "active"} == active
    assert {orjson.loads(payload)["data"]["id"] for _, payload in events} == active


async def test_active_signals_expire(env: Env, bars: Bars) -> None:
    await store_bars(env, bars)
    await detect(env)
    stored = max((await by_key(env)).values(), key=lambda one: one.expires_at)
    assert stored.state == "active"
    env.now = lambda: stored.expires_at
    assert (await detect(env))["expired"] > 0
    assert (await by_key(env))[stored.key].state == "expired"


async def test_evidence_computes_the_score_from_stored_candles(env: Env, bars: Bars) -> None:
    await store_bars(env, bars)
    await detect(env)
    checked = 0
    for one in (await by_key(env)).values():
        if one.type != "price_anomaly":
            continue
        window = one.metadata["window"]
        stored = await candles.read(env.db, one.asset, HOUR, window["base"], one.at)
        close = np.array([bar.close for bar in stored])
        opened = np.array([bar.open_time for bar in stored])
        returns = np.log(close[1:] / close[:-1]) / np.sqrt(np.maximum(np.diff(opened) / HOUR, 1))
        assert (len(returns), opened[-1]) == (window["n"] + 1, one.at - HOUR)
        median = np.median(returns[:-1])
        scale = max(1.4826 * np.median(np.abs(returns[:-1] - median)), 0.0005)
        assert abs(returns[-1] - median) / scale == pytest.approx(one.raw_score, rel=1e-12)
        assert one.metadata["source"] == "binance"
        checked += 1
    assert checked > 5


async def test_a_dead_source_gives_way_and_tells_nothing_twice(env: Env, bars: Bars) -> None:
    await store_bars(env, bars.take(bars.open_time <= 200 * HOUR))
    env.now = lambda: 201 * HOUR
    await detect(env)
    before = set(await by_key(env))
    await store_bars(env, bars, source="kraken")
    env.now = lambda: (N + 1) * HOUR
    await detect(env)
    later = {key: one for key, one in (await by_key(env)).items() if key not in before}
    assert later
    assert all(one.at > 200 * HOUR and one.metadata["source"] == "kraken" for one in later.values())
