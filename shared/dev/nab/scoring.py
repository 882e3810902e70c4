"""NAB's score of a detector, from the published rules (Lavin & Ahmad 2015, arXiv:1510.03336, section III).

Every labelled anomaly is a window of rows. The first 15 % of a series (750 rows at most) are probation and
count for nothing. With a = 5:

    S(y) = 2 / (1 + exp(a y)) - 1        -1 once y > 3
    in a window       y = -(right - i + 1) / width, the value S(y) / S(-1): nearly 1 at the left edge
    after a window    y = (i - right) / (width - 1), the value 0.11 S(y): a late alarm costs little at first
    before any        the value -0.11

Of the alarms in a window only the best counts; a window without one costs 1. Scores are summed over all
series and put on a scale where 0 is a detector that never alarms and 100 the earliest alarm in every window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = tuple[int, int]  # first and last row of a window, both in it

STEEPNESS = 5.0
FAR = 3.0  # window lengths behind a window beyond which a false alarm costs in full
PROBATION = 0.15
PROBATION_OF = 5000  # rows of which the probation is taken at most
NEVER = 1.1  # the threshold no score in [0, 1] reaches


@dataclass(frozen=True)
class Profile:
    """What a hit earns, and a false alarm and a miss cost."""

    hit: float = 1.0
    false_alarm: float = 0.11
    miss: float = 1.0


STANDARD = Profile()


@dataclass(frozen=True)
class Scored:
    """One series as the sum needs it: `worth` of an alarm at each row, the window it lies in or -1.

    `labels` counts all its windows; those whose rows are all in probation can be neither hit nor missed.
    """

    scores: Floats
    worth: Floats
    window: Ints
    labels: int


def sigmoid(position: Floats) -> Floats:
    """The scaled sigmoid S(y)."""
    near = 2.0 / (1.0 + np.exp(STEEPNESS * np.minimum(position, FAR))) - 1.0
    return np.where(position > FAR, -1.0, near)


def probation(rows: int) -> int:
    """How many rows at the start of a series do not count."""
    return int(min(np.floor(PROBATION * rows), PROBATION * PROBATION_OF))


def prepare(scores: Floats, windows: Sequence[Rows], profile: Profile = STANDARD) -> Scored:
    """The counting rows of one series. Windows are in order and do not overlap."""
    rows = np.arange(len(scores))
    worth = np.full(len(scores), -profile.false_alarm)
    window = np.full(len(scores), -1)
    best = sigmoid(np.array([-1.0]))[0]
    for number, (left, right) in enumerate(windows):
        width = right - left + 1
        inside, after = slice(left, right + 1), slice(right + 1, None)
        worth[inside] = profile.hit * sigmoid(-(right - rows[inside] + 1) / width) / best
        worth[after] = profile.false_alarm * sigmoid((rows[after] - right) / (width - 1))
        window[inside] = number
    start = probation(len(scores))
    return Scored(scores[start:], worth[start:], window[start:], len(windows))


def totals(series: Sequence[Scored], profile: Profile = STANDARD) -> tuple[Floats, Floats]:
    """Every threshold that makes a difference, highest first, and the raw score of the set at each.

    An alarm is a score at or above the threshold. The first threshold is one that nothing reaches.
    """
    scores = np.concatenate([one.scores for one in series])
    gain = np.concatenate([gains(one, profile) for one in series])
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    missed = -profile.miss * sum(len(hittable(one)) for one in series)
    summed = missed + np.concatenate([[0.0], np.cumsum(gain[order])])
    last = np.append(ranked[1:] != ranked[:-1], True)
    return np.append(NEVER, ranked[last]), np.append(summed[0], summed[1:][last])


def hittable(one: Scored) -> Ints:
    """The windows of a series of which at least one row counts."""
    return np.unique(one.window[one.window >= 0])


def gains(one: Scored, profile: Profile) -> Floats:
    """What each row adds to the score when the threshold sinks to it: in a window, only what is better."""
    gain = one.worth.copy()
    for number in hittable(one):
        inside = np.flatnonzero(one.window == number)
        inside = inside[np.argsort(-one.scores[inside], kind="stable")]
        best = np.maximum.accumulate(np.append(-profile.miss, one.worth[inside]))
        gain[inside] = np.diff(best)
    return gain


def at(series: Sequence[Scored], threshold: float, profile: Profile = STANDARD) -> float:
    """The raw score of the set with this threshold."""
    thresholds, raw = totals(series, profile)
    return float(raw[np.count_nonzero(thresholds >= threshold) - 1])


def optimise(series: Sequence[Scored], profile: Profile = STANDARD) -> tuple[float, float]:
    """NAB's own procedure: the one threshold that is best for the whole set, and the raw score there."""
    thresholds, raw = totals(series, profile)
    best = int(np.argmax(raw))
    return float(thresholds[best]), float(raw[best])


def normalise(raw: float, series: Sequence[Scored], profile: Profile = STANDARD) -> float:
    """A raw score between that of the silent detector (0) and the perfect one (100)."""
    silent = -profile.miss * sum(len(hittable(one)) for one in series)
    perfect = profile.hit * sum(one.labels for one in series)
    return 100.0 * (raw - silent) / (perfect - silent)
