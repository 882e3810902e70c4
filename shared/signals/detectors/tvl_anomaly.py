"""TVL anomaly: the value locked on a chain or in a protocol changed by more than a fifth within a day.

    score = |value - before| / scale
    scale = max(1.4826 · MAD of hourly moves, 0.003) · √(hours between value and before)

in logarithms of dollars, against the moves between the last 96 hourly values; `before` is the value a day
earlier. Two conditions, as a fifth alone is nothing on a small chain and too late on a large one: more than
20 %, and anomalous against its own history, 4 scales at least. The floor of 0.3 % an hour is 1.5 % a day.

Raised at 4: a value that wanders by 0.5 % an hour never is beyond (of 90,000 looks), one that wanders by 2 %
one look in 2,900; with fat tails (Student's law of 4 degrees) one in 200 of the latter. Chains below ten
million dollars are not watched. Direction is that of the value; whether prices follow, outcomes measure.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.rating import known, move_evidence, move_scale

LEAST_CHANGE = 0.20
FLOOR = 0.003
RAISE_AT = {NO_BAR: 4.0}


def score(rows: Rows, step: int) -> Scores:
    away = rows["value"] - rows["before"]
    judged = known(rows, "before", "move_mad") & (np.abs(np.expm1(away)) > LEAST_CHANGE)
    rated = np.where(judged, np.abs(away) / move_scale(rows, FLOOR), 0.0)
    return Scores(rated, np.where(judged, np.sign(away), 0).astype(np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    levels = {"threshold": RAISE_AT[step], "least_change": LEAST_CHANGE}
    return {**move_evidence(rows, row, FLOOR), **levels}


DETECTOR = Detector("tvl_anomaly", "tvl", score, evidence, RAISE_AT)
