"""Open-interest shock: far more positions were opened or closed within an hour than usual.

    score = |value - before| / scale
    scale = max(1.4826 · MAD of hourly moves, 0.01) · √(hours between value and before)

in logarithms of dollars, against the moves between the last 96 hourly values. It must be 5 % at least. The
floor of 1 % is what the price alone does to a dollar figure in a calm hour.

Raised at 6 scales, as hours of prices are: of normal moves none of 90,000 hours is beyond; with tails as fat
as those of returns (Student's law of 4 degrees) one in 320, with twenty assets twice a day before the bound
of 5 % and the cooldown. No direction: each position has two sides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.rating import known, move_evidence, move_scale

LEAST_CHANGE = 0.05
FLOOR = 0.01
RAISE_AT = {NO_BAR: 6.0}


def score(rows: Rows, step: int) -> Scores:
    change = np.abs(rows["value"] - rows["before"])
    judged = known(rows, "before", "move_mad") & (change >= LEAST_CHANGE)
    rated = np.where(judged, change / move_scale(rows, FLOOR), 0.0)
    return Scores(rated, np.zeros(len(rated), np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    levels = {"threshold": RAISE_AT[step], "least_change": LEAST_CHANGE}
    return {**move_evidence(rows, row, FLOOR), **levels}


DETECTOR = Detector("open_interest_shock", "open_interest", score, evidence, RAISE_AT)
