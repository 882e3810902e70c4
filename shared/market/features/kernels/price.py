"""Price: returns over several bars, the shape of the bar, its place in the range of the last ones."""

from __future__ import annotations

import numpy as np

from shared.market.features.kernels.window import Logs, share
from shared.market.indicators.kernel import Floats, Window

RETURNS = (1, 3, 6, 12, 24, 48, 96)
NAMES = (
    *(f"return_{bars}" for bars in RETURNS),
    "acceleration_12",
    "bar_body",
    "bar_range",
    "upper_wick",
    "lower_wick",
    "close_position",
    "gap",
    "range_position_24",
    "range_position_96",
    "high_distance_96",
    "low_distance_96",
    "up_share_24",
    "up_share_96",
)


def columns(window: Window, logs: Logs) -> tuple[Floats, ...]:
    close = logs.close[-1]
    returns = [close - logs.close[-1 - bars] for bars in RETURNS]
    acceleration = returns[3] - (logs.close[-13] - logs.close[-25])
    up = logs.moves > 0
    rises = share(up[-24:], logs.moves[-24]), share(up, logs.moves[0])
    return (*returns, acceleration, *shape(window, close), *places(window, close), *rises)


def shape(window: Window, close: Floats) -> tuple[Floats, ...]:
    """Body, range, wicks, place of the close, gap to the bar before."""
    row = window.row
    opened, high, low, last = window.open[row], window.high[row], window.low[row], window.close[row]
    opened_log, span = np.log(opened), high - low
    top, bottom = np.maximum(opened, last), np.minimum(opened, last)
    wicks = (high - top) / span, (bottom - low) / span, (last - low) / span
    before = np.log(window.close[row - 1])
    return (close - opened_log, np.log(high / low), *wicks, opened_log - before)


def places(window: Window, close: Floats) -> tuple[Floats, ...]:
    """Where the close lies between the lowest and the highest price of 24 and of 96 bars, and how far off."""
    high, low = window.last("high", Logs.BARS), window.last("low", Logs.BARS)
    top, bottom = high.max(axis=0), low.min(axis=0)
    day_top, day_bottom = high[-24:].max(axis=0), low[-24:].min(axis=0)
    last = window.close[window.row]
    day, whole = (last - day_bottom) / (day_top - day_bottom), (last - bottom) / (top - bottom)
    return day, whole, close - np.log(top), close - np.log(bottom)
