"""Fitting the models of `model.py` to outcomes: base rate, beta and isotonic regression, both shrunk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.signals.bars import Bools, Floats, Ints
from shared.signals.calibration.model import BASE, BETA, ISOTONIC, TINY

# Prior precision of the weights of the beta model (their standard deviation is 0.7): without evidence they
# are zero and the base rate is left. At a few hundred outcomes it no longer matters.
RIDGE = 2.0
ROUNDS = 25  # Newton's method takes about six
CLOSE = 1e-10
IMAGINED = 20  # outcomes at the base rate added to each step of the staircase
LEAST_STEP = 10  # outcomes that share one place on it, so that a fit stays small
MOST_STEPS = 40


@dataclass(frozen=True, slots=True)
class Samples:
    """Outcomes by `at`: raw scores, directions (-1, 0, 1), hits, and when each was known; all (N,)."""

    at: Ints
    resolved_at: Ints
    raw: Floats
    side: Floats
    hit: Floats

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: Ints | Bools | slice) -> Samples:
        return Samples(self.at[rows], self.resolved_at[rows], self.raw[rows], self.side[rows], self.hit[rows])


def fit_base(samples: Samples) -> dict[str, Any]:
    return {"kind": BASE, "rate": float(samples.hit.mean()), "n": len(samples)}


def fit_beta(samples: Samples) -> dict[str, Any]:
    """Penalised maximum likelihood by Newton's method; the covariance is the inverse of its curvature."""
    middle = float(np.median(np.maximum(samples.raw, TINY)))
    terms = beta_columns(samples, middle)
    ridge = np.diag([0.0, RIDGE, RIDGE, RIDGE])
    share = np.clip(samples.hit.mean(), 0.5 / len(samples), 1 - 0.5 / len(samples))
    weights = np.array([np.log(share / (1 - share)), 0.0, 0.0, 0.0])
    if samples.hit.min() == samples.hit.max():
        ridge[0, 0] = 1 / len(samples)  # all hit or none did: the best intercept would be infinite
    for _ in range(ROUNDS):
        chance = logistic(terms @ weights)
        slope = terms.T @ (samples.hit - chance) - ridge @ weights
        curvature = (terms * (chance * (1 - chance))[:, None]).T @ terms + ridge
        move = np.linalg.solve(curvature, slope)
        weights = weights + move
        if np.abs(move).max() < CLOSE:
            break
    covariance = np.linalg.inv(curvature)
    return {"kind": BETA, "middle": middle, "weights": weights.tolist(), "covariance": covariance.tolist()}


def beta_columns(samples: Samples, middle: float) -> Floats:
    """The terms of `model.beta_terms` of all samples (N, 4)."""
    raw = np.maximum(samples.raw, TINY)
    columns = [np.ones(len(raw)), np.log(raw / (raw + middle)), np.log((raw + middle) / middle), samples.side]
    return np.column_stack(columns)


def fit_isotonic(samples: Samples) -> dict[str, Any]:
    """A rising or a falling staircase, whichever fits better; each step is drawn to the base rate."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(samples.raw, kind="stable")
    parts = np.array_split(order, max(min(len(order) // LEAST_STEP, MOST_STEPS), 1))
    size = np.array([len(part) for part in parts], np.float64)
    place = np.array([np.log(np.maximum(samples.raw[part], TINY)).mean() for part in parts])
    share = np.array([samples.hit[part].mean() for part in parts])
    tries = {way: isotonic_regression(share, weights=size, increasing=way).x for way in (True, False)}
    way = min(tries, key=lambda way: float((size * (share - tries[way]) ** 2).sum()))
    base, steps = float(samples.hit.mean()), list[tuple[float, float, float]]()
    for level in dict.fromkeys(tries[way].tolist()):
        same = tries[way] == level
        n = float(size[same].sum())
        middle = float((place[same] * size[same]).sum() / n)
        steps.append((middle, (n * level + IMAGINED * base) / (n + IMAGINED), n + IMAGINED))
    places, levels, weights = zip(*steps, strict=True)
    # what is drawn more than its neighbour may have passed it: once more in order
    drawn = isotonic_regression(levels, weights=weights, increasing=way).x.tolist()
    return {"kind": ISOTONIC, "steps": [list(step) for step in zip(places, drawn, weights, strict=True)]}


def predictions(model: Mapping[str, Any], samples: Samples) -> Floats:
    """What a model says of many signals at once: as `model.probability` does, without the intervals."""
    if model["kind"] == BASE:
        return np.full(len(samples), model["rate"])
    if model["kind"] == BETA:
        return logistic(beta_columns(samples, model["middle"]) @ np.array(model["weights"]))
    places, levels, _ = zip(*model["steps"], strict=True)
    found: Floats = np.interp(np.log(np.maximum(samples.raw, TINY)), places, levels)
    return found


def logistic(x: Floats) -> Floats:
    found: Floats = 0.5 * (1 + np.tanh(0.5 * x))
    return found


FITS: Mapping[str, Callable[[Samples], dict[str, Any]]] = {
    BASE: fit_base,
    BETA: fit_beta,
    ISOTONIC: fit_isotonic,
}
