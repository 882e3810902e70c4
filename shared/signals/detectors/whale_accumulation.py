"""Whale accumulation (compound): much is traded for several bars, the price holds, and bars close high.

    volume = (ln mean volume of 12 bars - median) / scale of volume
    range  = range to expect of 12 bars / their range,   expected = 1.6 · √12 · scale of returns
    closes = (mean place of the close in its bar - 0.5) / 0.083
    score  = the smallest of volume, range and closes, each over its level; 1 means that all are reached

1.6 (√(8/π)) times the deviation is the mean range of a random walk (Feller 1951); 0.083 is the standard error
of the mean place over 12 bars if any place were as likely (√(1/12/12)). Someone who buys much without moving
the price takes what is sold: that shows as volume without range, and as bars that close near their highs.
Where it is known, coins must be flowing out of exchanges in net, for who accumulates takes them away, and the
order book at the close (5m) must hold more bids than asks in value.

Levels: volume 1.5 (5m) and 1, closes 2 (5m) and 1.5 errors, range 1: no wider than a walk would be, while
volume like that goes with wide ranges as a rule. Where volume knows nothing of price, one bar in 100,000 (5m)
and in 700 (1h, 1d) of a random walk has all three; of the hours of 2024 one in 2,400. The direction is up.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.bars import Floats
from shared.signals.detector import Detector, Scores
from shared.signals.detectors.price_anomaly import return_scale
from shared.signals.detectors.volume_spike import volume_above, volume_scale
from shared.signals.evidence import ALL_REACHED, Part, of_bar, of_columns, of_parts, sided, weakest, window
from shared.signals.kernels.holding import BARS
from shared.signals.windows import Measured

RAISE_AT = {5 * MINUTE: ALL_REACHED, HOUR: ALL_REACHED, DAY: ALL_REACHED}
ASKS = ("known_netflow", "known_book_balance")
EXPECTED = sqrt(8 / pi) * sqrt(BARS)
PLACE_ERROR = sqrt(1 / 12 / BARS)
VOLUME = {5 * MINUTE: 1.5, HOUR: 1.0, DAY: 1.0}
CLOSES = {5 * MINUTE: 2.0, HOUR: 1.5, DAY: 1.5}
RANGE = 1.0
AGREES = 1.0


def parts(bars: Measured, step: int) -> tuple[Part, ...]:
    held = np.where(bars["held_range"] > 0, bars["held_range"], np.nan)
    return (
        Part("volume", volume_above(bars, bars["held_volume"]), VOLUME[step]),
        Part("range", EXPECTED * return_scale(bars) / held, RANGE),
        Part("closes", (bars["held_close"] - 0.5) / PLACE_ERROR, CLOSES[step]),
        Part("outflow", agreeing(-bars.known("known_netflow")), AGREES, optional=True),
        Part("bids", agreeing(bars.known("known_book_balance")), AGREES, optional=True),
    )


def agreeing(sign: Floats) -> Floats:
    """1 where a sign is positive, 0 where it is not, NaN where it is not known (N,)."""
    return np.where(np.isnan(sign), np.nan, sign > 0)


def score(bars: Measured, step: int) -> Scores:
    rated = weakest(parts(bars, step))
    return sided(rated, 1, bars.ready & (rated > 0))


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    return {
        **of_bar(bars, row),
        **of_columns(bars, row, "held_range", "held_close", "held_volume"),
        "scale": float(return_scale(bars)[row]),
        "volume_median": float(bars.volume_median[row]),
        "volume_scale": float(volume_scale(bars)[row]),
        "expected_range": float(EXPECTED * return_scale(bars)[row]),
        "place_error": PLACE_ERROR,
        "netflow": float(bars.known("known_netflow")[row]),
        "book_balance": float(bars.known("known_book_balance")[row]),
        "bars": BARS,
        "parts": of_parts(parts(bars, step), row),
        "window": window(bars, row),
        "threshold": RAISE_AT[step],
    }


DETECTOR = Detector("whale_accumulation", "bars", score, evidence, RAISE_AT, asks=ASKS)
