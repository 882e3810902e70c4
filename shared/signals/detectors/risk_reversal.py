"""Risk reversal: options say that one direction is dearer to insure than it has been in a month.

    score = |value - median| / scale,   scale = max(1.4826 · MAD, 0.5)

`value` is the 25-delta risk reversal, implied volatility of calls minus that of puts in points, against the
last 96 values eight hours apart. The floor of half a point is about what quotes of options are apart.

Raised at 5 scales: of normal values one in 45,000; with tails as fat as those of returns (Student's law of 4
degrees) one in 160, with two assets (few have options) once a month. The skew moves in regimes, and their
changes raise it. Direction is that of the skew: up where calls get dearer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.rating import known, level_evidence, level_scale

FLOOR = 0.5
RAISE_AT = {NO_BAR: 5.0}


def score(rows: Rows, step: int) -> Scores:
    away, judged = rows["value"] - rows["median"], known(rows, "value", "median")
    rated = np.where(judged, np.abs(away) / level_scale(rows, FLOOR), 0.0)
    return Scores(rated, np.where(judged, np.sign(away), 0).astype(np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    return {**level_evidence(rows, row, FLOOR), "threshold": RAISE_AT[step]}


DETECTOR = Detector("risk_reversal", "risk_reversal", score, evidence, RAISE_AT)
