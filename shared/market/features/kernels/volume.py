"""Volume, in dollars and as logarithms: volumes multiply rather than add, and coins differ in size."""

from __future__ import annotations

import numpy as np

from shared.market.features.kernels.window import Logs, deviation, share, total
from shared.market.indicators.kernel import Floats, Window

NAMES = (
    "dollar_volume",
    "volume_z_96",
    "volume_surge_24",
    "volume_trend_12_96",
    "volume_volatility_96",
    "signed_volume_24",
    "idle_share_96",
    "illiquidity_24",
    "volume_move_correlation_96",
)


def columns(window: Window, logs: Logs) -> tuple[Floats, ...]:
    bars = Logs.BARS
    volume = window.last("volume", bars + 1)
    dollars = volume * window.last("close", bars + 1)
    sizes = np.log1p(dollars)
    now, before = sizes[-1], sizes[:-1]
    mean = total(before) / bars
    spread = deviation(before)
    surge = now - total(sizes[-25:-1]) / 24
    trend = total(sizes[-12:]) / 12 - total(sizes[1:]) / bars
    day, moved = volume[-24:], logs.moves[-24:]
    signed = total(np.sign(moved) * day) / total(day)
    idle = share(volume[1:] == 0, volume[1])
    lengths = np.abs(logs.moves)
    dear = np.log(total(lengths[-24:]) / total(dollars[-24:]))
    tie = correlation(lengths, sizes[1:])
    return now, (now - mean) / spread, surge, trend, spread, signed, idle, dear, tie


def correlation(left: Floats, right: Floats) -> Floats:
    """Pearson correlation of each lane of two (n, L)."""
    one, two = left - total(left) / len(left), right - total(right) / len(right)
    tie: Floats = total(one * two) / np.sqrt(total(one * one) * total(two * two))
    return tie
