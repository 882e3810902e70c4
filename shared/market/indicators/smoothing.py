"""The recurrences that indicators are smoothed with, and how their warm-up is seeded and hidden.

Both smoothings follow a value by a fixed share of its distance. They start as the plain mean of the first n
values, so the k-th of those moves the mean by 1/k of the distance (the seeds of TA-Lib).
"""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Window

# A start that counts less than this is gone: what two starts leave in a result is then below 1e-12, with room
# for averages of averages and for differences of averages, which are far smaller than the price.
FORGOTTEN = 1e-15

# Constants are arrays: numpy converts a number again at every call.
# The least divisor: 0 by it is 0, and whatever moves at all is far above it.
TINY = np.array(np.finfo(np.float64).tiny)
FIFTY, HUNDRED = np.array(50.0), np.array(100.0)


def ema_share(period: int) -> Floats:
    """Share of the distance an exponential average of n bars moves: 2 / (n + 1)."""
    return np.array(2.0 / (period + 1.0))


def wilder_share(period: int) -> Floats:
    """Share of the distance Wilder's average of n bars moves (Wilder 1978): 1 / n."""
    return np.array(1.0 / period)


def forgotten_after(share: Floats) -> int:
    """Bars after which an average that moves by `share` no longer knows where it began."""
    return int(np.ceil(np.log(FORGOTTEN) / np.log1p(-share))) if share < 1.0 else 1


def follow(average: Floats, value: Floats, share: Floats, moved: Floats) -> None:
    """Move an average towards a value, in place; `moved` is scratch of the same shape."""
    np.subtract(value, average, out=moved)
    np.multiply(moved, share, out=moved)
    np.add(average, moved, out=average)


def smooth(
    average: Floats,
    value: Floats,
    window: Window,
    period: int,
    share: Floats,
    moved: Floats,
    missing: int = 0,
) -> None:
    """`follow` with its seed: a lane's first `missing` bars have no value, the next n values are averaged."""
    if window.least > period + missing:
        follow(average, value, share, moved)
        return
    known = window.count - missing
    shares = np.where(known > period, share, 1.0 / np.maximum(known, 1))
    np.subtract(value, average, out=moved)
    np.multiply(moved, shares, out=moved)
    np.add(average, moved, out=average, where=known > 0)


def hide(out: Floats, window: Window, bars: int) -> None:
    """Write NaN where a lane has seen `bars` bars or fewer: its warm-up."""
    if window.least <= bars:
        np.copyto(out, np.nan, where=window.count <= bars)
