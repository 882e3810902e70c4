"""Walk-forward: each outcome is predicted by a model fitted to those that were settled before it began.

A signal's outcome is known a horizon after the signal, so a model that may predict a signal knows no outcome
that overlaps it: that is the embargo. Models are fitted again whenever a tenth more outcomes are known. Of
base rate, beta and isotonic regression the one is used that has predicted best so far, by log loss; one that
does not beat the base rate by a standard error (over clusters of days) is not trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.signals.bars import Floats, Ints
from shared.signals.calibration.fit import FITS, Samples, predictions
from shared.signals.calibration.model import BASE, NONE
from shared.signals.calibration.scores import brier, calibration_error_95, log_losses, reliability
from shared.signals.intervals import clusters, estimate

LEAST = 50  # outcomes before anything is predicted, and predictions before they are judged
GROWTH = 1.1  # a tenth more outcomes move a fit by a twentieth of its error
SURER = 0.5  # half of the 95 % interval: about one standard error


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model for the next signals, and how models like it did on signals they had not seen.

    `predicted` (N,) is what each sample was told when it began, NaN where fewer than LEAST were known.
    """

    model: dict[str, Any]
    predicted: Floats
    base: Floats

    @property
    def judged(self) -> int:
        return int(np.isfinite(self.predicted).sum())


def walk_forward(samples: Samples, horizon: int) -> Fitted:
    """Predict every sample by what was known before it, and fit the model for what comes next."""
    n = len(samples)
    told = {kind: np.full(n, np.nan) for kind in FITS}
    predicted = np.full(n, np.nan)
    known = np.argsort(samples.resolved_at, kind="stable")
    # how many outcomes were settled by the time each sample began, and the fit that stands for as many
    settled = np.searchsorted(samples.resolved_at[known], samples.at, side="right")
    grown = levels(n)
    level = np.searchsorted(grown, settled, side="right") - 1
    for number, size in enumerate(grown.tolist()):
        now = np.flatnonzero(level == number)
        if not len(now):
            continue
        past = samples.take(known[:size])
        for kind, fit in FITS.items():
            told[kind][now] = predictions(fit(past), samples.take(now))
        kind = best({name: column[known[:size]] for name, column in told.items()}, past, horizon)
        predicted[now] = told[kind][now]
    if n < LEAST:
        return Fitted({"kind": NONE}, predicted, told[BASE])
    kind = best(told, samples, horizon)
    return Fitted(FITS[kind](samples), predicted, told[BASE])


def levels(n: int) -> Ints:
    """Numbers of outcomes at which models are fitted: LEAST, and each time a tenth more."""
    found = [LEAST] if n >= LEAST else []
    while found and (more := int(np.ceil(found[-1] * GROWTH))) <= n:
        found.append(more)
    return np.array(found, np.int64)


def best(told: Mapping[str, Floats], samples: Samples, horizon: int) -> str:
    """The kind of model that predicted these outcomes best; the base rate unless another is surely better."""
    judged = np.flatnonzero(np.isfinite(told[BASE]))
    if len(judged) < LEAST:
        return BASE
    hit, cluster = samples.hit[judged], clusters(samples.at[judged], horizon)
    losses = {kind: log_losses(column[judged], hit) for kind, column in told.items()}
    gains = {BASE: 0.0}
    for kind, loss in losses.items():
        gain = estimate(losses[BASE] - loss, cluster)
        if gain and gain.mean > SURER * (gain.high - gain.mean):
            gains[kind] = gain.mean
    return max(gains, key=lambda kind: gains[kind])


def judged_figures(fitted: Fitted, samples: Samples, horizon: int) -> dict[str, Any]:
    """The columns of a calibration that tell how its predictions did; None where they are too few."""
    rows = np.flatnonzero(np.isfinite(fitted.predicted))
    if len(rows) < LEAST:
        nothing = dict.fromkeys(("brier", "brier_base", "ece", "ece_low", "ece_high"))
        return {"judged": len(rows), **nothing, "reliability": []}
    predicted, hit = fitted.predicted[rows], samples.hit[rows]
    error = calibration_error_95(predicted, hit, clusters(samples.at[rows], horizon))
    return {
        "judged": len(rows),
        "brier": brier(predicted, hit),
        "brier_base": brier(fitted.base[rows], hit),
        "ece": error.mean,
        "ece_low": error.low,
        "ece_high": error.high,
        "reliability": reliability(predicted, hit),
    }
