"""Funding extreme: holders of one side of a perpetual pay far more than they usually do.

    score = |value - median| / scale,   scale = max(1.4826 · MAD, 0.00005)

`value` is the funding rate of eight hours, against the last 96 settlements (a month). It must be at least
0.0005 (five times the 0.0001 at which a venue's formula rests; 55 % a year) and lie on its own side of the
median. The floor is half of the resting rate: where nothing ever moved, a little is no extreme.

Raised at 5 scales: of normal values one settlement in 90,000; with tails as fat as those of returns
(Student's law of 4 degrees) one in 160, with twenty assets one in three days, less for the absolute bound.
The direction is against the crowd: who pays is who must sell.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.rating import known, level_evidence, level_scale

LEAST_RATE = 0.0005
FLOOR = 0.00005
RAISE_AT = {NO_BAR: 5.0}


def score(rows: Rows, step: int) -> Scores:
    away = rows["value"] - rows["median"]
    beyond = (np.abs(rows["value"]) >= LEAST_RATE) & (np.sign(away) == np.sign(rows["value"]))
    judged = known(rows, "value", "median") & beyond
    rated = np.where(judged, np.abs(away) / level_scale(rows, FLOOR), 0.0)
    return Scores(rated, np.where(judged, -np.sign(away), 0).astype(np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    levels = {"threshold": RAISE_AT[step], "least_rate": LEAST_RATE}
    return {**level_evidence(rows, row, FLOOR), **levels}


DETECTOR = Detector("funding_extreme", "funding", score, evidence, RAISE_AT)
