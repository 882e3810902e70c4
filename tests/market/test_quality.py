"""The rating of a series: each part between 0 and 1, unknown parts left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.market import quality
from shared.models import HOUR

NAN = float("nan")


def one(values: np.ndarray) -> float:
    return float(values[0])


def array(*values: float) -> np.ndarray:
    return np.array(values)


@pytest.mark.parametrize(
    ("bars", "span", "expected"),
    [(97, 96, 1.0), (97, 193, 0.5), (1, 0, 1 / 97), (48.5, 47.5, 0.5), (97, 95.9, 1.0)],
)
def test_coverage(bars: float, span: float, expected: float) -> None:
    assert one(quality.coverage(array(bars), array(span * HOUR), HOUR)) == pytest.approx(expected)


@pytest.mark.parametrize(("hole", "expected"), [(1, 1.0), (NAN, 1.0), (7, 0.5), (13, 0.0), (90, 0.0)])
def test_gaps(hole: float, expected: float) -> None:
    assert one(quality.gaps(array(hole * HOUR), HOUR)) == pytest.approx(expected)


@pytest.mark.parametrize(("late", "expected"), [(0, 1.0), (1, 1.0), (6.5, 0.5), (12, 0.0), (9999, 0.0)])
def test_freshness(late: float, expected: float) -> None:
    assert one(quality.freshness(array(late * HOUR), HOUR)) == pytest.approx(expected)


def test_agreement_takes_the_median_source_so_that_one_wrong_one_does_not_count() -> None:
    close = array(100.0, 100.0, 100.0, 100.0)
    row = np.array([0, 0, 0, 1, 1, 3])
    price = array(100.1, 99.9, 1000.0, 100.0, 106.0, 101.7)
    found = quality.agreement(close, row, price)
    middle = (0 + np.log(1.06)) / 2
    assert found[0] == 1.0
    assert found[1] == pytest.approx(1 - (middle - 0.005) / 0.025)
    assert np.isnan(found[2])
    assert found[3] == pytest.approx(1 - (np.log(1.017) - 0.005) / 0.025)


@pytest.mark.parametrize(("bars", "expected"), [(0, 1.0), (1, 1 - 10 / 97), (10, 0.0), (97, 0.0)])
def test_corrections(bars: float, expected: float) -> None:
    assert one(quality.corrections(array(bars))) == pytest.approx(max(expected, 0.0))


def test_the_score_is_a_weighted_geometric_mean_of_what_is_known() -> None:
    parts = {"coverage": array(0.5), "freshness": array(1.0), "agreement": array(NAN), "gaps": array(1.0)}
    parts["corrections"] = array(0.25)
    weights = quality.WEIGHTS
    known = sum(weights.values()) - weights["agreement"]
    expected = np.exp((weights["coverage"] * np.log(0.5) + weights["corrections"] * np.log(0.25)) / known)
    assert one(quality.score(parts)) == pytest.approx(expected)
    assert sum(weights.values()) == pytest.approx(1.0)


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_the_score_lies_between_its_parts(values: list[float]) -> None:
    score = one(
        quality.score({name: array(value) for name, value in zip(quality.WEIGHTS, values, strict=True)})
    )
    floored = [max(value, quality.FLOOR) for value in values]
    assert min(floored) - 1e-12 <= score <= max(floored) + 1e-12


def test_a_worse_part_makes_a_worse_score() -> None:
    best = {name: array(1.0) for name in quality.WEIGHTS}
    assert one(quality.score(best)) == 1.0
    for name in best:
        assert 0 < one(quality.score({**best, name: array(0.0)})) < 0.65
