"""The track record: figures by hand, what is left out, parts of it, and the same from the store as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from shared.env import Env
from shared.models import DAY, HOUR, Candle, Direction
from shared.signals.calibrate import calibrate
from shared.signals.identity import signal_key, ulid_of
from shared.signals.performance import Asked, performance
from shared.signals.raising import HORIZONS
from shared.signals.track_record import (
    LEAST,
    by_key,
    conditional,
    hour_of,
    in_time,
    record,
    records,
    weekday_of,
)
from shared.store import candles, matched, outcomes, signals, track_record
from shared.store.matched import Matched
from shared.store.outcomes import Outcome
from shared.store.signals import Signal
from shared.store.track_record import Resolved

AT = 1_700_000_000_000 // DAY * DAY  # a Tuesday
KEY = ("price_anomaly", HOUR, DAY)


def row(
    number: int, hit: int | None = 1, forward: float = 0.03, way: Direction = "up", **other: Any
) -> Resolved:
    """One a day; the threshold is 0.5 · 0.01 · √24 = 2.45 %."""
    at = AT + number * DAY
    told = Resolved(
        signal=f"s{number:03}",
        type=KEY[0],
        step=HOUR,
        symbol="BTC",
        direction=way,
        at=at,
        known_at=at,
        raw_score=9.0,
        volatility_1h=0.01,
        horizon=DAY,
        resolved_at=at + DAY,
        forward_return=forward,
        max_favourable=0.04,
        max_adverse=0.02,
        hit=hit,
        matched_n=20,
        matched_hits=6,
        matched_opposite=4,
        matched_return=0.001,
    )
    return told._replace(**other)


def test_figures_by_hand() -> None:
    """60 hits up, 20 misses, 20 that fell as far: against 6 hits and 4 falls in 20 entries each."""
    rows = [row(n) for n in range(60)]
    rows += [row(n, 0, 0.01) for n in range(60, 80)]
    rows += [row(n, 0, -0.03) for n in range(80, 100)]
    found = record(KEY, rows)
    assert (found.n, found.hits, found.status, found.pairs, found.matched_n) == (
        100,
        60,
        "measured",
        100,
        2000,
    )
    assert (found.hit_rate, found.opposite_hit_rate, found.matched_hit_rate) == (0.6, 0.2, pytest.approx(0.3))
    # one value a day: Student's t, wider than Wilson's (0.5020, 0.6906)
    assert found.hit_rate_95 == pytest.approx((0.5018, 0.6982), abs=1e-4)
    at_once = record(KEY, [one._replace(at=AT + number // 20 * DAY) for number, one in enumerate(rows)])
    assert at_once.hit_rate_95 is not None
    assert at_once.hit_rate_95[1] - at_once.hit_rate_95[0] > 0.5  # of five days: five values
    assert found.lift is not None
    assert found.direction is not None
    assert found.lift.mean == pytest.approx(0.3)
    assert found.direction.mean == pytest.approx(0.6 - 0.2 - (0.3 - 0.2))
    # one value a day: the interval of a plain mean, Student's t with 99 degrees, but for √(99/100)
    values = np.array([0.7] * 60 + [-0.3] * 40)
    error = values.std(ddof=1) / 99**0.5
    assert found.lift.high - found.lift.mean == pytest.approx(1.9842 * error, rel=1e-4)
    assert found.mean_return == pytest.approx(0.6 * 0.03 + 0.2 * 0.01 - 0.2 * 0.03)
    assert found.median_return == 0.03
    assert found.matched_mean_return == pytest.approx(0.001)
    assert found.return_difference is not None
    assert found.return_difference.mean == pytest.approx(found.mean_return - 0.001)
    assert (found.mean_favourable, found.mean_adverse) == (pytest.approx(0.04), pytest.approx(0.02))
    assert found.verdict == "edge"


def test_a_call_down_counts_falls() -> None:
    found = record(KEY, [row(n, 1, -0.03, "down") for n in range(60)])
    assert (found.mean_return, found.opposite_hit_rate) == (pytest.approx(0.03), 0.0)


def test_signals_of_one_day_count_as_one() -> None:
    apart = [row(n, n % 2) for n in range(100)]
    together = [row(n, n // 20 % 2, at=AT + n // 20 * DAY) for n in range(100)]
    widths = []
    for rows in (apart, together):
        lift = record(KEY, rows).lift
        assert lift is not None
        widths.append(lift.high - lift.low)
    assert widths[1] > 5 * widths[0]


def test_below_fifty_only_the_count_is_told() -> None:
    found = record(KEY, [row(n) for n in range(LEAST - 1)])
    assert (found.n, found.hits, found.status, found.verdict) == (
        49,
        49,
        "insufficient data",
        "insufficient data",
    )
    assert (found.hit_rate, found.lift, found.mean_return) == (None, None, None)


def test_signals_without_entries_are_counted_and_not_compared() -> None:
    bare = {"matched_n": 0, "matched_hits": 0, "matched_opposite": 0, "matched_return": None}
    found = record(KEY, [row(n, **(bare if n % 2 else {})) for n in range(100)])
    assert (found.n, found.pairs, found.matched_n) == (100, 50, 1000)
    none = record(KEY, [row(n, **bare) for n in range(100)])
    assert (none.pairs, none.lift, none.verdict, none.hit_rate) == (0, None, "insufficient data", 1.0)


def test_without_a_direction_there_are_returns_and_no_hits() -> None:
    bare = {"matched_hits": None, "matched_opposite": None, "max_favourable": None, "max_adverse": None}
    found = record(KEY, [row(n, None, -0.03, "none", **bare) for n in range(60)])
    assert (found.hits, found.hit_rate, found.lift, found.verdict) == (None, None, None, "no direction")
    assert found.mean_return == pytest.approx(-0.03)
    assert found.mean_favourable is None


def test_what_was_known_late_is_left_out() -> None:
    late, just = row(1, known_at=AT + DAY + HOUR + 1), row(2, known_at=AT + 2 * DAY + HOUR)
    assert [in_time(one) for one in (late, just)] == [False, True]
    assert by_key([late, just]) == {KEY: [just]}
    assert [one.n for one in records([late, just, row(3, step=DAY)])] == [1, 1]


def test_parts_are_told_where_they_are_large_enough() -> None:
    rows = [row(n, symbol="BTC" if n < 60 else "ETH") for n in range(100)]
    assert [(value, one.n) for value, one in conditional(rows, lambda one: one.symbol)] == [("BTC", 60)]
    assert [(value, one.n) for value, one in conditional(rows, hour_of)] == [(0, 100)]
    assert conditional(rows, lambda one: None) == []
    assert [weekday_of(row(n)) for n in range(2)] == ["Tuesday", "Wednesday"]


def a_signal(number: int, symbol: str = "BTC") -> Signal:
    at = AT + number * DAY
    asset, slug = (1, "bitcoin") if symbol == "BTC" else (2, "ethereum")
    key = signal_key("price_anomaly", slug, HOUR, at)
    return Signal(
        id=ulid_of(key, at), key=key, type="price_anomaly", asset=asset, symbol=symbol, name=symbol,
        direction="up", raw_score=9.0, confidence_score=None, step=HOUR, at=at, known_at=at,
        reference_price=100.0, state="expired", created_at=at, updated_at=at, expires_at=at + DAY,
        metadata={"volatility_1h": 0.01},
    )  # fmt: skip


async def settle(env: Env, signal: Signal, hit: bool) -> None:
    settled = Outcome(signal.id, DAY, "resolved", 0.03 if hit else -0.01, 0.04, 0.02, hit, signal.at + DAY)
    drawn = Matched(signal.id, DAY, 20, 6, 4, 0.001, ((signal.at - 40 * DAY, 0.01, 0.001),) * 20)
    statements = signals.add_statements(env.db, signal, HORIZONS)
    statements += [outcomes.settle_statement(env.db, settled), matched.add_statement(env.db, drawn)]
    await env.db.batch(statements)


@pytest.fixture
async def env(env: Env) -> Env:
    """Eighty signals of BTC, two of three came true, and ten of ETH."""
    env.now = lambda: AT + 200 * DAY
    for number in range(80):
        await settle(env, a_signal(number), number % 3 > 0)
    for number in range(10):
        await settle(env, a_signal(number, "ETH"), False)
    return env


async def test_rows_are_read_back_as_they_were_settled(env: Env) -> None:
    assert await track_record.types(env.db) == ["price_anomaly"]
    rows = await track_record.resolved(env.db, "price_anomaly")
    assert len(rows) == 90
    own = rows[2]
    assert own == row(1)._replace(signal=own.signal)
    later = await track_record.resolved(env.db, "price_anomaly", since=AT + 70 * DAY)
    assert len(later) == 10
    known = await track_record.resolved(env.db, "price_anomaly", as_of=AT + 5 * DAY)
    assert len(known) == 10
    assert await track_record.resolved(env.db, "volume_spike") == []


async def test_performance_tells_record_and_calibration(env: Env) -> None:
    before = await performance(env, Asked())
    assert before["data"][0]["calibration"] is None
    await calibrate(env)
    found = await performance(env, Asked(type="price_anomaly", symbol="BTC"))
    assert (found["least_outcomes"], found["generated_at"]) == (50, env.now())
    (one,) = found["data"]
    assert (one["type"], one["interval"], one["horizon"], one["n"], one["hits"]) == (
        "price_anomaly", "1h", "24h", 80, 53,
    )  # fmt: skip
    assert one["status"] == "measured"
    assert one["hit_rate"] == pytest.approx(53 / 80)
    assert one["hit_rate_95"][0] < 53 / 80 < one["hit_rate_95"][1]
    assert one["matched"]["hit_rate"] == pytest.approx(0.3)
    assert one["matched"]["n"] == 1600
    assert one["lift"] == pytest.approx(53 / 80 - 0.3)
    assert one["lift_95"][0] < one["lift"] < one["lift_95"][1]
    calibration = one["calibration"]
    assert (calibration["status"], calibration["n"], calibration["base_rate"]) == (
        "calibrated",
        90,
        pytest.approx(53 / 90),
    )
    assert sum(part["n"] for part in calibration["reliability"]) in (0, calibration["judged"])


async def test_performance_can_be_asked_for_parts(env: Env) -> None:
    assert (await performance(env, Asked(type="volume_spike")))["data"] == []
    assert (await performance(env, Asked(step=DAY)))["data"] == []
    assert (await performance(env, Asked(horizon=HOUR)))["data"] == []
    assert (await performance(env, Asked(hour=5)))["data"] == []
    assert [one["n"] for one in (await performance(env, Asked(hour=0)))["data"]] == [90]
    (few,) = (await performance(env, Asked(symbol="ETH")))["data"]
    assert (few["n"], few["status"], few["hit_rate"]) == (10, "insufficient data", None)
    parts = (await performance(env, Asked(by="symbol")))["data"]
    assert [(one["by"], one["n"]) for one in parts] == [({"symbol": "BTC"}, 80)]
    assert (await performance(env, Asked(as_of=AT + 3 * DAY)))["data"][0]["n"] == 6


async def test_regimes_are_those_of_the_days_closed_by_then(env: Env) -> None:
    """Bitcoin rises for 40 days after the first signal, then falls."""
    bars = []
    for day in range(-100, 90):
        close = 1500 + 10 * (min(day, 40) - 2 * max(day - 40, 0))
        bars.append(Candle(1, "binance", DAY, AT + day * DAY, close, close + 1, close - 1, close, 1.0))
    await candles.add(env.db, bars, AT)
    bull = (await performance(env, Asked(regime="bull")))["data"][0]["n"]
    bear = (await performance(env, Asked(regime="bear")))["data"][0]["n"]
    assert bull >= 50
    assert bear >= 10
    assert bull + bear <= 90
    parts = (await performance(env, Asked(by="regime")))["data"]
    assert [one["by"] for one in parts] == [{"regime": "bull"}]
    late = replace(bars[-1], close=5000.0, high=5001.0, open_time=AT + 90 * DAY)
    await candles.add(env.db, [late], AT)
    assert (await performance(env, Asked(regime="bull")))["data"][0]["n"] == bull
