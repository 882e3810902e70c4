"""Which market it is: bull, bear or sideways, and how volatile, by rules that anyone can check.

    bull      close > SMA(50) and SMA(50) higher than 10 bars ago
    bear      close < SMA(50) and SMA(50) lower than 10 bars ago
    sideways  anything else: price and its average disagree
    volatility: today's realised volatility (20 bars) among those of the last 365 bars;
                high from the 80th percentile on, low up to the 20th, else normal

Fifty bars are the average most traders watch for the middle term; both conditions together keep a price that
crosses its average back and forth from flipping the label each time. The percentile compares an asset with
itself: what is calm for one coin is a storm for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Trend = Literal["bull", "bear", "sideways"]
Volatility = Literal["high", "normal", "low"]

AVERAGE, SLOPE = 50, 10  # bars
REALISED, COMPARED = 20, 365  # bars
HIGH, LOW = 0.8, 0.2
LEAST_TREND = AVERAGE + SLOPE
LEAST_VOLATILITY = REALISED + 100  # a percentile among fewer than a hundred days says little
YEAR = 365  # crypto trades every day


@dataclass(frozen=True, slots=True)
class Regime:
    """The labels of the newest bar and the numbers behind them.

    `since` counts the bars the trend has stood, the newest included. `volatility` and what belongs to it are
    None where the history is too short; volatilities are of log returns, a year's worth.
    """

    trend: Trend
    since: int
    close: float
    average: float
    average_before: float
    volatility: Volatility | None
    realised_volatility: float | None
    volatility_rank: float | None


def regime(closes: Sequence[float] | Floats) -> Regime | None:
    """Label the newest of daily closes, oldest first; None where there are fewer than LEAST_TREND."""
    prices = np.asarray(closes, np.float64)
    if len(prices) < LEAST_TREND:
        return None
    averages = np.convolve(prices, np.full(AVERAGE, 1 / AVERAGE), "valid")
    now, before = averages[SLOPE:], averages[:-SLOPE]
    close = prices[-len(now) :]
    trends = np.where((close > now) & (now > before), 1, np.where((close < now) & (now < before), -1, 0))
    changes = np.flatnonzero(np.diff(trends))
    since = len(trends) - (int(changes[-1]) + 1 if len(changes) else 0)
    names: dict[int, Trend] = {1: "bull", -1: "bear", 0: "sideways"}
    label, realised, rank = volatility_of(prices)
    return Regime(
        names[int(trends[-1])],
        since,
        float(close[-1]),
        float(now[-1]),
        float(before[-1]),
        label,
        realised,
        rank,
    )


def volatility_of(prices: Floats) -> tuple[Volatility | None, float | None, float | None]:
    """Label, realised volatility of a year, and its rank (share of the compared days that were calmer)."""
    if len(prices) <= LEAST_VOLATILITY:
        return None, None, None
    returns = np.diff(np.log(prices))[-(COMPARED + REALISED) :]
    windows = np.lib.stride_tricks.sliding_window_view(returns, REALISED)
    realised = windows.std(axis=1, ddof=1) * np.sqrt(YEAR)
    rank = float((realised[:-1] < realised[-1]).mean())
    label: Volatility = "high" if rank >= HIGH else "low" if rank <= LOW else "normal"
    return label, float(realised[-1]), rank


def breadth(closes: Sequence[Sequence[float]]) -> tuple[int, int]:
    """(assets above their 50-bar average, assets that have one), from each asset's closes, oldest first."""
    judged = [np.asarray(one[-AVERAGE:], np.float64) for one in closes if len(one) >= AVERAGE]
    return sum(bool(one[-1] > one.mean()) for one in judged), len(judged)
