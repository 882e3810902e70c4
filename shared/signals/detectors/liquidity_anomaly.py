"""Liquidity anomaly: what can be traded without moving the price has collapsed, in a pool or in a book.

    score = (median - value) / scale,   scale = max(1.4826 · MAD, 0.15)

`value` is the logarithm of a pool's liquidity in dollars against the last 96 hours; or, of an order book,
that of the depth a basis point near the middle, the greatest of the last three snapshots, against up to 94
before them. It must be less than half of the median. The floor of 0.15 is what prices alone do in a day.

Raised at 5 scales: of normal values one in 90,000, with tails as fat as those of returns (Student's law of 4
degrees) one in 320; liquidity that wanders by 1 % an hour never does. Whoever holds a coin whose pool has
emptied can not sell it. Only downwards; the direction says so, whether prices follow outcomes measure.
"""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.rating import known, level_evidence, level_scale

FLOOR = 0.15
MOST_LEFT = 0.5
RAISE_AT = {NO_BAR: 5.0}


def score(rows: Rows, step: int) -> Scores:
    away = rows["median"] - rows["value"]
    judged = known(rows, "value", "median") & (away >= -log(MOST_LEFT))
    rated = np.where(judged, away / level_scale(rows, FLOOR), 0.0)
    return Scores(rated, np.where(judged, -1, 0).astype(np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    left = float(np.exp(rows["value"][row] - rows["median"][row]))
    levels = {"threshold": RAISE_AT[step], "left": left, "most_left": MOST_LEFT}
    return {**level_evidence(rows, row, FLOOR), **levels}


DETECTOR = Detector("liquidity_anomaly", "liquidity", score, evidence, RAISE_AT)
