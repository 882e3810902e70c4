"""How likely counts are: the upper tail of a Poisson law whose rate is itself uncertain.

A count with mean m and variance m + φ·m² follows the negative binomial law of size 1/φ (a Poisson law whose
rate is Gamma distributed). φ joins what is not known of the mean (it was counted too, on n events: 1/n) and
how unsteady the rate is (its squared coefficient of variation: day and night, stories told by many).
"""

from __future__ import annotations

from math import exp, inf, lgamma, log, log1p
from typing import NamedTuple

import numpy as np

from shared.signals.bars import Bools, Floats

IMAGINED = 0.5  # events added to every baseline: what was never seen is rare, not impossible
ENOUGH = 1e-12  # terms of the tail below this share of their sum no longer count
MOST = 300.0  # a probability of 1e-300 is where doubles end


class Expected(NamedTuple):
    """Mean and overdispersion φ of a slot's count, both (N,)."""

    mean: Floats
    dispersion: Floats


def expected(n: Floats, slots: Floats, variance: Floats, least: float, most: float) -> Expected:
    """From `n` events in `slots` equal slots and the variance between these; φ of the rate is kept between
    `least` and `most`, for a short past tells little of how unsteady a rate is."""
    known = n + IMAGINED
    raw = n / np.maximum(slots, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        unsteady = np.where(raw > 0, (variance - raw) / raw**2, 0.0)
    return Expected(known / np.maximum(slots, 1), 1 / known + np.clip(unsteady, least, most))


def surprise(count: float, mean: float, dispersion: float) -> float:
    """-log10 of the probability of `count` or more; 0 for a count of 0."""
    if count <= 0:
        return 0.0
    size = 1 / dispersion
    share = log(mean) - log(mean + size)  # of the failures, as a logarithm: below 0
    first = lgamma(count + size) - lgamma(size) - lgamma(count + 1) + count * share
    first += size * (log(size) - log(mean + size))
    term, total, n = 1.0, 1.0, count
    while term > ENOUGH * total:  # geometric in the end: each term is less than exp(share) of the one before
        term *= (n + size) / (n + 1) * exp(share)
        total += term
        n += 1
        if total == inf:
            return 0.0
    return min(max(-(first + log1p(total - 1)) / log(10), 0.0), MOST)


def surprises(count: Floats, usual: Expected, judged: Bools) -> Floats:
    """`surprise` of the rows that are judged and above their mean (N,), 0 elsewhere."""
    found = np.zeros(len(count))
    for row in np.flatnonzero(judged & (count > usual.mean)):
        found[row] = surprise(float(count[row]), float(usual.mean[row]), float(usual.dispersion[row]))
    return found
