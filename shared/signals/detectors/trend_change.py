"""Trend change: the price has begun to drift one way, told by a two-sided CUSUM of volatility-scaled returns.

    up   = max(0, up before   + z - 0.5)
    down = max(0, down before - z - 0.5),   z = return / scale within ±3
    score = the larger of the two
    scale = max(√(π/2) · mean |return| of the 96 bars before, 0.0005)

The test of Page (1954): it is the quickest to see a drift of one deviation a bar for a given rate of false
alarms, and carries two numbers. The allowance of 0.5 is half of that drift. Clipping makes it a test for many
bars that go one way, not for one that jumps.

Raised at 10 (5m), 9 (1h) and 7 (1d). Without any drift the time between alarms grows with e^level: by
Siegmund's approximation (1985) a Gaussian walk gives one in 70,000, 26,000 and 3,500 bars, and so it does
with the scale estimated here. Of the hours of 2024 one in 260 is beyond 9. The direction is the drift's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.detector import SLOW, Detector, Scores
from shared.signals.evidence import of_bar, of_columns, sided
from shared.signals.kernels.cusum import ALLOWANCE, CLIP, SCALED
from shared.signals.windows import Measured

RAISE_AT = {5 * MINUTE: 10.0, HOUR: 9.0, DAY: 7.0}
# Until a start from zero has been forgotten: the sums must have had time to rise to the level that raises.
WARMUP = 2 * SCALED


def score(bars: Measured, step: int) -> Scores:
    up, down = bars["cusum_up"], bars["cusum_down"]
    return sided(np.maximum(up, down), np.sign(up - down), np.isfinite(up))


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    return {
        **of_bar(bars, row),
        **of_columns(bars, row, "cusum_up", "cusum_down", "cusum_up_before", "cusum_down_before"),
        "value": float(bars["cusum_value"][row]),
        "scale": float(bars["cusum_scale"][row]),
        "allowance": ALLOWANCE,
        "clip": CLIP,
        "threshold": RAISE_AT[step],
    }


DETECTOR = Detector("trend_change", "bars", score, evidence, RAISE_AT, warmup=WARMUP, cooldown=SLOW)
