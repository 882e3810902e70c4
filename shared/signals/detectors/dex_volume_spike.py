"""DEX volume spike: a chain's decentralised exchanges trade far more than in the days before.

    score = (value - median) / scale,   scale = max(1.4826 · MAD, 0.25)

in logarithms of dollars, against the last 96 hourly values (four days, so that every hour of the day is in
them). Only upwards. The floor of 0.25 asks for e, 2.7 times the median, at least.

Raised at 5 scales: of normal values one in 45,000, with a hundred chains' hours once in three weeks; with
tails as fat as those of returns (Student's law of 4 degrees) one in 360. No direction: each trade has two
sides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.rating import known, level_evidence, level_scale

FLOOR = 0.25
RAISE_AT = {NO_BAR: 5.0}


def score(rows: Rows, step: int) -> Scores:
    away = (rows["value"] - rows["median"]) / level_scale(rows, FLOOR)
    rated = np.where(known(rows, "value", "median"), np.maximum(away, 0.0), 0.0)
    return Scores(rated, np.zeros(len(rated), np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    times = float(np.exp(rows["value"][row] - rows["median"][row]))
    return {**level_evidence(rows, row, FLOOR), "threshold": RAISE_AT[step], "times_usual": times}


DETECTOR = Detector("dex_volume_spike", "dex_volume", score, evidence, RAISE_AT)
