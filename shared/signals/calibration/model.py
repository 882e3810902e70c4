"""Models that turn a raw score into a probability, as small JSON, and what they say of one signal.

    none      fewer outcomes than can teach anything
    base      the base rate, whatever the score
    beta      logit p = c + a·ln s − b·ln(1 − s) + d·direction,   s = score / (score + middle)
              beta calibration (Kull, Silva Filho, Flach 2017) of the score squeezed into 0..1
    isotonic  a staircase that only rises (or only falls), each step drawn towards the base rate

Every probability comes with a 95 % interval of its own: Wilson's for counts, that of the fit for beta.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log, sqrt
from typing import Any, NamedTuple

from shared.models import Direction
from shared.signals.patterns import Z, wilson

TINY = 1e-12  # of a score: its logarithm must exist
NONE, BASE, BETA, ISOTONIC = "none", "base", "beta", "isotonic"
SIDES: Mapping[Direction, float] = {"up": 1.0, "down": -1.0, "none": 0.0}


class Probability(NamedTuple):
    """A probability and its 95 % interval."""

    score: float
    low: float
    high: float


def probability(model: Mapping[str, Any], raw_score: float, direction: Direction) -> Probability | None:
    """What a fitted model says of a signal; None where it was fitted to too little."""
    if model["kind"] == BASE:
        return counted(model["rate"], model["n"])
    if model["kind"] == BETA:
        terms = beta_terms(raw_score, model["middle"], SIDES[direction])
        middle = sum(weight * term for weight, term in zip(model["weights"], terms, strict=True))
        spread = sqrt(max(quadratic(model["covariance"], terms), 0.0))
        return Probability(logistic(middle), logistic(middle - Z * spread), logistic(middle + Z * spread))
    return on_staircase(model["steps"], log(max(raw_score, TINY))) if model["kind"] == ISOTONIC else None


def beta_terms(raw_score: float, middle: float, side: float) -> tuple[float, float, float, float]:
    """1, ln s, −ln(1 − s), side: what the weights of the beta model stand before."""
    score = max(raw_score, TINY)
    return 1.0, log(score / (score + middle)), log((score + middle) / middle), side


def quadratic(matrix: Sequence[Sequence[float]], x: Sequence[float]) -> float:
    return sum(x[i] * sum(row[j] * x[j] for j in range(len(x))) for i, row in enumerate(matrix))


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


def on_staircase(steps: Sequence[Sequence[float]], at: float) -> Probability:
    """Between the middles of two steps (ln score, probability, outcomes) on the line that joins them."""
    before = [step for step in steps if step[0] <= at] or [steps[0]]
    after = [step for step in steps if step[0] > at] or [steps[-1]]
    (x0, p0, n0), (x1, p1, n1) = before[-1], after[0]
    share = (at - x0) / (x1 - x0) if x0 <= at and x1 > x0 else 0.0
    return counted(p0 + share * (p1 - p0), n0 + share * (n1 - n0))


def counted(share: float, n: float) -> Probability:
    """A share of `n` outcomes, with Wilson's interval."""
    return Probability(share, *wilson(share * n, n))
