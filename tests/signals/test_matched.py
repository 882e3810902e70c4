"""Matched entries: of the asset's own past, hour, direction and volatility, and the same wherever drawn."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest
from signals_support import bars_from_paths, store_bars
from test_outcomes import a_signal

from shared.env import Env
from shared.models import DAY, HOUR, MINUTE, Candle
from shared.signals.bars import Bars
from shared.signals.detect import detect
from shared.signals.matched import BACK, ENTRIES, GAP, Closes, closes_of, match, stretch, volatility
from shared.signals.measure import Start, measure, threshold
from shared.signals.outcomes import resolve, start_of
from shared.signals.raising import HORIZONS
from shared.store import candles, matched, outcomes, signals

T0 = 1_600_000_000_000 // DAY * DAY


def closes(n: int, step: int = HOUR, seed: int = 1) -> Closes:
    rng = np.random.default_rng(seed)
    price = 100 * np.exp(np.cumsum(0.01 * rng.standard_t(5, n)))
    return Closes(T0 + step * np.arange(n), price)


def start_at(bars: Closes, row: int, step: int = HOUR, direction: str = "up") -> Start:
    hourly = float(volatility(np.array([row]), step, bars)[0])
    return Start(int(bars.open_time[row]) + step, float(bars.close[row]), direction, hourly)  # type: ignore[arg-type]


def test_entries_are_of_the_hour_and_the_quarter_and_end_before_the_signal_looked() -> None:
    bars = closes(4000)
    start = start_at(bars, 3600)
    for one in match("a", "s", start, HOUR, HORIZONS, bars):
        assert one.n == len(one.entries) == ENTRIES
        for at, _, _ in one.entries:
            assert at % DAY == start.at % DAY
            assert start.at - GAP * HOUR - BACK <= at
            assert at + one.horizon <= start.at - GAP * HOUR


def test_nothing_of_the_signals_own_time_is_in_them() -> None:
    """What the signal saw and what came after may be anything: the entries are the same."""
    bars = closes(4000)
    start = start_at(bars, 3600)
    before = match("a", "s", start, HOUR, HORIZONS, bars)
    other = bars.close.copy()
    other[3600 - GAP + 1 :] *= np.exp(np.random.default_rng(9).standard_normal(len(other) - 3600 + GAP - 1))
    assert match("a", "s", start, HOUR, HORIZONS, Closes(bars.open_time, other)) == before
    cut = Closes(bars.open_time[: 3600 - GAP + 1], bars.close[: 3600 - GAP + 1])
    assert match("a", "s", start, HOUR, HORIZONS, cut) == before


def test_more_history_than_its_own_changes_nothing() -> None:
    bars = closes(6000)
    start = start_at(bars, 5000)
    first, end = np.searchsorted(bars.open_time, stretch(start.at, HOUR))
    own = Closes(bars.open_time[first:end], bars.close[first:end])
    assert match("a", "s", start, HOUR, HORIZONS, own) == match("a", "s", start, HOUR, HORIZONS, bars)


def test_figures_are_those_of_each_entry_measured_as_a_signal_is() -> None:
    bars = closes(4000)
    start = start_at(bars, 3600, direction="down")
    rows = [(int(t), float(c), float(c), float(c)) for t, c in zip(bars.open_time, bars.close, strict=True)]
    for one in match("a", "s", start, HOUR, HORIZONS, bars):
        hits = against = 0
        total = 0.0
        for at, hourly, forward in one.entries:
            row = (at - T0) // HOUR - 1
            window = np.log(bars.close[row - 96 : row] / bars.close[row - 97 : row - 1])
            mad = np.median(np.abs(window - np.median(window)))
            assert hourly == pytest.approx(max(1.4826 * mad, 0.0005), rel=1e-12)
            entry = Start(at, rows[row][3], "down", hourly)
            outcome = measure(entry, "x", one.horizon, HOUR, rows)
            assert outcome is not None
            assert outcome.forward_return == forward
            hits += bool(outcome.hit)
            against += forward > threshold(entry, one.horizon)
            total -= forward
        assert (one.hits, one.opposite_hits) == (hits, against)
        assert one.mean_return == pytest.approx(total / one.n)


def test_they_are_near_in_volatility() -> None:
    """Calm and stormy months take turns: a signal of a calm one is compared with calm days."""
    rng = np.random.default_rng(3)
    scale = np.where(np.arange(6000) // 720 % 2, 0.03, 0.003)
    bars = Closes(T0 + HOUR * np.arange(6000), 100 * np.exp(np.cumsum(scale * rng.standard_normal(6000))))
    for row, calm in ((5700, True), (5000, False)):
        start = start_at(bars, row)
        (one, *_) = match("a", "s", start, HOUR, HORIZONS, bars)
        apart = [abs(log(hourly / start.volatility_1h)) for _, hourly, _ in one.entries]
        assert max(apart) < 0.7, calm


def test_another_key_draws_others_where_there_are_many() -> None:
    bars = closes(30_000, 5 * MINUTE)
    start = start_at(bars, 29_500, 5 * MINUTE)
    drawn = [match(key, "s", start, 5 * MINUTE, (HOUR,), bars)[0] for key in ("a", "b", "a")]
    assert drawn[0] == drawn[2]
    assert drawn[0].entries != drawn[1].entries


def test_a_short_history_has_fewer_and_none_is_said() -> None:
    bars = closes(97 + 98 + 24 * 6)
    start = start_at(bars, len(bars.close) - 1)
    found = {one.horizon: one for one in match("a", "s", start, HOUR, HORIZONS, bars)}
    assert 0 < found[HOUR].n < 7
    assert (found[7 * DAY].n, found[7 * DAY].hits, found[7 * DAY].mean_return) == (0, 0, None)
    assert match("a", "s", start, HOUR, (HOUR,), closes(0))[0].n == 0


def test_without_a_direction_nothing_hits() -> None:
    bars = closes(4000)
    (one,) = match("a", "s", start_at(bars, 3600, direction="none"), HOUR, (HOUR,), bars)
    assert (one.hits, one.opposite_hits, one.n) == (None, None, ENTRIES)
    assert one.mean_return == pytest.approx(np.mean([forward for *_, forward in one.entries]))


def test_missing_bars_are_no_entries_and_no_ends() -> None:
    bars = closes(4000)
    gone = np.random.default_rng(5).random(4000) < 0.2
    gone[3600] = False
    holes = Closes(bars.open_time[~gone], bars.close[~gone])
    start = start_at(holes, int(np.searchsorted(holes.open_time, bars.open_time[3600])))
    there = set(holes.open_time.tolist())
    for one in match("a", "s", start, HOUR, HORIZONS, holes):
        assert 0 < one.n <= ENTRIES
        assert all(at - HOUR in there and at + one.horizon - HOUR in there for at, *_ in one.entries)


async def raised_and_resolved(env: Env, bars: Bars) -> list[signals.Signal]:
    await store_bars(env, bars)
    env.now = lambda: int(bars.open_time.max()) + 9 * DAY
    await detect(env)
    await resolve(env)
    return await signals.page(env.db, since=-(2**40), limit=1000)


async def test_stored_figures_are_recomputable_from_stored_rows(env: Env) -> None:
    found = await raised_and_resolved(env, bars_from_paths(2, 1800, seed=4, jumps=True, holes=True))
    stored, checked = await matched.of_signals(env.db, [one.id for one in found]), 0
    for signal in found:
        if signal.id not in stored:
            continue  # none of its outcomes could be measured
        start, end = stretch(signal.at, HOUR)
        source, bars = await candles.read_columns(
            env.db, signal.asset, HOUR, start, end, source=signal.metadata["source"]
        )
        assert source == signal.metadata["source"]
        again = match(signal.key, signal.id, start_of(signal), HOUR, HORIZONS, closes_of(bars))
        assert again == stored[signal.id]
        checked += sum(one.n > 0 for one in again)
    assert checked > 50


async def test_the_volatility_of_entries_is_that_of_signals(env: Env) -> None:
    """The rule of a signal's `volatility_1h`, applied to the signal's own bar, gives the same number."""
    found = await raised_and_resolved(env, bars_from_paths(1, 900, seed=6, jumps=True))
    _, bars = await candles.read_columns(env.db, 1, HOUR, 0, 2**42)
    own = closes_of(bars)
    assert len(found) > 3
    for signal in found:
        row = int(np.searchsorted(own.open_time, signal.at - HOUR))
        expected = float(volatility(np.array([row]), HOUR, own)[0])
        assert signal.metadata["volatility_1h"] == pytest.approx(expected, rel=1e-9)


async def test_entries_come_with_the_first_outcome_and_are_drawn_once(env: Env) -> None:
    bars = closes(100 * 24)
    made = [
        Candle(1, "binance", HOUR, int(t), float(c), float(c) + 1, float(c) - 1, float(c), 5.0)
        for t, c in zip(bars.open_time, bars.close, strict=True)
    ]
    await candles.add(env.db, made, T0)
    at = int(bars.open_time[-200])
    start = start_at(bars, len(bars.close) - 201)
    signal = replace(
        a_signal(step=HOUR, at=at, price=start.price), metadata={"volatility_1h": start.volatility_1h}
    )
    await env.db.batch(signals.add_statements(env.db, signal, HORIZONS))
    env.now = lambda: at + HOUR
    await resolve(env)
    first = (await matched.of_signals(env.db, [signal.id]))[signal.id]
    assert [one.horizon for one in first] == list(HORIZONS)
    assert [one.status for one in (await outcomes.of_signals(env.db, [signal.id]))[signal.id]] == [
        "resolved",
        "pending",
        "pending",
        "pending",
    ]
    env.now = lambda: at + 8 * DAY
    await resolve(env)
    assert (await matched.of_signals(env.db, [signal.id]))[signal.id] == first
