"""MACD cross: the histogram of MACD(12, 26, 9) changes its sign, and by more than a flutter.

    score = |histogram| / ATR(14), at the bar where its sign is not that of the bar before

At a cross the histogram is small by nature; measured in the usual range of a bar it tells a turn from noise
that grazes zero, for assets of any price and volatility. The direction is the new sign.

Raised at 0.19 (5m), 0.14 (1h) and 0.1 (1d). The sign changes every 13 bars, on a random walk as on real bars,
and half of the crosses are below 0.04: one bar in 4,500, 430 and 110 of a Gaussian walk is beyond the levels.
Real bars, whose ranges are wider for their closes, are so less often: one in 700 of the hours of 2024.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.detector import Detector, Scores
from shared.signals.evidence import of_bar, of_columns, sided
from shared.signals.windows import Measured

HISTOGRAM, BEFORE, RANGE = "macd_histogram_12_26_9", "macd_histogram_12_26_9_before", "atr_14"
RAISE_AT = {5 * MINUTE: 0.19, HOUR: 0.14, DAY: 0.1}


def score(bars: Measured, step: int) -> Scores:
    now, before, usual = bars[HISTOGRAM], bars[BEFORE], bars[RANGE]
    judged = (now * before < 0) & (usual > 0)
    rated = np.abs(now) / np.where(judged, usual, 1.0)
    return sided(rated, np.sign(now), judged)


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    return {
        **of_bar(bars, row),
        **of_columns(bars, row, "macd_12_26_9", "macd_signal_12_26_9", HISTOGRAM, BEFORE, RANGE),
        "threshold": RAISE_AT[step],
    }


DETECTOR = Detector("macd_cross", "bars", score, evidence, RAISE_AT, warmup=150)
