"""Calibration: fits and what they say, walk-forward without a look ahead, versions, what a signal is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest

from shared.env import Env
from shared.models import DAY, HOUR
from shared.signals.calibrate import FRESH, calibrate, fitted_to, samples_of
from shared.signals.calibration.fit import FITS, Samples, fit_base, fit_beta, fit_isotonic, predictions
from shared.signals.calibration.model import probability
from shared.signals.calibration.scores import brier, calibration_error, calibration_error_95, reliability
from shared.signals.calibration.walk import LEAST, judged_figures, levels, walk_forward
from shared.signals.confidence import confidence, confident, known
from shared.signals.identity import signal_key, ulid_of
from shared.signals.intervals import clusters, estimate
from shared.signals.raising import HORIZONS
from shared.signals.view import signal_json
from shared.store import calibrations, outcomes, signals
from shared.store.outcomes import Outcome
from shared.store.signals import Signal
from shared.store.track_record import Resolved, resolved

AT = 1_700_000_000_000 // DAY * DAY


def samples(n: int, *, slope: float = 0.0, base: float = 0.35, seed: int = 1, lag: int = DAY) -> Samples:
    """Outcomes whose log-odds of a hit rise by `slope` with each e-fold of the score."""
    rng = np.random.default_rng(seed)
    raw = 8 * np.exp(2 * rng.random(n))
    odds = np.log(base / (1 - base)) + slope * (np.log(raw / 8) - 1)
    at = AT + 3 * HOUR * np.arange(n)
    hit = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)
    return Samples(at, at + lag, raw, rng.choice((-1.0, 1.0), n), hit)


def row(sample: int, of: Samples, type: str = "price_anomaly") -> Resolved:
    way = "up" if of.side[sample] > 0 else "down"
    at, known_at = int(of.at[sample]), int(of.resolved_at[sample])
    raw, hit = float(of.raw[sample]), int(of.hit[sample])
    told = (f"s{sample}", type, HOUR, "BTC", way, at, at, raw, 0.01, DAY, known_at)
    return Resolved(*told, 0.0, 0.0, 0.0, hit, 0, None, None, None)


def rows(of: Samples) -> list[Resolved]:
    return [row(n, of) for n in range(len(of))]


@pytest.mark.parametrize("kind", FITS)
def test_one_signal_is_told_what_many_are(kind: str) -> None:
    of = samples(800, slope=1.5)
    model = orjson.loads(orjson.dumps(FITS[kind](of)))
    many = predictions(model, of)
    for n in range(0, 800, 37):
        one = probability(model, float(of.raw[n]), "up" if of.side[n] > 0 else "down")
        assert one is not None
        assert one.score == pytest.approx(many[n], abs=1e-12)
        assert 0 <= one.low <= one.score <= one.high <= 1


@pytest.mark.parametrize("kind", FITS)
def test_extreme_scores_stay_probabilities(kind: str) -> None:
    model = FITS[kind](samples(300, slope=2))
    for raw in (0.0, 1e-300, 1e300):
        one = probability(model, raw, "down")
        assert one is not None
        assert 0 <= one.low <= one.score <= one.high <= 1


@pytest.mark.parametrize("hit", [0.0, 1.0])
@pytest.mark.parametrize("kind", FITS)
def test_all_or_none_hit(kind: str, hit: float) -> None:
    of = replace(samples(80), hit=np.full(80, hit))
    assert np.abs(predictions(FITS[kind](of), of) - hit).max() < 0.1


def test_beta_finds_the_slope_and_without_one_the_base_rate() -> None:
    told = predictions(fit_beta(samples(20_000, slope=1.5)), samples(20_000, slope=1.5))
    of = samples(20_000, slope=1.5)
    truth = 1 / (1 + np.exp(-(np.log(0.35 / 0.65) + 1.5 * (np.log(of.raw / 8) - 1))))
    assert np.abs(told - truth).mean() < 0.02
    flat = samples(20_000)
    assert np.abs(predictions(fit_beta(flat), flat) - flat.hit.mean()).max() < 0.03


def test_few_outcomes_are_drawn_to_the_base_rate() -> None:
    """The slope of 60 outcomes is half of what it is without shrinkage, or less."""
    spread = [float(np.ptp(predictions(fit_beta(samples(n, slope=1.5)), samples(60)))) for n in (60, 6000)]
    assert spread[0] < spread[1]
    stairs = fit_isotonic(samples(60))["steps"]
    base = fit_base(samples(60))["rate"]
    assert all(abs(level - base) < 0.25 for _, level, _ in stairs)


@pytest.mark.parametrize("slope", [2.0, -2.0])
def test_the_staircase_rises_or_falls_with_the_outcomes(slope: float) -> None:
    levels = [level for _, level, _ in fit_isotonic(samples(3000, slope=slope))["steps"]]
    assert len(levels) > 3
    assert np.all(np.diff(levels) >= 0) if slope > 0 else np.all(np.diff(levels) <= 0)


def test_scores_against_hand_computed_ones() -> None:
    predicted, hit = np.array([0.15, 0.15, 0.85, 0.85]), np.array([0.0, 1.0, 1.0, 1.0])
    assert brier(predicted, hit) == pytest.approx((0.0225 + 0.7225 + 2 * 0.0225) / 4)
    # bin 0.1-0.2: 0.15 against 0.5; bin 0.8-0.9: 0.85 against 1
    assert calibration_error(predicted, hit) == pytest.approx(0.5 * 0.35 + 0.5 * 0.15)
    assert reliability(predicted, hit) == [
        {"from": 0.1, "to": 0.2, "n": 2, "predicted": pytest.approx(0.15), "observed": 0.5},
        {"from": 0.8, "to": 0.9, "n": 2, "predicted": pytest.approx(0.85), "observed": 1.0},
    ]
    assert calibration_error(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0


def test_the_interval_of_the_calibration_error_covers_zero_where_it_is_zero() -> None:
    rng, covered = np.random.default_rng(2), 0
    for _ in range(40):
        predicted = rng.random(600)
        hit = (rng.random(600) < predicted).astype(float)
        found = calibration_error_95(predicted, hit, np.arange(600) // 6)
        assert found == calibration_error_95(predicted, hit, np.arange(600) // 6)
        covered += found.low == 0
    assert covered >= 36
    wrong = calibration_error_95(np.full(600, 0.8), (rng.random(600) < 0.3).astype(float), np.arange(600))
    assert wrong.low > 0.4


def test_predictions_never_know_an_outcome_that_was_open() -> None:
    """Outcomes that were settled after a signal began may be anything: what it was told is the same."""
    of = samples(400, slope=2, lag=3 * DAY)
    told = walk_forward(of, 3 * DAY).predicted
    for n in (150, 250, 399):
        later = of.resolved_at > of.at[n]
        other = replace(of, hit=np.where(later, 1 - of.hit, of.hit))
        assert walk_forward(other, 3 * DAY).predicted[n] == told[n]
        truncated = of.take(of.at <= of.at[n])
        assert walk_forward(truncated, 3 * DAY).predicted[n] == told[n]
    first = np.flatnonzero(np.isfinite(told))[0]
    assert (of.resolved_at <= of.at[first]).sum() >= LEAST
    assert (of.resolved_at <= of.at[first - 1]).sum() < LEAST


def test_models_are_fitted_again_with_every_tenth() -> None:
    assert levels(49).tolist() == []
    assert levels(100).tolist() == [50, 56, 62, 69, 76, 84, 93]  # each the next whole number above 1.1 times


def test_noise_collapses_to_the_base_rate_and_an_edge_does_not() -> None:
    kinds = [walk_forward(samples(1500, seed=seed), DAY).model["kind"] for seed in range(8)]
    assert kinds.count("base") >= 7
    of = samples(1500, slope=2.0)
    found = walk_forward(of, DAY)
    figures = judged_figures(found, of, DAY)
    assert found.model["kind"] in ("beta", "isotonic")
    assert figures["ece"] < 0.05
    assert figures["brier"] < figures["brier_base"]


def test_below_fifty_nothing_is_said() -> None:
    fit = fitted_to(("price_anomaly", HOUR, DAY), rows(samples(LEAST - 1)), AT + 999 * DAY)
    assert (fit.model, fit.n, fit.judged, fit.brier, fit.ece) == ({"kind": "none"}, LEAST - 1, 0, None, None)
    told = confidence("price_anomaly", HOUR, 9.0, "up", {fit.key: fit})
    assert (told["score"], told["status"], told["outcomes"]) == (None, "insufficient data", LEAST - 1)
    assert fitted_to(fit.key, rows(samples(LEAST)), AT).model["kind"] == "base"


def test_intervals_widen_where_a_day_is_one_event() -> None:
    """A hundred values of ten days that are the same within a day are ten values."""
    days = np.repeat(np.arange(10), 10)
    values = np.repeat(np.random.default_rng(1).standard_normal(10), 10)
    together = estimate(values, clusters(AT + days * DAY, HOUR))
    apart = estimate(values, np.arange(100))
    assert together is not None
    assert apart is not None
    assert (together.high - together.low) > 3 * (apart.high - apart.low)
    assert estimate(values, np.zeros(100, np.int64)) is None
    assert clusters(np.array([AT, AT + 6 * DAY]) // (7 * DAY) * 7 * DAY, 7 * DAY)[0] == AT // (7 * DAY)


def a_signal(number: int, direction: str = "up", known_after: int = 0, raw: float = 9.0) -> Signal:
    at = AT + number * 2 * HOUR
    key = signal_key("price_anomaly", "bitcoin", HOUR, at)
    times = {
        "at": at,
        "known_at": at + known_after,
        "created_at": at,
        "updated_at": at,
        "expires_at": at + DAY,
    }
    return Signal(
        id=ulid_of(key, at), key=key, type="price_anomaly", asset=1, symbol="BTC", name="Bitcoin",
        direction=direction, raw_score=raw, confidence_score=None, step=HOUR, reference_price=100.0,
        state="expired", metadata={"volatility_1h": 0.01}, **times,  # type: ignore[arg-type]
    )  # fmt: skip


async def settle(env: Env, signal: Signal, hit: bool, horizon: int = DAY) -> None:
    """Store a signal whose outcome at one horizon is known."""
    settled = Outcome(signal.id, horizon, "resolved", 0.01, 0.02, 0.01, hit, signal.at + horizon)
    statements = signals.add_statements(env.db, signal, HORIZONS)
    await env.db.batch([*statements, outcomes.settle_statement(env.db, settled)])


async def versions(env: Env) -> list[Any]:
    return await env.db.prepare("SELECT fitted_at, n, model FROM calibrations ORDER BY id").raw()


async def test_maintain_fits_what_is_due_and_nothing_twice(env: Env) -> None:
    env.now = lambda: AT + 90 * DAY
    for number in range(FRESH - 1):
        await settle(env, a_signal(number), number % 3 == 0)
    assert await calibrate(env) == {"fitted": 0}
    for number in range(FRESH - 1, 60):
        await settle(env, a_signal(number), number % 3 == 0)
    assert await calibrate(env) == {"fitted": 1}
    assert await calibrate(env) == {"fitted": 0}
    (stored,) = (await calibrations.newest(env.db, [("price_anomaly", HOUR, DAY)])).values()
    assert (stored.n, stored.hits, stored.base_rate, stored.model["kind"]) == (60, 20, 1 / 3, "base")
    again = fitted_to(stored.key, await resolved(env.db, "price_anomaly"), env.now())
    assert replace(again, id=stored.id) == stored
    env.now = lambda: AT + 91 * DAY
    for number in range(60, 60 + FRESH):
        await settle(env, a_signal(number), True)
    assert await calibrate(env) == {"fitted": 1}
    assert [n for _, n, _ in await versions(env)] == [60, 70]


async def test_late_signals_and_those_without_direction_teach_nothing(env: Env) -> None:
    env.now = lambda: AT + 90 * DAY
    for number in range(60):
        await settle(env, a_signal(number, known_after=HOUR + 1), True)
    for number in range(60, 120):
        one = a_signal(number, "none")
        await env.db.batch(signals.add_statements(env.db, one, HORIZONS))
        unhit = Outcome(one.id, DAY, "resolved", 0.01, None, None, None, one.at + DAY)
        await env.db.batch([outcomes.settle_statement(env.db, unhit)])
    assert await calibrate(env) == {"fitted": 0}


async def test_a_signal_is_told_what_was_known_at_its_raise(env: Env) -> None:
    for number in range(80):
        await settle(env, a_signal(number), number % 2 == 0)
    env.now = lambda: AT + 30 * DAY
    await calibrate(env)
    kind = [("price_anomaly", HOUR)]
    before = await known(env.db, kind, HORIZONS, AT + 30 * DAY - 1)
    assert before == {}
    silent = signal_json(confident(a_signal(500), before))
    assert silent["confidence"]["status"] == "insufficient data"
    assert silent["confidence_score"] is None
    told = confident(a_signal(500), await known(env.db, kind, HORIZONS, AT + 30 * DAY))
    shown = signal_json(told)
    assert "confidence" not in shown["evidence"]
    assert shown["confidence_score"] == shown["confidence"]["score"] == 0.5
    fit = next(iter((await known(env.db, kind, HORIZONS, env.now())).values()))
    low, high = shown["confidence"].pop("interval")
    assert 0.38 < low < 0.4 < 0.6 < high < 0.62
    day = shown["confidence"].pop("by_horizon")["24h"]
    assert (day["probability"], day["outcomes"], day["base_rate"]) == (0.5, 80, 0.5)
    assert shown["confidence"] == {
        "status": "calibrated",
        "score": 0.5,
        "horizon": "24h",
        "raw_score": 9.0,
        "outcomes": 80,
        "base_rate": 0.5,
        "calibration": fit.id,
    }
    none = confident(a_signal(501, "none"), await known(env.db, kind, HORIZONS, env.now()))
    assert none.confidence_score is None


def test_rows_become_samples() -> None:
    of = samples(30)
    again = samples_of(rows(of))
    for name in ("at", "resolved_at", "raw", "side", "hit"):
        assert getattr(again, name).tolist() == getattr(of, name).tolist()
