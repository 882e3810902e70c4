"""How far a series can be trusted at a bar: five parts and one score, each from 0 (not at all) to 1.

    coverage     bars that are there, of the 97 of the longest window and of the time they span
    gaps         1 − bars missing in the longest hole / 12
    freshness    1 up to one bar between close and knowledge, 0 from 12 bars on
    agreement    1 where other sources' median price lies within 0.5 %, 0 from 3 % on
    corrections  1 − 10 · share of the window's bars that were corrected
    score        exp(Σ weight · ln max(part, 0.01) / Σ weight) over the parts that are known

The score is a geometric mean: a part at its worst pulls it down to 0.2-0.6, however good the others are. The
floor keeps it from hiding them all. A part that cannot be known (no other source) is left out, not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BARS = 97  # the longest window of a feature
WORST_HOLE = 12  # bars: the hour of 5m or half a day of 1h after which a series counts as broken
STALE = 12  # bars
# Prices of one coin on two exchanges rarely differ by more than half a percent; beyond three, one is wrong.
AGREED, APART = 0.005, 0.03
# Exchanges hardly ever restate a closed bar: one window in which a tenth was restated is worth nothing.
RESTATED = 10.0
FLOOR = 0.01
# What hurts a reader most weighs most: missing and late bars make numbers wrong, a restated one was once.
WEIGHTS = {"coverage": 0.3, "freshness": 0.25, "agreement": 0.2, "gaps": 0.15, "corrections": 0.1}


def coverage(bars: Floats, span: Floats, step: int) -> Floats:
    """`bars` in the window, `span` ms between the first and the last of them."""
    filled = np.minimum(bars * step / (span + step), 1.0)
    return filled * bars / BARS


def gaps(longest: Floats, step: int) -> Floats:
    """`longest` ms between two bars of the window, NaN where there is but one."""
    missing = np.where(np.isnan(longest), 0.0, longest / step - 1.0)
    return np.clip(1.0 - missing / WORST_HOLE, 0.0, 1.0)


def freshness(late: Floats, step: int) -> Floats:
    """`late` ms from the bar's close until it was known."""
    return np.clip(1.0 - (late / step - 1.0) / (STALE - 1), 0.0, 1.0)


def agreement(close: Floats, row: Ints, price: Floats) -> Floats:
    """Median distance of the close of each row to other sources' prices; `row` says whose each price is."""
    distance = np.abs(np.log(price / close[row]))
    order = np.lexsort((distance, row))
    row, distance = row[order], distance[order]
    rows, first, count = np.unique(row, return_index=True, return_counts=True)
    middle = (distance[first + (count - 1) // 2] + distance[first + count // 2]) / 2
    found = np.full(len(close), np.nan)
    found[rows] = np.clip(1.0 - (middle - AGREED) / (APART - AGREED), 0.0, 1.0)
    return found


def corrections(corrected: Floats) -> Floats:
    """`corrected` bars of the window."""
    return np.clip(1.0 - RESTATED * corrected / BARS, 0.0, 1.0)


def score(parts: Mapping[str, Floats]) -> Floats:
    """The weighted geometric mean of the parts, by name, that are not NaN."""
    total, weights = np.zeros(1), np.zeros(1)
    for name, part in parts.items():
        known = ~np.isnan(part)
        total = total + np.where(known, WEIGHTS[name] * np.log(np.maximum(part, FLOOR)), 0.0)
        weights = weights + WEIGHTS[name] * known
    found: Floats = np.exp(total / weights)
    return found
