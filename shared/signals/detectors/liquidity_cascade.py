"""Liquidity cascade (compound): a large one-way move on volume, every bar of it wide.

    move   = |return of three bars| / (√3 · scale)
    volume = (ln mean volume of three bars - median) / scale of volume
    ranges = smallest true range of the three bars / mean true range of the 24 before
    score  = the smallest of the three, each over its level; 1 means that all are reached

Orders that are forced (liquidations, stops) hit a book that thins with each of them: the move runs on through
several bars, none of which is narrow and none of which goes back by more than a scale. Where liquidations are
known, more of the losing side must have been liquidated than of the other.

Levels: move 7, 6, 5, volume 3, 2.5, 2 (5m, 1h, 1d), ranges 1.5. No Gaussian random walk of 400,000 bars
reaches all of them; of the hours of 2024 one in 1,100 does, of the days since 2017 one in 700. The direction
is that of the move.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.bars import Floats
from shared.signals.detector import Detector, Scores
from shared.signals.detectors.price_anomaly import return_scale
from shared.signals.detectors.volume_spike import volume_above, volume_scale
from shared.signals.evidence import ALL_REACHED, Part, of_bar, of_columns, of_parts, sided, weakest, window
from shared.signals.kernels.burst import BARS, BASE
from shared.signals.windows import Measured

RAISE_AT = {5 * MINUTE: ALL_REACHED, HOUR: ALL_REACHED, DAY: ALL_REACHED}
MOVE = {5 * MINUTE: 7.0, HOUR: 6.0, DAY: 5.0}
VOLUME = {5 * MINUTE: 3.0, HOUR: 2.5, DAY: 2.0}
RANGES = 1.5
LIQUIDATED = 0.5
ASKS = ("known_liquidations_long", "known_liquidations_short")
COLUMNS = ("burst_return", "burst_against", "burst_volume", "burst_range", "base_range")


def parts(bars: Measured, step: int) -> tuple[Part, ...]:
    move = np.abs(bars["burst_return"]) / (np.sqrt(BARS) * return_scale(bars))
    volume = volume_above(bars, bars["burst_volume"])
    return (
        Part("move", move, MOVE[step]),
        Part("volume", volume, VOLUME[step]),
        Part("ranges", bars["burst_range"], RANGES),
        Part("liquidations", liquidated(bars), LIQUIDATED, optional=True),
    )


def liquidated(bars: Measured) -> Floats:
    """Share of the losing side in what was liquidated, NaN where that is not known (N,)."""
    longs, shorts = (bars.known(name) for name in ASKS)
    total = longs + shorts
    share: Floats = np.where(bars["burst_return"] < 0, longs, shorts) / np.where(total > 0, total, np.nan)
    return share


def score(bars: Measured, step: int) -> Scores:
    rated = weakest(parts(bars, step))
    one_way = bars["burst_against"] <= return_scale(bars)
    return sided(rated, np.sign(bars["burst_return"]), bars.ready & one_way & (rated > 0))


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    return {
        **of_bar(bars, row),
        **of_columns(bars, row, *COLUMNS),
        "scale": float(return_scale(bars)[row]),
        "volume_median": float(bars.volume_median[row]),
        "volume_scale": float(volume_scale(bars)[row]),
        "bars": {"event": BARS, "before": BASE},
        "parts": of_parts(parts(bars, step), row),
        "window": window(bars, row),
        "threshold": RAISE_AT[step],
    }


DETECTOR = Detector("liquidity_cascade", "bars", score, evidence, RAISE_AT, asks=ASKS)
