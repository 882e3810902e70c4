"""The last few bars as one event, and the bars before them as its quiet base."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Kernel, Window

BARS = 3  # of an event: explosions and cascades run through several bars
BASE = 24  # bars before it


class Burst(Kernel):
    """Return, volume and ranges of the last BARS bars; move, volume and usual range of the BASE before them.

    `burst_return` is ln of the close over the close before the event, `burst_against` the largest return
    against it among its bars (0 where all went its way), `burst_volume` ln of its mean volume, `burst_range`
    the smallest true range of its bars over `base_range`, the mean true range of the base; `base_move` the
    largest absolute return and `base_volume` ln of the largest volume in the base.
    """

    names = (
        "burst_return",
        "burst_against",
        "burst_volume",
        "burst_range",
        "base_range",
        "base_move",
        "base_volume",
    )
    depth = BARS + BASE + 1
    reads = ("high", "low", "close", "volume")

    def __init__(self, lanes: int) -> None:
        """Without state: a function of the window alone."""

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        total, against, volume, smallest, base_range, base_move, base_volume = out
        rows = BARS + BASE
        closes, volumes = window.last("close", rows + 1), window.last("volume", rows)
        before, factors = closes[:-1], closes[1:] / closes[:-1]
        ranges = np.maximum(window.last("high", rows), before)
        ranges -= np.minimum(window.last("low", rows), before)
        np.log(np.divide(closes[-1], closes[-1 - BARS], out=total), out=total)
        turned = np.log(factors[BASE:])
        turned *= -np.sign(total)
        np.maximum(np.maximum.reduce(turned, axis=0), 0.0, out=against)
        np.add.reduce(volumes[BASE:], axis=0, out=volume)
        np.log(np.divide(volume, BARS, out=volume), out=volume)
        np.add.reduce(ranges[:BASE], axis=0, out=base_range)
        np.divide(base_range, BASE, out=base_range)
        np.divide(np.minimum.reduce(ranges[BASE:], axis=0), base_range, out=smallest)
        rise = np.log(np.maximum.reduce(factors[:BASE], axis=0, out=base_move))
        fall = np.log(np.minimum.reduce(factors[:BASE], axis=0, out=base_move))
        np.maximum(rise, -fall, out=base_move)
        np.log(np.maximum.reduce(volumes[:BASE], axis=0, out=base_volume), out=base_volume)
