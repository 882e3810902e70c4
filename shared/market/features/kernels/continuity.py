"""How whole the window is: what the quality of a row is rated by. These columns are not features."""

from __future__ import annotations

import numpy as np

from shared.market.features.kernels.window import Logs
from shared.market.indicators.kernel import Floats, Window

NAMES = ("window_bars", "window_span", "longest_hole")


def columns(window: Window, logs: Logs) -> tuple[Floats, ...]:
    """Bars in the window of 97, ms from the first of them to the last, ms of the longest step between two."""
    bars = Logs.BARS + 1
    times = window.last("open_time", bars)
    steps = times[1:] - times[:-1]
    known = np.minimum(window.count, bars).astype(np.float64)
    if window.least >= bars:
        return known, times[-1] - times[0], steps.max(axis=0)
    # before a lane's first bar times are NaN, which fmin and fmax pass over
    return known, times[-1] - np.fmin.reduce(times, axis=0), np.fmax.reduce(steps, axis=0)
