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
        np.maximum.reduce(high, axis=0, out=held_range)
        np.divide(held_range, np.minimum.reduce(low, axis=0), out=held_range)
        np.log(held_range, out=held_range)
        span, place = high - low, close - low
        still = span == 0
        np.divide(place, span, out=place)
        place[still] = 0.5
        np.add.reduce(place, axis=0, out=held_close)
        np.divide(held_close, BARS, out=held_close)
        np.add.reduce(window.last("volume", BARS), axis=0, out=held_volume)
        np.log(np.divide(held_volume, BARS, out=held_volume), out=held_volume)
