"""Trend and momentum: straight lines through log closes, how straight the way was, moves in deviations."""

from __future__ import annotations

import numpy as np

from shared.market.features.kernels.window import Logs, total
from shared.market.indicators.kernel import Floats, Window

NAMES = (
    "slope_24",
    "fit_24",
    "slope_96",
    "fit_96",
    "trend_regime",
    "efficiency_24",
    "close_z_96",
    "momentum_24",
    "momentum_96",
)
# Half of the variation lies on the line. 44 of 100 random walks of 96 bars are that straight: this is a name
# for what the price did, not a forecast.
STRAIGHT = 0.5


def columns(window: Window, logs: Logs) -> tuple[Floats, ...]:
    close = logs.close
    day, day_fit, _ = line(close[-24:])
    whole, fit, z = line(close[-Logs.BARS :])
    moved, long = close[-1] - close[-25], close[-1] - close[-1 - Logs.BARS]
    way = total(np.abs(logs.moves[-24:]))
    momentum = moved / (logs.spread * np.sqrt(24)), long / (logs.spread * np.sqrt(Logs.BARS))
    return day, day_fit, whole, fit, direction(whole, fit), np.abs(moved) / way, z, *momentum


def line(logs: Floats) -> tuple[Floats, Floats, Floats]:
    """Least squares over (n, L): rise over n bars, R², and the last value in deviations off the mean."""
    n = len(logs)
    place = np.arange(n)[:, None] - (n - 1) / 2
    square = float((place**2).sum())
    shifted = logs - logs[-1]  # small numbers: the level would cost half of the digits
    away = shifted - total(shifted) / n
    slope, variation = total(place * shifted) / square, total(away * away)
    return slope * n, slope * slope * square / variation, away[-1] / np.sqrt(variation / (n - 1))


def direction(slope: Floats, fit: Floats) -> Floats:
    """1 up, -1 down where the line fits, else 0; NaN where there is none."""
    return np.where(np.isnan(fit), np.nan, np.sign(slope) * (fit >= STRAIGHT))
