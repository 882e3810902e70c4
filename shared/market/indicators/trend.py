"""Indicators that follow a trend: parabolic SAR, and Aroon."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.definition import Indicator, Parameter, doc_of, labelled, maker_of
from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.market.indicators.smoothing import hide

STEP, MOST = 0.02, 0.2  # Wilder's own


class ParabolicSar(Kernel):
    """Wilder's stop and reverse (1978): each bar the stop moves towards the extreme of the trend by a factor
    that begins at `step` and grows by it with each new extreme, to at most `max_step`. It never enters the
    range of the two bars before; a bar that reaches it turns the trend, and the stop jumps to the old
    extreme.

    The trend begins as a rise over the first two bars, stop at their low and extreme at their high: so does
    the sheet of the `ta` library over StockCharts' data. TA-Lib begins in the direction of the first two
    bars; from the first turn that both make at the same bar on the two are equal. `psar_direction` is 1 in a
    rise and -1 in a fall.
    """

    reads = ("high", "low")
    depth = 3
    settle = None  # a trend that began elsewhere need not end at the same bar

    def __init__(self, lanes: int, step: float = STEP, max_step: float = MOST) -> None:
        self.names = ("psar", "psar_direction")
        if (step, max_step) != (STEP, MOST):
            self.names = labelled(self.names, step, max_step)
        self.start, self.most = step, max_step
        self.direction: Floats = np.ones(lanes)
        self.stop, self.extreme = np.full(lanes, np.nan), np.full(lanes, np.nan)
        self.factor: Floats = np.full(lanes, step)
        self.state = (self.direction, self.stop, self.extreme, self.factor)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        # a fall is a rise of negative prices: `near` is the side of the bars that faces the stop
        rises, sign = self.direction > 0.0, self.direction
        highs, lows = window.last("high", 3), window.last("low", 3)
        near, far = np.where(rises, lows, -highs), np.where(rises, highs[2], -lows[2])
        stop, extreme = self.stop * sign, self.extreme * sign
        stop += self.factor * (extreme - stop)
        np.minimum.reduce((stop, near[0], near[1]), axis=0, out=stop)
        turned = near[2] <= stop
        longer = far > extreme
        np.minimum(self.factor + self.start * longer, self.most, out=self.factor)
        np.maximum(extreme, far, out=extreme)
        np.copyto(stop, extreme, where=turned)
        np.copyto(extreme, near[2], where=turned)
        np.copyto(self.factor, self.start, where=turned)
        np.multiply(stop, sign, out=self.stop)
        np.multiply(extreme, sign, out=self.extreme)
        np.negative(self.direction, out=self.direction, where=turned)
        np.copyto(out[0], self.stop)
        np.copyto(out[1], self.direction)
        if window.least < 3:
            self.begin(window, out)

    def begin(self, window: Window, out: tuple[Floats, ...]) -> None:
        """Put the lanes at their second bar into a rise; until the third there is no stop."""
        second = window.count == 2
        np.copyto(self.stop, np.minimum.reduce(window.last("low", 2), axis=0), where=second)
        np.copyto(self.extreme, np.maximum.reduce(window.last("high", 2), axis=0), where=second)
        for values in out:
            hide(values, window, 2)


class Aroon(Kernel):
    """How many bars ago the highest high (up) and the lowest low (down) of the last `period` + 1 bars were:
    100 for now, 0 for `period` bars ago; the newest of equal ones counts (Chande 1995, as TA-Lib). The
    oscillator is up less down.
    """

    reads = ("high", "low")

    def __init__(self, lanes: int, period: int = 25) -> None:
        self.names = labelled(("aroon_up", "aroon_down", "aroon_oscillator"), period)
        self.depth, self.period = period + 1, period

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        up, down, oscillator = out
        bars = self.period + 1
        for values, ago in (
            (up, window.last("high", bars)[::-1].argmax(axis=0)),
            (down, window.last("low", bars)[::-1].argmin(axis=0)),
        ):
            np.subtract(self.period, ago, out=values)
            np.multiply(values, 100.0, out=values)
            np.divide(values, self.period, out=values)
        np.subtract(up, down, out=oscillator)
        for values in out:
            hide(values, window, self.period)


INDICATORS = (
    Indicator(
        "psar",
        "Parabolic stop and reverse",
        doc_of(ParabolicSar),
        (Parameter("step", STEP, 0.001, 1.0), Parameter("max_step", MOST, 0.001, 1.0)),
        ("psar", "psar_direction"),
        lambda step=STEP, max_step=MOST: 2,
        maker_of(ParabolicSar),
    ),
    Indicator(
        "aroon",
        "Aroon",
        doc_of(Aroon),
        (Parameter("period", 25, 1, 500),),
        ("aroon_up", "aroon_down", "aroon_oscillator"),
        lambda period=25: period,
        maker_of(Aroon),
    ),
)
