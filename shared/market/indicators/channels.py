"""Channels about the price: Donchian, Keltner, Supertrend, Ichimoku."""

from __future__ import annotations

import numpy as np

from shared.errors import Invalid
from shared.market.indicators.definition import (
    Indicator,
    Parameter,
    doc_of,
    labelled,
    maker_of,
    told_apart,
)
from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.market.indicators.moving import Ema
from shared.market.indicators.ranges import Atr
from shared.market.indicators.smoothing import hide


def middle(high: Floats, low: Floats, out: Floats) -> None:
    np.add(high, low, out=out)
    np.multiply(out, 0.5, out=out)


class Donchian(Kernel):
    """Highest high, lowest low and their middle over `period` bars, the bar's own included (TA-Lib's MAX and
    MIN): a close above all earlier highs is one above the upper channel of the bar before.
    """

    reads = ("high", "low")

    def __init__(self, lanes: int, period: int = 20) -> None:
        self.names = labelled(DONCHIAN, period)
        self.depth = self.period = period

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        upper, centre, lower = out
        np.maximum.reduce(window.last("high", self.period), axis=0, out=upper)
        np.minimum.reduce(window.last("low", self.period), axis=0, out=lower)
        middle(upper, lower, centre)


class Keltner(Kernel):
    """EMA of `period` closes, and `multiplier` times the ATR of `atr_period` bars above and below it (the
    form of Linda Raschke, which StockCharts uses).
    """

    reads = ("high", "low", "close")
    depth = 2

    def __init__(self, lanes: int, period: int = 20, atr_period: int = 10, multiplier: float = 2.0) -> None:
        self.names = told_apart(KELTNER, period, (atr_period, 10), (multiplier, 2.0))
        self.average, self.range, self.multiplier = Ema(lanes, period), Atr(lanes, atr_period), multiplier
        self.settle = max(self.average.settle or 0, self.range.settle or 0)
        self.state = (*self.average.state, *self.range.state)
        self.reach = np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        upper, centre, lower = out
        self.average.step(window, (centre,))
        self.range.step(window, (self.reach,))
        np.multiply(self.reach, self.multiplier, out=self.reach)
        np.add(centre, self.reach, out=upper)
        np.subtract(centre, self.reach, out=lower)


class Supertrend(Kernel):
    """A stop `multiplier` ATRs from the middle of the bar, which only tightens while its trend lasts.

    As TradingView has it: the upper stop falls, the lower one rises, each until the close before crossed it;
    a close beyond the stop turns the trend; the first trend is a fall. The ATR is Wilder's, seeded by the
    mean of true ranges that have a close before them. `supertrend_direction` is 1 in a rise, -1 in a fall.
    """

    reads = ("high", "low", "close")
    depth = 2
    settle = None  # a stop may stand as long as its trend

    def __init__(self, lanes: int, period: int = 10, multiplier: float = 3.0) -> None:
        self.names = told_apart(SUPERTREND, period, (multiplier, 3.0))
        self.range, self.period, self.multiplier = Atr(lanes, period), period, multiplier
        self.upper, self.lower = np.full(lanes, np.nan), np.full(lanes, np.nan)
        self.direction: Floats = np.full(lanes, -1.0)
        self.state = (*self.range.state, self.upper, self.lower, self.direction)
        self.reach, self.centre = np.empty(lanes), np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        row, (stop, direction) = window.row, out
        close, before = window.close[row], window.close[row - 1]
        self.range.step(window, (self.reach,))
        np.multiply(self.reach, self.multiplier, out=self.reach)
        middle(window.high[row], window.low[row], self.centre)
        above, below = self.centre + self.reach, self.centre - self.reach
        # a stop that is NaN gives way: nothing is above or below it
        np.copyto(self.upper, above, where=~((above >= self.upper) & (before <= self.upper)))
        np.copyto(self.lower, below, where=~((below <= self.lower) & (before >= self.lower)))
        falls = self.direction < 0.0
        np.copyto(self.direction, 1.0, where=falls & (close > self.upper))
        np.copyto(self.direction, -1.0, where=~falls & (close < self.lower))
        np.copyto(stop, np.where(self.direction > 0.0, self.lower, self.upper))
        np.copyto(direction, self.direction)
        hide(direction, window, self.period)


class Ichimoku(Kernel):
    """Ichimoku Kinko Hyo (Hosoda 1969): middles of the ranges of three windows of bars.

    Conversion and base line are those of `conversion_period` and `base_period` bars up to now. The spans are
    the cloud at this bar, which was known `base_period` bars ago: the mean of conversion and base line, and
    the middle of `span_period` bars. The lagging span is the close drawn back in time, so it is no column.
    """

    reads = ("high", "low")

    def __init__(
        self, lanes: int, conversion_period: int = 9, base_period: int = 26, span_period: int = 52
    ) -> None:
        self.periods = (conversion_period, base_period, span_period)
        if not conversion_period < base_period < span_period:
            raise Invalid("conversion_period, base_period, span_period must grow", field="base_period")
        self.names = labelled(ICHIMOKU, *self.periods)
        self.depth, self.ahead = span_period + base_period, base_period
        self.highest, self.lowest, self.earlier = np.empty((3, lanes))
        self.conversion = np.empty(lanes)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        conversion, base, span_a, span_b = out
        self.middles(window, window.row, (conversion, base))
        self.middles(window, window.row - self.ahead, (self.conversion, span_a, span_b))
        middle(self.conversion, span_a, span_a)

    def middles(self, window: Window, row: int, outs: tuple[Floats, ...]) -> None:
        """Write the middles of the windows that end at a row; each longer one goes on from the shorter."""
        seen = 0
        for period, out in zip(self.periods, outs, strict=False):
            older = slice(row - period + 1, row - seen + 1)
            for column, extreme, best in (
                (window.high, np.maximum, self.highest),
                (window.low, np.minimum, self.lowest),
            ):
                extreme.reduce(column[older], axis=0, out=self.earlier if seen else best)
                if seen:
                    extreme(best, self.earlier, out=best)
            middle(self.highest, self.lowest, out)
            seen = period


DONCHIAN = ("donchian_upper", "donchian_middle", "donchian_lower")
KELTNER = ("keltner_upper", "keltner_middle", "keltner_lower")
SUPERTREND = ("supertrend", "supertrend_direction")
ICHIMOKU = ("ichimoku_conversion", "ichimoku_base", "ichimoku_span_a", "ichimoku_span_b")

INDICATORS = (
    Indicator(
        "donchian",
        "Donchian channel",
        doc_of(Donchian),
        (Parameter("period", 20, 1, 1000),),
        DONCHIAN,
        lambda period=20: period - 1,
        maker_of(Donchian),
    ),
    Indicator(
        "keltner",
        "Keltner channel",
        doc_of(Keltner),
        (
            Parameter("period", 20, 2, 1000),
            Parameter("atr_period", 10, 2, 1000),
            Parameter("multiplier", 2.0, 0.1, 20.0),
        ),
        KELTNER,
        lambda period=20, atr_period=10, multiplier=2.0: max(period - 1, atr_period),
        maker_of(Keltner),
    ),
    Indicator(
        "supertrend",
        "Supertrend",
        doc_of(Supertrend),
        (Parameter("period", 10, 2, 1000), Parameter("multiplier", 3.0, 0.1, 20.0)),
        SUPERTREND,
        lambda period=10, multiplier=3.0: period,
        maker_of(Supertrend),
    ),
    Indicator(
        "ichimoku",
        "Ichimoku cloud",
        doc_of(Ichimoku),
        (
            Parameter("conversion_period", 9, 1, 300),
            Parameter("base_period", 26, 2, 500),
            Parameter("span_period", 52, 3, 1000),
        ),
        ICHIMOKU,
        lambda conversion_period=9, base_period=26, span_period=52: base_period + span_period - 1,
        maker_of(Ichimoku),
    ),
)
