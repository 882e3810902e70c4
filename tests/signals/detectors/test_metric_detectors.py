"""Detectors on metrics: each fires on what it is for, follows its formula, and keeps silent otherwise."""

from __future__ import annotations

from math import exp, log, sqrt
from statistics import median

import numpy as np
import pytest
from rows_support import START, rate_metric, share_beyond

from shared.models import DAY, HOUR, MINUTE
from shared.signals.chance import surprise
from shared.signals.detector import NO_BAR, Detector
from shared.signals.detectors import (
    dex_volume_spike,
    entity_momentum,
    funding_extreme,
    liquidity_anomaly,
    new_pair,
    open_interest_shock,
    risk_reversal,
    tvl_anomaly,
)

RNG_SEED = 7


def noise(n: int, scale: float, seed: int = RNG_SEED) -> list[float]:
    return [float(x) for x in np.random.default_rng(seed).normal(0, scale, n)]


def mad(values: list[float]) -> float:
    middle = median(values)
    return median(abs(x - middle) for x in values)


CALM: dict[str, tuple[Detector, str, list[float]]] = {
    "funding": (funding_extreme.DETECTOR, "funding_rate", [1e-4 + x for x in noise(120, 3e-5)]),
    "skew": (risk_reversal.DETECTOR, "risk_reversal_25d", noise(120, 1.0)),
    "volume": (dex_volume_spike.DETECTOR, "dex_volume", [1e9 * exp(x) for x in noise(120, 0.5)]),
    "liquidity": (liquidity_anomaly.DETECTOR, "dex_liquidity", [1e7 * exp(x) for x in noise(120, 0.1)]),
    "pairs": (new_pair.DETECTOR, "dex_new_pairs", [40.0 + n % 9 for n in range(120)]),
    "mentions": (entity_momentum.DETECTOR, "mentions", [20.0 + n % 7 for n in range(120)]),
}

EVERY = {"funding": 8 * HOUR, "skew": 8 * HOUR}


@pytest.mark.parametrize(
    ("name", "last", "side"),
    [
        ("funding", 0.002, -1),
        ("funding", -0.002, 1),
        ("skew", 12.0, 1),
        ("skew", -12.0, -1),
        ("volume", 1e11, 0),
        ("liquidity", 2e6, -1),
        ("pairs", 700.0, 0),
        ("mentions", 400.0, 0),
    ],
)
def test_an_extreme_fires_on_its_side_and_a_calm_past_does_not(name: str, last: float, side: int) -> None:
    detector, prefix, calm = CALM[name]
    level = detector.raise_at[NO_BAR]
    found = rate_metric(detector, prefix, [*calm, last], EVERY.get(name, HOUR))
    assert found.scores[-1, 0] >= level
    assert found.sides[-1, 0] == side
    assert found.scores[:-1].max() < level


@pytest.mark.parametrize(("name", "last"), [("volume", 1e6), ("liquidity", 1e9), ("funding", 0.0004)])
def test_the_other_side_and_what_is_within_the_bound_are_no_finding(name: str, last: float) -> None:
    detector, prefix, calm = CALM[name]
    assert rate_metric(detector, prefix, [*calm, last], EVERY.get(name, HOUR)).scores[-1, 0] == 0


@pytest.mark.parametrize("name", ["funding", "skew", "volume", "liquidity"])
def test_levels_are_recomputed_from_their_evidence_and_from_the_values(name: str) -> None:
    detector, prefix, calm = CALM[name]
    last = {"funding": 0.002, "skew": 12.0, "volume": 1e11, "liquidity": 2e6}[name]
    every = EVERY.get(name, HOUR)
    found = rate_metric(detector, prefix, [*calm, last], every)
    evidence = found.evidence
    assert found.scores[-1, 0] == abs(evidence["value"] - evidence["median"]) / evidence["scale"]
    logs = [log(x) if name in ("volume", "liquidity") else x for x in calm[-96:]]
    assert evidence["median"] == pytest.approx(median(logs), rel=1e-12)
    assert evidence["mad"] == pytest.approx(mad(logs), rel=1e-9)
    first, final = START + 24 * every, START + 119 * every
    assert evidence["window"] == {"first": first, "last": final, "n": 96}
    assert evidence["series"] == {"name": f"{prefix}:s0", "source": "test"}
    assert evidence["threshold"] == detector.raise_at[NO_BAR]


@pytest.mark.parametrize(("name", "last"), [("pairs", 700.0), ("mentions", 400.0)])
def test_counts_are_recomputed_from_their_evidence(name: str, last: float) -> None:
    detector, prefix, calm = CALM[name]
    found = rate_metric(detector, prefix, [*calm, last])
    e = found.evidence
    window = calm[-96:]
    assert (e["count"], e["events"], e["slots"]) == (last, sum(window), 96)
    assert e["variance"] == pytest.approx(np.var(window, ddof=1))
    assert e["mean"] == (e["events"] + 0.5) / 96
    assert e["dispersion"] == pytest.approx(1 / (e["events"] + 0.5) + 0.1)
    assert found.scores[-1, 0] == surprise(last, e["mean"], e["dispersion"])


@pytest.mark.parametrize(
    ("prefix", "detector"),
    [
        ("funding_rate", funding_extreme.DETECTOR),
        ("risk_reversal_25d", risk_reversal.DETECTOR),
        ("dex_volume", dex_volume_spike.DETECTOR),
        ("dex_liquidity", liquidity_anomaly.DETECTOR),
        ("dex_new_pairs", new_pair.DETECTOR),
        ("open_interest", open_interest_shock.DETECTOR),
        ("tvl", tvl_anomaly.DETECTOR),
    ],
)
def test_flat_series_and_short_ones_are_silent(prefix: str, detector: Detector) -> None:
    flat = 1e-4 if prefix == "funding_rate" else 2e7
    assert rate_metric(detector, prefix, [flat] * 130).scores.max() == 0
    assert rate_metric(detector, prefix, [flat] * 47 + [flat * 100]).scores.max() == 0


def walk(n: int, scale: float, start: float = 1e9) -> list[float]:
    return [start * exp(x) for x in np.cumsum(noise(n, scale))]


@pytest.mark.parametrize(("factor", "side"), [(0.7, -1), (1.4, 1)])
def test_value_locked_that_moves_by_a_fifth_in_a_day_and_never_did(factor: float, side: int) -> None:
    calm = walk(120, 0.005)
    found = rate_metric(tvl_anomaly.DETECTOR, "tvl", [*calm, calm[-1] * factor])
    e = found.evidence
    assert found.scores[-1, 0] >= 4
    assert found.sides[-1, 0] == side
    assert e["before_at"] == START + 120 * HOUR - DAY
    assert e["before"] == pytest.approx(log(calm[-24]))
    assert e["change"] == pytest.approx(calm[-1] * factor / calm[-24] - 1)
    moves = list(np.diff(np.log(calm[-96:])))
    assert e["move_mad"] == pytest.approx(mad(moves), rel=1e-9)
    assert e["scale"] == pytest.approx(max(1.4826 * mad(moves), 0.003) * sqrt(24))
    assert found.scores[-1, 0] == pytest.approx(abs(e["value"] - e["before"]) / e["scale"], rel=1e-12)
    assert found.scores[:-1].max() == 0


def test_a_change_below_a_fifth_and_one_of_a_wild_chain_are_no_anomaly() -> None:
    calm = [1e9] * 120
    assert rate_metric(tvl_anomaly.DETECTOR, "tvl", [*calm, 1.19e9]).scores.max() == 0
    wild = walk(120, 0.06)
    assert rate_metric(tvl_anomaly.DETECTOR, "tvl", [*wild, wild[-24] * 1.5]).scores[-1, 0] < 4


def test_small_chains_are_not_watched() -> None:
    small = [9e6] * 120
    assert rate_metric(tvl_anomaly.DETECTOR, "tvl", [*small, 1e6]).scores.size == 0


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_open_interest_that_jumps_within_an_hour_points_nowhere(factor: float) -> None:
    calm = walk(120, 0.01)
    found = rate_metric(open_interest_shock.DETECTOR, "open_interest", [*calm, calm[-1] * factor])
    e = found.evidence
    assert found.scores[-1, 0] >= 6
    assert found.sides[-1, 0] == 0
    assert e["before_at"] == START + 119 * HOUR
    assert found.scores[-1, 0] == pytest.approx(abs(log(factor)) / e["scale"], rel=1e-9)
    assert found.scores[:-1].max() < 6


def test_a_move_is_measured_over_its_span_however_often_a_source_is_asked() -> None:
    calm = [1e9 * exp(x) for x in np.cumsum(noise(600, 0.003))]
    last = calm[-6] * 1.5
    found = rate_metric(open_interest_shock.DETECTOR, "open_interest", [*calm, last], 10 * MINUTE)
    at, e = START + 600 * 10 * MINUTE, found.evidence
    assert at - e["before_at"] == HOUR
    assert e["before"] == pytest.approx(log(calm[-6]))
    assert e["window"]["n"] == 96
    assert e["window"]["last"] == at - HOUR
    assert e["window"]["first"] == at - 96 * HOUR


def test_a_series_with_a_hole_has_no_move_over_it() -> None:
    assert rate_metric(tvl_anomaly.DETECTOR, "tvl", walk(100, 0.3), 40 * HOUR).scores.max() == 0


@pytest.mark.parametrize(
    ("detector", "prefix", "scale", "most"),
    [
        (risk_reversal.DETECTOR, "risk_reversal_25d", 3.0, 4e-4),
        (dex_volume_spike.DETECTOR, "dex_volume", 0.6, 4e-4),
        (liquidity_anomaly.DETECTOR, "dex_liquidity", 0.3, 4e-4),
    ],
)
def test_normal_values_raise_as_seldom_as_the_docstring_says(
    detector: Detector, prefix: str, scale: float, most: float
) -> None:
    """One in 45,000 to 90,000 with a full window, ten times as many while it fills."""
    values = np.random.default_rng(3).normal(0, scale, (300, 60))
    if prefix != "risk_reversal_25d":
        values = 1e9 * np.exp(values)
    assert share_beyond(rate_metric(detector, prefix, values), detector) <= most


def test_a_walk_of_value_locked_raises_as_seldom_as_the_docstring_says() -> None:
    steps = np.random.default_rng(5).normal(0, 0.01, (300, 60))
    rated = rate_metric(tvl_anomaly.DETECTOR, "tvl", 1e9 * np.exp(np.cumsum(steps, axis=0)))
    assert share_beyond(rated, tvl_anomaly.DETECTOR) <= 1e-3


def test_counts_of_a_swinging_rate_raise_as_seldom_as_the_docstring_says() -> None:
    rng = np.random.default_rng(6)
    day = 1 + 0.5 * np.sin(2 * np.pi * np.arange(300) / 24)[:, None]
    counts = rng.poisson(rng.gamma(5, 0.2, (300, 60)) * np.exp(np.linspace(-1, 4, 60)) * day)
    rated = rate_metric(new_pair.DETECTOR, "dex_new_pairs", counts)
    assert share_beyond(rated, new_pair.DETECTOR) <= 1e-4
