"""Several bars of trading in one place: how far the price ranged, where bars closed, how much was traded."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Kernel, Window

BARS = 12  # an hour of 5m, half a day of 1h


class Holding(Kernel):
    """Over the last BARS bars: `held_range` ln(highest high / lowest low), `held_close` the mean place of the
    close within its bar (0 at the low, 1 at the high, 0.5 of a bar without a range), `held_volume` ln of the
    mean volume."""

    names = ("held_range", "held_close", "held_volume")
    depth = BARS
    reads = ("high", "low", "close", "volume")

    def __init__(self, lanes: int) -> None:
        """Without state: a function of the window alone."""

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        high, low, close = (window.last(name, BARS) for name in ("high", "low", "close"))
        held_range, held_close, held_volume = out
        np.log(high.max(axis=0) / low.min(axis=0), out=held_range)
        span = high - low
        place = np.where(span == 0, 0.5, (close - low) / np.where(span == 0, 1.0, span))
        np.mean(place, axis=0, out=held_close)
        np.log(window.last("volume", BARS).mean(axis=0), out=held_volume)
