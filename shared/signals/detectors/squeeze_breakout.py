"""Squeeze breakout: after the narrowest Bollinger bands of the last 96 bars, a close far outside of them.

    score = |close - middle| / deviation      middle and deviation of the bands (20, 2) at the squeeze

Rated from the bar after the squeeze until 6 bars after it; the bands are those of the squeeze itself, for the
breakout widens its own. The direction is that of the close.

Raised at 9 (5m), 7 (1h) and 6 (1d). A close leaves the bands of a squeeze (2) half of the time: they were at
their narrowest. One bar in 2,200, 560 and 290 of a Gaussian random walk is beyond the levels (most of them in
one episode with others), of the hours of 2024 one in 220.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.detector import Detector, Scores
from shared.signals.evidence import of_bar, of_columns, sided
from shared.signals.kernels.squeeze import LOWEST_OF
from shared.signals.windows import Measured

SOON = 6
RAISE_AT = {5 * MINUTE: 9.0, HOUR: 7.0, DAY: 6.0}


def score(bars: Measured, step: int) -> Scores:
    away = bars.close - bars["squeeze_middle"]
    judged = (bars["squeeze_age"] >= 1) & (bars["squeeze_age"] <= SOON)
    return sided(np.abs(away) / bars["squeeze_deviation"], np.sign(away), judged)


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    names = ("squeeze_middle", "squeeze_deviation", "squeeze_width", "squeeze_age")
    return {
        **of_bar(bars, row),
        **of_columns(bars, row, *names),
        "lowest_of": LOWEST_OF,
        "threshold": RAISE_AT[step],
    }


DETECTOR = Detector("squeeze_breakout", "bars", score, evidence, RAISE_AT, warmup=LOWEST_OF + 20)
