"""Proof on markets whose truth is known: an edge is found and measured right, and none is found in chance.

Everything runs through the code that measures signals; only prices and calls are made up. Each bound leaves
a right program a chance of some 1e-4 to fail, whatever the seeds; benchmarks/calibration.py runs more.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from shared.dev import simulation
from shared.dev.simulation import Played
from shared.models import DAY, HOUR
from shared.signals.calibrate import fitted_to, samples_of
from shared.signals.calibration.fit import predictions
from shared.signals.intervals import Estimate
from shared.signals.track_record import EDGE, record
from shared.store.track_record import Resolved

KEY = ("simulated", simulation.STEP, DAY)
EDGE_SIGMAS = 1.0  # what the surest call knows: a standard deviation of the day to come


def made(
    seed: int, assets: int, bars: int, edge: float = 0.0
) -> tuple[simulation.Market, list[Played], list[Resolved]]:
    rng = np.random.default_rng(seed)
    calls = simulation.random_calls(rng, assets, bars, edge)
    market = simulation.walk(rng, assets, bars, calls)
    played = simulation.play(market, calls, (DAY,))
    return market, played, sorted(map(simulation.row_of, played), key=lambda row: row.at)


def covers(found: Estimate | None, truth: float) -> bool:
    assert found is not None
    return found.low <= truth <= found.high


@cache
def walks() -> list[list[Resolved]]:
    """Twenty random walks with 280 calls each."""
    return [made(seed, 8, 3600)[2] for seed in range(20)]


@cache
def with_edge() -> tuple[simulation.Market, list[Played], list[Resolved]]:
    """Two thousand calls that know more the higher their score is."""
    return made(100, 24, 8300, EDGE_SIGMAS)


def test_a_planted_edge_is_measured_as_large_as_it_is() -> None:
    inside = 0
    for seed in range(6):
        market, played, rows = made(seed, 8, 3600, EDGE_SIGMAS)
        found, truth = record(KEY, rows), simulation.true_lift(market, played)
        assert 0.15 < truth < 0.22
        assert found.n > 250
        assert found.verdict == EDGE
        inside += covers(found.lift, truth)
    assert inside >= 2  # of six intervals of 95 %, five miss with probability 2e-6


def test_the_planted_edge_is_directional() -> None:
    found = record(KEY, with_edge()[2])
    assert found.direction is not None
    assert found.lift is not None
    assert found.direction.low > 0.2
    assert found.opposite_hit_rate is not None
    assert found.matched_hit_rate is not None
    assert found.opposite_hit_rate < found.matched_hit_rate
    assert found.return_difference is not None
    assert found.return_difference.low > 0


def test_probabilities_of_calls_that_know_are_true() -> None:
    market, played, rows = with_edge()
    fit = fitted_to(KEY, rows, rows[-1].resolved_at)
    assert fit.n > 1900
    assert fit.model["kind"] != "base"
    assert fit.ece is not None
    assert fit.ece < 0.05
    assert fit.brier_skill is not None
    assert fit.brier_skill > 0
    own = [simulation.chance_of_hit(market, one.call.asset, one.start, DAY) for one in played]
    truth = dict(zip(((one.outcome.signal) for one in played), own, strict=True))
    told = predictions(fit.model, samples_of(rows))
    apart = np.abs(told - np.array([truth[row.signal] for row in rows]))
    assert apart.mean() < 0.05
    assert np.ptp(told) > 0.2


def test_a_random_walk_shows_no_edge() -> None:
    found = [record(KEY, rows) for rows in walks()]
    # of twenty intervals of 95 % seven miss with probability 3e-5
    assert sum(covers(one.lift, 0.0) for one in found) >= 14
    assert sum(covers(one.direction, 0.0) for one in found) >= 14
    assert sum(covers(one.return_difference, 0.0) for one in found) >= 14
    assert sum(one.verdict == EDGE for one in found) <= 4  # both intervals above zero: 1 in 50 at most


def test_on_random_walks_probabilities_collapse_to_the_base_rate() -> None:
    fits = [fitted_to(KEY, rows, rows[-1].resolved_at) for rows in walks()]
    flat = [fit for fit in fits if fit.model["kind"] == "base"]
    assert len(flat) >= 12
    for fit in flat:
        assert fit.model["rate"] == fit.base_rate
    for fit, rows in zip(fits, walks(), strict=True):
        told = predictions(fit.model, samples_of(rows))
        assert np.abs(told - fit.base_rate).mean() < 0.08
        assert fit.brier_skill is not None
        assert fit.brier_skill < 0.05


def test_volatility_that_clusters_is_no_direction() -> None:
    """Calls after jumps, the jump's way, where calm and storm take turns and direction is chance."""
    market = simulation.clustered(np.random.default_rng(3), 60, 5500)
    played = simulation.play(market, simulation.after_jumps(market), (4 * HOUR,))
    found = record((*KEY[:2], 4 * HOUR), [simulation.row_of(one) for one in played])
    assert found.n > 900
    assert found.lift is not None
    assert found.direction is not None
    assert found.opposite_hit_rate is not None
    assert found.matched_hit_rate is not None
    # hits are more frequent than among the entries, and so are moves as far the other way
    assert found.lift.mean > 0
    assert found.opposite_hit_rate > found.matched_hit_rate
    # twice as wide an interval of 95 % is missed with probability 1e-4
    assert abs(found.direction.mean) < 2 * (found.direction.high - found.direction.mean)


@pytest.mark.parametrize("edge", [0.0, EDGE_SIGMAS])
def test_the_simulation_hits_as_often_as_it_says(edge: float) -> None:
    market, played, _ = with_edge() if edge else made(7, 8, 3600)
    chances = np.array([simulation.chance_of_hit(market, one.call.asset, one.start, DAY) for one in played])
    hits = np.array([bool(one.outcome.hit) for one in played])
    error = np.sqrt((chances * (1 - chances)).sum()) / len(hits)
    assert abs(hits.mean() - chances.mean()) < 4 * error
