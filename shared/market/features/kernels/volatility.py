"""Volatility and the other moments of the last 96 returns."""

from __future__ import annotations

import numpy as np

from shared.market.features.kernels.window import Logs, deviation, total
from shared.market.indicators.kernel import Floats, Window

NAMES = (
    "volatility_24",
    "volatility_96",
    "volatility_ratio_24_96",
    "volatility_regime",
    "downside_share_96",
    "skew_96",
    "kurtosis_96",
    "autocorrelation_96",
    "largest_move_96",
)
# Half as high again as usual, or as low: of BTC's hours of 2024, 5 % are that wild and 19 % that calm.
REGIME_AT = float(np.log(1.5))


def columns(window: Window, logs: Logs) -> tuple[Floats, ...]:
    bars, away, squares, variation = Logs.BARS, logs.away, logs.squares, logs.variation
    day = deviation(logs.moves[-24:])
    ratio = np.log(day / logs.spread)
    falls = np.minimum(logs.moves, 0.0)
    down = total(falls * falls) / total(logs.moves * logs.moves)
    variance = variation / bars
    skew = total(squares * away) / bars / (variance * np.sqrt(variance))
    kurtosis = total(squares * squares) / bars / (variance * variance) - 3.0
    serial = total(away[1:] * away[:-1]) / variation
    largest = np.sqrt(squares.max(axis=0)) / logs.spread
    return day, logs.spread, ratio, level(ratio), down, skew, kurtosis, serial, largest


def level(ratio: Floats) -> Floats:
    """-1 calm, 0 usual, 1 wild, by the log of a volatility over its usual size; NaN where that is unknown."""
    return np.where(np.isnan(ratio), np.nan, np.sign(ratio) * (np.abs(ratio) > REGIME_AT))
