"""Pump and dump (compound): an explosion of price and volume within three bars, out of nothing.

    price  = return of three bars / (√3 · scale)              upwards only
    volume = (ln mean volume of three bars - median) / scale of volume
    score  = the smaller of price / its level and volume / its level; 1 means that both are reached

Only on an asset that had been quiet: in the 24 bars before no return beyond 4 scales and no volume beyond 3.
Median and scales are those of price_anomaly and volume_spike, over the 96 bars before the newest; two bars of
the explosion among them move no median.

Levels: price 8, 7, 6 and volume 4, 3.5, 3 (5m, 1h, 1d): about those at which either alone is an anomaly. No
Gaussian random walk of 400,000 bars reaches both; of the hours of 2024 (BTC, ETH, XRP) one in 4,000 does. The
direction is down, the reversal that is to be expected: who buys together to make a price sells together, and
what was lifted by no news has nothing to stay up for. Read it with `explained`: news speak against a pump.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.bars import Bools
from shared.signals.detector import Detector, Scores
from shared.signals.detectors.price_anomaly import return_scale
from shared.signals.detectors.volume_spike import volume_above, volume_scale
from shared.signals.evidence import ALL_REACHED, Part, of_bar, of_columns, of_parts, sided, weakest, window
from shared.signals.kernels.burst import BARS, BASE
from shared.signals.windows import Measured

RAISE_AT = {5 * MINUTE: ALL_REACHED, HOUR: ALL_REACHED, DAY: ALL_REACHED}
PRICE = {5 * MINUTE: 8.0, HOUR: 7.0, DAY: 6.0}
VOLUME = {5 * MINUTE: 4.0, HOUR: 3.5, DAY: 3.0}
QUIET_MOVE, QUIET_VOLUME = 4.0, 3.0
COLUMNS = ("burst_return", "burst_volume", "base_move", "base_volume")


def parts(bars: Measured, step: int) -> tuple[Part, ...]:
    price = bars["burst_return"] / (np.sqrt(BARS) * return_scale(bars))
    volume = volume_above(bars, bars["burst_volume"])
    return Part("price", price, PRICE[step]), Part("volume", volume, VOLUME[step])


def quiet(bars: Measured) -> Bools:
    """Whether the base saw neither a move nor a volume out of the usual (N,)."""
    moved = bars["base_move"] <= QUIET_MOVE * return_scale(bars)
    traded = volume_above(bars, bars["base_volume"]) <= QUIET_VOLUME
    return moved & traded


def score(bars: Measured, step: int) -> Scores:
    rated = weakest(parts(bars, step))
    return sided(rated, -1, bars.ready & quiet(bars) & (rated > 0))


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    return {
        **of_bar(bars, row),
        **of_columns(bars, row, *COLUMNS),
        "scale": float(return_scale(bars)[row]),
        "volume_median": float(bars.volume_median[row]),
        "volume_scale": float(volume_scale(bars)[row]),
        "quiet": {"bars": BASE, "move": QUIET_MOVE, "volume": QUIET_VOLUME},
        "bars": BARS,
        "parts": of_parts(parts(bars, step), row),
        "window": window(bars, row),
        "threshold": RAISE_AT[step],
    }


DETECTOR = Detector("pump_dump", "bars", score, evidence, RAISE_AT)
