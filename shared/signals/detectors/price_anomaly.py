"""Price anomaly: a bar's return is far from what the last 96 bars made likely.

    score = |value - median| / scale,   scale = max(1.4826 · MAD, 0.0005)

1.4826 makes the MAD of normal returns their standard deviation. Median and MAD, unlike mean and deviation,
are not moved by the very jumps that are looked for.

Raised at 8 (5m), 6 (1h) and 5 (1d) scales. Returns have fat tails, the fatter the shorter the bar: in BTC's
hours of 2024, one in 120 is beyond 6; of its days since 2017, one in 52 is beyond 5. The levels give one
asset a few signals a month at each length, before cooldown; they were not fitted to what followed.
The floor of 5 basis points is about what trading a liquid pair costs: less is nothing to act on, and a
pegged price that does not move for 96 bars would make any tick infinite.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.bars import Floats
from shared.signals.detector import Detector, Scores
from shared.signals.evidence import of_bar, window
from shared.signals.windows import Measured

NORMAL = 1.4826
FLOOR = 0.0005
RAISE_AT = {5 * MINUTE: 8.0, HOUR: 6.0, DAY: 5.0}


def return_scale(bars: Measured) -> Floats:
    """One bar's usual move, as a fraction (N,)."""
    return np.maximum(NORMAL * bars.mad, FLOOR)


def score(bars: Measured, step: int) -> Scores:
    away = bars.value - bars.median
    rated = np.where(bars.ready, np.abs(away) / return_scale(bars), 0.0)
    return Scores(rated, np.where(bars.ready, np.sign(away), 0).astype(np.int8))


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    return {
        **of_bar(bars, row),
        "elapsed_bars": float(bars.elapsed[row]),
        "value": float(bars.value[row]),
        "median": float(bars.median[row]),
        "mad": float(bars.mad[row]),
        "scale": float(return_scale(bars)[row]),
        "threshold": RAISE_AT[step],
        "window": window(bars, row),
    }


DETECTOR = Detector("price_anomaly", "bars", score, evidence, RAISE_AT)
