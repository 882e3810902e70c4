"""The track record: returns, excursions, hits, waiting, no data, once, and recomputable from rows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from math import inf

import numpy as np
import orjson
import pytest

from shared.env import Env
from shared.models import DAY, HOUR, MINUTE, Candle, Direction
from shared.signals.identity import signal_key, ulid_of
from shared.signals.measure import Start, measure, threshold
from shared.signals.outcomes import resolve
from shared.signals.raising import HORIZONS
from shared.store import candles, outcomes, signals
from shared.store.signals import Signal

AT = 1_700_000_000_000 // DAY * DAY
STEP = 5 * MINUTE


def a_signal(
    direction: Direction = "up", step: int = STEP, at: int = AT, price: float | None = 100.0
) -> Signal:
    key = signal_key("price_anomaly", "bitcoin", step, at)
    return Signal(
        id=ulid_of(key, at),
        key=key,
        type="price_anomaly",
        asset=1,
        symbol="BTC",
        name="Bitcoin",
        direction=direction,
        raw_score=9.5,
        confidence_score=None,
        step=step,
        at=at,
        known_at=at,
        reference_price=price,
        state="active",
        created_at=at,
        updated_at=at,
        expires_at=at + DAY,
        metadata={"volatility_1h": 0.01, "source": "binance"},
    )


async def add(env: Env, signal: Signal) -> Signal:
    await env.db.batch(signals.add_statements(env.db, signal, HORIZONS))
    return signal


def walk(n: int, step: int = STEP, start: int = AT, source: str = "binance") -> list[Candle]:
    """Bars from `start`, rising by 0.01 % each from 100, with wicks of 0.5 %."""
    made = []
    for i in range(n):
        close = 100 * 1.0001 ** (i + 1)
        opened = 100 * 1.0001**i
        made.append(
            Candle(1, source, step, start + i * step, opened, close * 1.005, opened * 0.995, close, 1.0)
        )
    return made


async def settled(env: Env, signal: Signal) -> dict[int, outcomes.Outcome]:
    return {one.horizon: one for one in (await outcomes.of_signals(env.db, [signal.id]))[signal.id]}


def test_a_long_signal_is_measured_in_its_direction() -> None:
    bars = [(0, 103.0, 99.0, 102.0), (HOUR, 105.0, 100.0, 101.0)]
    start = Start(0, 100.0, "up", 0.01)
    found = measure(start, "x", 2 * HOUR, HOUR, bars)
    assert found is not None
    assert (found.forward_return, found.max_favourable, found.max_adverse) == pytest.approx(
        (0.01, 0.05, 0.01)
    )
    assert found.hit is (found.forward_return > threshold(start, 2 * HOUR))


def test_a_short_signal_is_the_mirror() -> None:
    bars = [(0, 103.0, 90.0, 92.0)]
    found = measure(Start(0, 100.0, "down", 0.01), "x", HOUR, HOUR, bars)
    assert found is not None
    assert (found.forward_return, found.max_favourable, found.max_adverse) == pytest.approx(
        (-0.08, 0.1, 0.03)
    )
    assert found.hit is True


def test_without_a_direction_there_is_no_hit_and_no_favour() -> None:
    found = measure(Start(0, 100.0, "none", 0.01), "x", HOUR, HOUR, [(0, 103.0, 90.0, 92.0)])
    assert found is not None
    assert (found.hit, found.max_favourable, found.max_adverse) == (None, None, None)
    assert found.forward_return == pytest.approx(-0.08)


def test_excursions_never_are_negative() -> None:
    found = measure(Start(0, 100.0, "up", 0.0), "x", HOUR, HOUR, [(0, 99.0, 98.0, 98.5)])
    assert found is not None
    assert (found.max_favourable, found.hit) == (0.0, False)


@pytest.mark.parametrize(
    "bars",
    [[], [(0, 1.0, 1.0, 1.0)], [(2 * HOUR, 1.0, 1.0, 1.0)], [(-HOUR, 1.0, 1.0, 1.0)]],
    ids=["none", "ends too early", "after the horizon", "before the signal"],
)
def test_the_bar_that_ends_at_the_horizon_must_be_there(bars: list[tuple[int, float, float, float]]) -> None:
    assert measure(Start(0, 1.0, "up", 0.01), "x", 2 * HOUR, HOUR, bars) is None


async def test_outcomes_are_settled_as_they_fall_due(env: Env) -> None:
    signal = await add(env, a_signal())
    await candles.add(env.db, walk(8 * 288), AT)
    env.now = lambda: AT + HOUR
    assert await resolve(env) == {"status": "ok", "resolved": 1, "no data": 0, "waiting": 0}
    first = await settled(env, signal)
    assert [first[horizon].status for horizon in HORIZONS] == ["resolved", "pending", "pending", "pending"]
    assert first[HOUR].forward_return == pytest.approx(1.0001**12 - 1)
    assert first[HOUR].resolved_at == AT + HOUR
    assert (await resolve(env))["status"] == "nothing due"
    env.now = lambda: AT + 7 * DAY
    assert (await resolve(env))["resolved"] == 3
    (stored,) = await signals.by_ids(env.db, [signal.id])
    assert stored.state == "resolved"
    events = await env.db.prepare("SELECT type, payload FROM outbox").raw()
    assert [kind for kind, _ in events] == ["signal.resolved"]
    told = orjson.loads(events[0][1])["data"]["outcomes"]
    assert [(one["horizon"], one["status"]) for one in told] == [
        (h, "resolved") for h in ("1h", "4h", "24h", "7d")
    ]


async def test_settled_outcomes_are_recomputable_from_stored_rows(env: Env) -> None:
    signal = await add(env, a_signal("down"))
    await candles.add(env.db, walk(8 * 288), AT)
    env.now = lambda: AT + 7 * DAY
    await resolve(env)
    for horizon, outcome in (await settled(env, signal)).items():
        bars = await candles.read(env.db, 1, STEP, AT, AT + horizon)
        assert outcome.forward_return == bars[-1].close / 100.0 - 1
        assert outcome.max_adverse == np.max([bar.high for bar in bars]) / 100.0 - 1
        assert outcome.max_favourable == pytest.approx(max(1 - min(bar.low for bar in bars) / 100.0, 0))
        assert outcome.hit is False


async def test_a_horizon_shorter_than_the_bar_has_no_data_at_once(env: Env) -> None:
    signal = await add(env, a_signal(step=DAY))
    found = await settled(env, signal)
    assert [found[h].status for h in HORIZONS] == ["no data", "no data", "pending", "pending"]
    await candles.add(env.db, walk(8, DAY), AT)
    env.now = lambda: AT + 7 * DAY
    await resolve(env)
    assert (await settled(env, signal))[DAY].forward_return == pytest.approx(0.0001)


async def test_without_a_price_nothing_can_be_measured(env: Env) -> None:
    found = await settled(env, await add(env, a_signal(price=None)))
    assert {one.status for one in found.values()} == {"no data"}


async def test_missing_bars_are_waited_for_and_then_given_up(env: Env) -> None:
    signal = await add(env, a_signal())
    await candles.add(env.db, walk(6), AT)
    env.now = lambda: AT + HOUR
    assert await resolve(env) == {"status": "nothing due", "resolved": 0, "no data": 0, "waiting": 1}
    env.now = lambda: AT + HOUR + DAY
    assert (await resolve(env))["no data"] == 1
    await candles.add(env.db, walk(400), AT)
    await resolve(env)
    found = await settled(env, signal)
    assert (found[HOUR].status, found[4 * HOUR].status) == ("no data", "resolved")


async def test_longer_bars_stand_in_only_when_the_short_ones_do_not_come(env: Env) -> None:
    signal = await add(env, a_signal())
    await candles.add(env.db, [*walk(6), *walk(30, HOUR)], AT)
    env.now = lambda: AT + HOUR
    assert (await resolve(env))["waiting"] == 1
    env.now = lambda: AT + HOUR + DAY
    await resolve(env)
    assert (await settled(env, signal))[HOUR].forward_return == pytest.approx(0.0001)


async def test_the_signals_own_source_is_measured(env: Env) -> None:
    signal = await add(env, replace(a_signal(), metadata={"volatility_1h": 0.01, "source": "kraken"}))
    kraken = [replace(bar, source="kraken", high=300.0) for bar in walk(12)]
    await candles.add(env.db, [*walk(12), *kraken], AT)
    env.now = lambda: AT + HOUR
    await resolve(env)
    assert (await settled(env, signal))[HOUR].max_favourable == pytest.approx(2.0)


async def test_resolving_in_parallel_settles_and_announces_once(env: Env) -> None:
    made = [await add(env, a_signal(at=AT + i * STEP)) for i in range(5)]
    await candles.add(env.db, walk(9 * 288), AT)
    env.now = lambda: AT + 8 * DAY
    await asyncio.gather(*(resolve(env) for _ in range(8)))
    events = await env.db.prepare("SELECT count(*) FROM outbox").raw()
    assert events == [(5,)]
    assert {one.state for one in await signals.by_ids(env.db, [one.id for one in made])} == {"resolved"}


async def test_many_waiting_outcomes_do_not_hide_those_that_can_be_settled(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.signals.outcomes.PAGE", 3)
    for i in range(12):
        await add(env, a_signal(at=AT + i * STEP))
    await candles.add(env.db, walk(12 * 5, start=AT + 4 * STEP), AT)
    env.now = lambda: AT + 3 * HOUR
    counts = await resolve(env)
    assert (counts["resolved"], counts["waiting"]) == (8, 4)


async def test_as_of_hides_what_was_settled_later(env: Env) -> None:
    signal = await add(env, a_signal())
    await candles.add(env.db, walk(20), AT)
    env.now = lambda: AT + HOUR + 60_000
    await resolve(env)
    before = (await outcomes.of_signals(env.db, [signal.id], as_of=AT + HOUR))[signal.id]
    assert {one.status for one in before} == {"pending"}
    assert before[0].forward_return is None
    assert threshold(Start(0, 1, "up", inf), HOUR) == inf
