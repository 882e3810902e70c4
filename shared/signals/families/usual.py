"""What is usual: median and MAD of the last values of each lane, whatever is missing among them.

Not `univariate.step`, though it finds more kinds of anomaly: its score follows from everything a series has
ever been, so that no evidence of a signal's size could compute it again. These follow from 96 stored values.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shared.signals.bars import Floats, Ints

# 96 values as for bars: steady medians (the MAD of 96 normal values is right within 10 %), and four days of
# hourly values, eight hours of five-minute ones.
WINDOW = 96
# Nothing is judged before half of the window is there: with a quarter of it ten times as many normal values
# are beyond 4 scales as with all of it (1 in 290, 1 in 1,000 with the half, 1 in 2,900), for want of a scale.
LEAST = 48


class Usual(NamedTuple):
    """Median, median absolute deviation (NaN without values) and number of values of each row, all (N,)."""

    median: Floats
    mad: Floats
    n: Ints


def usual(windows: Floats) -> Usual:
    """Of each row of `windows` (N, W), NaN where there is no value."""
    n = np.isfinite(windows).sum(axis=1)
    median = middle(windows, n)
    return Usual(median, middle(np.abs(windows - median[:, None]), n), n)


def middle(rows: Floats, n: Ints) -> Floats:
    ordered, each = np.sort(rows, axis=1), np.arange(len(rows))  # NaN last
    low, high = np.maximum(n - 1, 0) // 2, np.minimum(n // 2, rows.shape[1] - 1)
    middles: Floats = 0.5 * (ordered[each, low] + ordered[each, high])
    return middles


def push(windows: Floats, lanes: Ints, values: Floats) -> None:
    """Append a value to the windows of some lanes, each named once; the oldest falls out."""
    windows[lanes, :-1] = windows[lanes, 1:]
    windows[lanes, -1] = values


def push_apart(
    windows: Floats, pushed_at: Floats, lanes: Ints, values: Floats, at: Ints, apart: Floats | int
) -> None:
    """`push` where the lane's last value was pushed at least `apart` ms before `at`, or never."""
    due = ~(at - pushed_at[lanes] < apart)
    push(windows, lanes[due], values[due])
    pushed_at[lanes[due]] = at[due]
