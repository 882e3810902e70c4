"""Intervals over clusters: none where a handful of days must speak for all."""

from __future__ import annotations

import numpy as np
import pytest

from shared.models import DAY, HOUR
from shared.signals.intervals import FEWEST, clusters, estimate


def test_too_few_days_have_no_interval() -> None:
    values = np.random.default_rng(1).normal(0, 1, 100)
    days = np.arange(100) % int(FEWEST - 1)
    assert estimate(values, days) is None
    assert estimate(values, np.arange(100) % int(FEWEST)) is not None


def test_many_days_of_which_one_holds_nearly_all_are_few() -> None:
    values, days = np.ones(100), np.zeros(100, np.int64)
    days[:10] = np.arange(1, 11)
    assert estimate(values, days) is None


def test_independent_values_have_the_usual_interval() -> None:
    values = np.random.default_rng(2).normal(0.5, 1, 400)
    found = estimate(values, np.arange(400))
    assert found is not None
    assert found.mean == pytest.approx(values.mean())
    assert found.high - found.mean == pytest.approx(1.966 * values.std(ddof=1) / 20, rel=0.01)


def test_a_cluster_lasts_as_long_as_the_horizon() -> None:
    at = np.arange(20) * 12 * HOUR
    assert len(set(clusters(at, HOUR).tolist())) == 10
    assert len(set(clusters(at, DAY).tolist())) == 10
    assert len(set(clusters(at, 7 * DAY).tolist())) == 2
