"""Sentiment shift: the last six hours of an asset's news read differently from its week before.

    value = (n₁·mean₁ + 3·mean₀) / (n₁ + 3)                      recent mean, drawn towards the baseline
    score = |value - mean₀| / (spread · √(1/n₁ + 1/n₀))          in standard errors
    spread = max(√((SS₁ + SS₀) / (n₁ + n₀ - 2)), 0.2)            pooled deviation

Three imagined articles of the usual mood (shrinkage) keep a handful of real ones from shouting. At least 5
recent and 20 earlier articles: below that a mean says little and the standard error itself is a guess.
The floor of 0.2 is half the spread of headline scores (0.35-0.4 on a scale of -1 to 1): a feed that repeats
one neutral sentence must not make the next adjective infinite. Raised at 3 standard errors: with hourly looks
at twenty assets, chance alone would then raise about once a day.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.moods import BASELINE, RECENT, Moods

PRIOR = 3.0
LEAST_RECENT, LEAST_BASELINE = 5, 20
FLOOR = 0.2
RAISE_AT = {NO_BAR: 3.0}


def parts(moods: Moods) -> dict[str, Any]:
    """The columns of the formula above, all (N,)."""
    m, n0, n1 = moods, np.maximum(moods.baseline_n, 1), np.maximum(moods.recent_n, 1)
    value = (m.recent_n * m.recent_mean + PRIOR * m.baseline_mean) / (m.recent_n + PRIOR)
    freedom = np.maximum(m.recent_n + m.baseline_n - 2, 1)
    spread = np.maximum(np.sqrt((m.recent_squares + m.baseline_squares) / freedom), FLOOR)
    return {"value": value, "spread": spread, "scale": spread * np.sqrt(1 / n1 + 1 / n0)}


def score(moods: Moods, step: int) -> Scores:
    terms = parts(moods)
    away = terms["value"] - moods.baseline_mean
    judged = (moods.recent_n >= LEAST_RECENT) & (moods.baseline_n >= LEAST_BASELINE)
    rated = np.where(judged, np.abs(away) / terms["scale"], 0.0)
    return Scores(rated, np.where(judged, np.sign(away), 0).astype(np.int8))


def evidence(moods: Moods, row: int, step: int) -> dict[str, Any]:
    at = int(moods.at[row])
    terms = {name: float(column[row]) for name, column in parts(moods).items()}
    return {
        **terms,
        "threshold": RAISE_AT[step],
        "shrinkage": PRIOR,
        "recent": {
            "after": at - RECENT,
            "until": at,
            "n": int(moods.recent_n[row]),
            "mean": float(moods.recent_mean[row]),
        },
        "baseline": {
            "after": at - RECENT - BASELINE,
            "until": at - RECENT,
            "n": int(moods.baseline_n[row]),
            "mean": float(moods.baseline_mean[row]),
        },
    }


DETECTOR = Detector("sentiment_shift", "moods", score, evidence, RAISE_AT)
