"""Breakout with volume (compound): a close beyond all prices of the 20 bars before, on unusual volume.

    breakout = (close - highest high of the 20 bars before) / ATR(14), below the lowest low mirrored
    volume   = score of volume_spike
    score    = the smaller of breakout / 0.5 and volume / its level; 1 means that both are reached

The weakest part decides: a breakout that nobody trades and volume that goes nowhere are both no breakout. A
close half an average range beyond the channel is no mere touch. On a random walk whose volume knows nothing
of its price one bar in 36,000 (5m), 12,000 (1h) and 3,800 (1d) has both, of the hours of 2024 one in 310. The
direction is that of the breakout.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.bars import Floats
from shared.signals.detector import Detector, Scores
from shared.signals.detectors import volume_spike
from shared.signals.evidence import ALL_REACHED, Part, of_bar, of_columns, of_parts, sided, weakest
from shared.signals.windows import Measured

RAISE_AT = {5 * MINUTE: ALL_REACHED, HOUR: ALL_REACHED, DAY: ALL_REACHED}
BEYOND = 0.5
UPPER, LOWER, RANGE = "donchian_upper_20_before", "donchian_lower_20_before", "atr_14"


def beyond(bars: Measured) -> Floats:
    """How far the close is above (positive) or below (negative) the channel, in the price's own unit (N,)."""
    return np.where(
        bars.close > bars[UPPER], bars.close - bars[UPPER], np.minimum(bars.close - bars[LOWER], 0.0)
    )


def parts(bars: Measured, step: int) -> tuple[Part, ...]:
    usual = bars[RANGE]
    breakout = np.abs(beyond(bars)) / np.where(usual > 0, usual, np.nan)
    volume = volume_spike.score(bars, step).score
    return Part("breakout", breakout, BEYOND), Part("volume", volume, volume_spike.RAISE_AT[step])


def score(bars: Measured, step: int) -> Scores:
    rated = weakest(parts(bars, step))
    return sided(rated, np.sign(beyond(bars)), rated > 0)


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    return {
        **of_bar(bars, row),
        **of_columns(bars, row, UPPER, LOWER, RANGE),
        "volume": volume_spike.evidence(bars, row, step),
        "parts": of_parts(parts(bars, step), row),
        "threshold": RAISE_AT[step],
    }


DETECTOR = Detector("volume_breakout", "bars", score, evidence, RAISE_AT)
