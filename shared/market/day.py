"""What a day of trading came to (IND-18)."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

from shared.market.codec import Columns


@dataclass(frozen=True, slots=True)
class Day:
    """`change` is from the first open to the last close, in USD and in percent; `volume` in units of the
    asset, `turnover` what they cost at each bar's typical price; `average` is the one by the other."""

    bars: int
    open: float
    high: float
    low: float
    close: float
    change: float
    change_percent: float
    volume: float
    turnover: float
    average: float | None


def day_of(bars: Columns) -> Day:
    """The figures of at least one bar, oldest first."""
    first, last = bars.open[0], bars.close[-1]
    typical = [(h + lo + c) / 3 for h, lo, c in zip(bars.high, bars.low, bars.close, strict=True)]
    volume = fsum(bars.volume)
    turnover = fsum(price * traded for price, traded in zip(typical, bars.volume, strict=True))
    return Day(
        bars=len(bars.open_time),
        open=first,
        high=max(bars.high),
        low=min(bars.low),
        close=last,
        change=last - first,
        change_percent=100 * (last / first - 1),
        volume=volume,
        turnover=turnover,
        average=turnover / volume if volume else None,
    )
