"""Volume spike: a bar trades far more than the last 96 bars made likely.

    score = (ln volume - median) / scale,   scale = max(1.4826 · MAD, 0.25)

Volumes multiply rather than add, so their logarithms are compared; bars without a trade count as -inf,
which medians bear. A window with mostly such bars has no scale and is not judged. Only upwards: a quiet bar
is no news. The direction is that of the bar's return, for volume alone points nowhere.

Raised at 4 (5m), 3.5 (1h) and 3 (1d) scales: with BTC's usual scale of 0.65 an hour must trade ten times
the median. One hour in 200 and one day in 70 do. The floor of 0.25 asks for twice the median at least.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.bars import Floats
from shared.signals.detector import Detector, Scores
from shared.signals.detectors.price_anomaly import NORMAL
from shared.signals.evidence import of_bar, window
from shared.signals.windows import Measured

FLOOR = 0.25
RAISE_AT = {5 * MINUTE: 4.0, HOUR: 3.5, DAY: 3.0}


def volume_scale(bars: Measured) -> Floats:
    """How much the log of the volume usually varies (N,)."""
    return np.maximum(NORMAL * bars.volume_mad, FLOOR)


def volume_above(bars: Measured, volume: Floats) -> Floats:
    """How many usual deviations the log of a volume lies above its median (N,); NaN where nobody traded.

    Where half of the window had no trade, the median is -inf and there is no distance from it.
    """
    with np.errstate(invalid="ignore"):
        away: Floats = (volume - bars.volume_median) / volume_scale(bars)
    return away


def score(bars: Measured, step: int) -> Scores:
    rated = volume_above(bars, bars.volume)
    judged = bars.ready & np.isfinite(rated) & (rated > 0)
    side = np.where(judged, np.sign(bars.value), 0).astype(np.int8)
    return Scores(np.where(judged, rated, 0.0), side)


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    return {
        **of_bar(bars, row),
        "volume": float(np.exp(bars.volume[row])),
        "value": float(bars.volume[row]),
        "median": float(bars.volume_median[row]),
        "mad": float(bars.volume_mad[row]),
        "scale": float(volume_scale(bars)[row]),
        "threshold": RAISE_AT[step],
        "window": window(bars, row),
    }


DETECTOR = Detector("volume_spike", "bars", score, evidence, RAISE_AT)
