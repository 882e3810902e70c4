"""How good probabilities are: Brier and log score, calibration error with its interval, reliability. Pure.

ECE is the mean distance of predicted and observed in ten bins of equal width, weighted by their outcomes.
It is never negative, and of few outcomes it is well above zero even where the probabilities are perfect, so
quantiles of a bootstrap of it would be too high. Bootstrapped (by whole clusters of days) is instead how far
the bins are from what they were: the sum of those distances is at least as large as the error of the ECE, so
the ECE give or take its 95 % quantile covers the truth in at least 95 of 100 cases.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.bars import Floats, Ints
from shared.signals.intervals import Estimate, resampled

BINS = 10
ROUNDS = 400  # of the bootstrap: the ends move by less than a tenth of the interval
SEED = 1
SURE = 1e-6  # no probability is nearer to 0 or 1: one that is wrong would cost for ever


def brier(predicted: Floats, hit: Floats) -> float:
    return float(((predicted - hit) ** 2).mean())


def log_losses(predicted: Floats, hit: Floats) -> Floats:
    """Of each prediction (N,), in nats."""
    sure = np.clip(predicted, SURE, 1 - SURE)
    found: Floats = -np.log(np.where(hit > 0, sure, 1 - sure))
    return found


def bins_of(predicted: Floats) -> Ints:
    return np.minimum((predicted * BINS).astype(np.int64), BINS - 1)


def apart(predicted: Floats, hit: Floats) -> Floats:
    """Predicted less observed of each bin, as a share of all outcomes (BINS,)."""
    found: Floats = np.bincount(bins_of(predicted), predicted - hit, BINS) / len(hit)
    return found


def calibration_error(predicted: Floats, hit: Floats) -> float:
    return float(np.abs(apart(predicted, hit)).sum())


def reliability(predicted: Floats, hit: Floats) -> list[dict[str, Any]]:
    """The bins that hold anything: bounds, outcomes, mean prediction, share that came true."""
    place, found = bins_of(predicted), list[dict[str, Any]]()
    for number in np.unique(place).tolist():
        inside = place == number
        means = {"predicted": float(predicted[inside].mean()), "observed": float(hit[inside].mean())}
        found.append({"from": number / BINS, "to": (number + 1) / BINS, "n": int(inside.sum()), **means})
    return found


def calibration_error_95(predicted: Floats, hit: Floats, cluster: Ints) -> Estimate:
    """The error with its interval; the same data give the same interval."""
    told = apart(predicted, hit)
    error = float(np.abs(told).sum())
    moved = [
        np.abs(apart(predicted[rows], hit[rows]) - told).sum() for rows in resampled(cluster, ROUNDS, SEED)
    ]
    reach = float(np.quantile(moved, 0.95))
    return Estimate(error, max(error - reach, 0.0), min(error + reach, 1.0))
