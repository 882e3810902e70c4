"""The tail of counts: equal to the negative binomial law, and about right for what it is used for."""

from __future__ import annotations

from math import log10

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from shared.signals.chance import MOST, expected, surprise, surprises


@given(st.integers(1, 400), st.floats(0.01, 60), st.floats(0.02, 3))
def test_surprise_is_the_tail_of_the_negative_binomial_law(
    count: int, mean: float, dispersion: float
) -> None:
    size = 1 / dispersion
    logarithm = -nbinom.logsf(count - 1, size, size / (size + mean)) / np.log(10)
    if logarithm < MOST:
        assert surprise(count, mean, dispersion) == pytest.approx(logarithm, rel=1e-6, abs=1e-9)


def test_nothing_is_no_surprise_and_the_impossible_has_an_end() -> None:
    assert surprise(0, 3.0, 0.5) == 0
    assert surprise(100_000, 0.5, 0.1) == MOST


def test_an_uncertain_mean_makes_counts_less_surprising() -> None:
    often, seldom = np.array([168.0]), np.array([2.0])
    known = expected(often, np.array([168.0]), np.array([1.0]), 0.25, 2.0)
    guessed = expected(seldom, np.array([2.0]), np.array([1.0]), 0.25, 2.0)
    assert known.dispersion[0] < guessed.dispersion[0]
    assert surprise(8, 1.0, float(known.dispersion[0])) > surprise(8, 1.0, float(guessed.dispersion[0]))


def test_what_was_never_seen_is_rare_but_possible() -> None:
    never = expected(np.array([0.0]), np.array([168.0]), np.array([0.0]), 0.25, 2.0)
    assert never.mean[0] == pytest.approx(0.5 / 168)
    assert 3 < surprise(2, float(never.mean[0]), float(never.dispersion[0])) < 8


def test_only_judged_rows_above_their_mean_are_rated() -> None:
    usual = expected(np.full(3, 100.0), np.full(3, 100.0), np.ones(3), 0.25, 2.0)
    rated = surprises(np.array([9.0, 9.0, 0.0]), usual, np.array([True, False, True]))
    assert rated[0] > 3
    assert rated[1:].tolist() == [0, 0]


def test_counts_of_an_unsteady_rate_are_as_surprising_as_they_are_rare() -> None:
    """Of 200,000 counts of a Gamma rate, a hundredth has a surprise of 2 or more."""
    rng = np.random.default_rng(1)
    counts = rng.poisson(4 * rng.gamma(4, 0.25, 200_000))
    values = {int(n): surprise(float(n), 4.0, 0.25) for n in np.unique(counts)}
    beyond = np.array([values[int(n)] for n in counts])
    for level in (1, 2, 3):
        share = float((beyond >= level).mean())
        assert log10(share) < -level + 0.1
        assert share > 10 ** (-level) / 10
