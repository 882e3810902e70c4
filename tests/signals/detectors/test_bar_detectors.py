"""What every detector on bars owes: silence without cause, evidence that computes its score, one key."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import orjson
import pytest
from bar_support import AGAIN, Path, bars_from, found_on, measured

from shared.models import DAY, HOUR, MINUTE
from shared.signals.bars import STEPS
from shared.signals.detector import Detector
from shared.signals.detectors import ON_BARS
from shared.signals.play import play_bars
from shared.signals.windows import Measured

# The most bars of a Gaussian random walk that may be beyond the level, by 5m, 1h, 1d: a few times what the
# docstrings state, for here are 20,000 bars and some ratings come in runs.
RATES = {
    "price_anomaly": (1e-4, 1e-4, 3e-4),
    "volume_spike": (5e-4, 2e-3, 6e-3),
    "volatility_regime": (1e-4, 4e-4, 1.5e-3),
    "trend_change": (2e-4, 6e-4, 3e-3),
    "momentum_exhaustion": (3e-4, 8e-4, 3e-3),
    "macd_cross": (5e-4, 5e-3, 2e-2),
    "squeeze_breakout": (1e-3, 4e-3, 7e-3),
    "volume_breakout": (2e-4, 3e-4, 7e-4),
    "correlation_break": (1e-4, 1e-4, 2e-4),
    "pump_dump": (0.0, 0.0, 0.0),
    "whale_accumulation": (2e-4, 3e-3, 3e-3),
    "liquidity_cascade": (0.0, 0.0, 1e-4),
    "market_stress": (0.0, 0.0, 0.0),
}
EVERY = pytest.mark.parametrize("detector", ON_BARS, ids=lambda one: one.type)


@cache
def walks() -> Measured:
    return measured(*(Path(700, 0.005, seed) for seed in range(48)))


@cache
def storms() -> Measured:
    """Walks whose volatility, volume and drift keep changing: something of everything happens."""
    paths = []
    for seed in range(12):
        path = Path(200, 0.003, seed)
        for move in path.rng.choice([0.0003, 0.003, 0.02], 12):
            drift = float(path.rng.choice([-0.6, 0, 0, 0.6]) * move)
            for jump in path.rng.normal(drift, move, 25):
                path.add(float(jump), wick=0.3 * float(move), volume=float(np.exp(path.rng.normal(5, 1.5))))
        paths.append(path)
    return measured(*paths)


@cache
def still() -> Measured:
    path = Path(0)
    for _ in range(300):
        path.add(0.0, wick=0.0)
    return measured(path)


@cache
def both_ways() -> Measured:
    """Eight walks with volume of its own, and each the other way up."""
    paths = []
    for seed in range(8):
        path = Path(100, 0.003, seed)
        for move in path.rng.normal(0, 0.003, 250):
            path.add(float(move), volume=float(np.exp(path.rng.normal(5, 1))))
        paths += [path, path.mirrored()]
    return measured(*paths, leader=0)


def judged(detector: Detector, bars: Measured) -> np.ndarray:
    ready: np.ndarray = bars.ready & (bars.tick >= detector.warmup)
    return ready


@EVERY
def test_a_random_walk_raises_no_more_than_the_docstring_says(detector: Detector) -> None:
    bars = walks()
    ready = judged(detector, bars)
    assert ready.sum() > 20_000
    for step, most in zip((5 * MINUTE, HOUR, DAY), RATES[detector.type], strict=True):
        beyond = detector.score(bars, step).score[ready] >= detector.raise_at[step]
        assert beyond.mean() <= most


@EVERY
def test_a_price_that_stands_still_is_silent(detector: Detector) -> None:
    assert not detector.score(still(), HOUR).score.any()


@EVERY
def test_scores_are_finite_and_sided_only_where_there_is_something(detector: Detector) -> None:
    for bars in (walks(), storms()):
        scores = detector.score(bars, HOUR)
        assert np.isfinite(scores.score).all()
        assert (scores.score >= 0).all()
        assert not scores.side[scores.score == 0].any() or detector.type in ("price_anomaly", "volume_spike")
        assert not scores.score[~bars.ready & (bars.tick < 20)].any()


@EVERY
def test_evidence_computes_the_score_again(detector: Detector) -> None:
    bars = storms() if detector.type != "market_stress" else walks()
    scores = detector.score(bars, HOUR)
    rows = np.flatnonzero((scores.score > 0) & judged(detector, bars))
    assert len(rows) or detector.type == "market_stress"
    for row in rows[:: max(len(rows) // 40, 1)].tolist():
        evidence = orjson.loads(orjson.dumps(detector.evidence(bars, row, HOUR)))
        assert AGAIN[detector.type](evidence) == pytest.approx(scores.score[row], rel=1e-9)
        assert evidence["threshold"] == detector.raise_at[HOUR]
        assert evidence["open_time"] == bars.open_time[row]
        assert evidence["close"] == bars.close[row]


@EVERY
def test_prices_the_other_way_up_have_the_other_side(detector: Detector) -> None:
    """Arithmetic mirrors are not logarithmic ones: scores may differ a little, sides may not."""
    scores = detector.score(both_ways(), HOUR)
    score, side = scores.score.reshape(8, 2, -1), scores.side.reshape(8, 2, -1)
    if detector.type in ("pump_dump", "whale_accumulation"):  # one-sided by definition
        assert not (side[:, 0].astype(bool) & side[:, 1].astype(bool)).any()
        return
    big = (score > 0.3 * detector.raise_at[HOUR]).all(axis=1)
    assert big.sum() > 5 or detector.type in ("correlation_break", "liquidity_cascade", "market_stress")
    assert (side[:, 0][big] == -side[:, 1][big]).all()


def test_all_detectors_are_covered_here() -> None:
    assert set(RATES) == set(AGAIN) == {one.type for one in ON_BARS}
    assert all(set(one.cooldown) >= set(STEPS) for one in ON_BARS)


def test_nothing_is_told_before_its_warm_up_is_over() -> None:
    warmups = {one.type: max(one.warmup, 97) for one in ON_BARS}
    path = Path(20, 0.002, 3)
    for move in path.rng.standard_t(3, 500) * 0.004:
        path.add(float(move), volume=float(np.exp(path.rng.normal(5, 1.2))))
    told = [one.finding for one in found_on(path)]
    assert len(told) > 10
    for one in told:
        assert one.at // HOUR - 2 >= warmups[one.type]


def test_an_episode_has_one_key_however_the_bars_are_cut() -> None:
    path = Path(300, 0.002, 9).add(0.05, volume=3000).add(-0.04, volume=3000).walk(4)
    bars = bars_from(path)
    whole = [(one.finding.type, one.finding.at, one.opened) for one in play_bars(None, HOUR, bars).found]
    carried, cut = None, []
    for start in range(0, len(bars), 7):
        played = play_bars(carried, HOUR, bars.take(slice(start, start + 7)))
        carried = played.carried
        cut += [(one.finding.type, one.finding.at, one.opened) for one in played.found]
    assert sorted(cut) == sorted(whole)
    anomalies = [(at, opened) for type, at, opened in whole if type == "price_anomaly"]
    assert {opened for _, opened in anomalies} == {302 * HOUR, 303 * HOUR}  # one up, one down


def test_a_market_that_stopped_trading_is_judged_without_a_warning() -> None:
    path = Path(150)
    for move in (0.0, 0.001, 0.0, 0.05) * 30:
        path.add(move, volume=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bars = measured(path)
        for detector in ON_BARS:
            assert np.isfinite(detector.score(bars, HOUR).score).all(), detector.type
