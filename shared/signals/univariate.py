"""Anomalies of one value at a time: how far what happens now lies from everything that has happened before.

A lane (one series) remembers prototypes: points it has been at. The distance of the newest point to the
nearest prototype, in standard deviations of the series, is its novelty; a point further than a radius from
all of them becomes a prototype itself, so what has been seen once is no news the second time. Nothing is
read but the past: the score of a value is final when it arrives.

Several views of the series are watched in this way, and joined as the root of the sum of their squares:

    value      x                                         a value never seen
    daily      x - profile(time of day)                  a value never seen at this hour
    shape      means over the last 1, 3, 8 values        a course never seen
    levels     means over the last 1, 4, 16, 64 values   a sequence of levels never seen

An alarm is a score at or above ALARM.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY = 86_400_000
SLOTS = 96  # quarters of an hour in the daily profile
MEANS = (3, 4, 8, 16, 64)
VIEWS = ((0,), (1,), (0, 2, 4), (0, 3, 5, 6))  # features of each view: value, daily residual, means
RADII = (0.2, 0.2, 0.5, 0.5)  # in standard deviations
PROTOTYPES = 128
WARM = 100  # values before the first score
RECENT = 100  # values within which only a higher score is a new one
PROFILE_WEIGHT = 0.05
ALARM = 0.6

_MOMENTS = 3 * len(VIEWS)
_MEMORY = sum((len(view) + 1) * PROTOTYPES for view in VIEWS)
WIDTH = 3 + len(MEANS) + 2 * (2 + len(MEANS)) + SLOTS + _MEMORY


def empty(lanes: int) -> Floats:
    """The state of lanes that have seen nothing: (WIDTH, lanes), changed in place by `step`."""
    state = np.full((WIDTH, lanes), np.nan)
    state[: 3 + len(MEANS) + 2 * (2 + len(MEANS))] = 0.0
    return state


def step(state: Floats, at: Ints, values: Floats) -> Floats:
    """Move every lane on by one value; NaN leaves a lane as it is. Scores (L,) in [0, 1), 0 in warm-up.

    `at` (L,) is the time of the value in ms UTC.
    """
    lanes = np.flatnonzero(np.isfinite(values))
    scores = np.zeros(len(values))
    if len(lanes) < len(values):
        if len(lanes):
            part = np.ascontiguousarray(state[:, lanes])
            scores[lanes] = step(part, at[lanes], values[lanes])
            state[:, lanes] = part
        return scores
    features = _features(state, at, values)
    novelty = _novelties(state, features)
    return _fresh(state, novelty)


def _features(state: Floats, at: Ints, values: Floats) -> Floats:
    """(features, L): the value, what the time of day does not explain, and the means."""
    count, means = state[0], state[3 : 3 + len(MEANS)]
    count += 1.0
    weight = np.maximum(1.0 / count, 2.0 / (np.array(MEANS)[:, None] + 1.0))
    means += weight * (values - means)
    slot = at % DAY * SLOTS // DAY
    profile = state[WIDTH - _MEMORY - SLOTS : WIDTH - _MEMORY]
    lane = np.arange(len(values))
    known = profile[slot, lane]
    rest = np.where(np.isnan(known), 0.0, values - known)
    profile[slot, lane] = np.where(np.isnan(known), values, known + PROFILE_WEIGHT * rest)
    return np.concatenate([[values, rest], means])


def _novelties(state: Floats, features: Floats) -> Floats:
    """Distance to the nearest prototype in standard deviations, over all views (L,)."""
    count, first = state[0], 3 + len(MEANS)
    moments = state[first : first + 2 * len(features)].reshape(2, len(features), -1)
    spread = np.sqrt(moments[1])
    away = features - moments[0]
    moments[0] += away / count
    moments[1] += (away * away - moments[1]) / count
    squares, start = np.zeros(features.shape[1]), WIDTH - _MEMORY
    for view, radius in zip(VIEWS, RADII, strict=True):
        size = (len(view) + 1) * PROTOTYPES
        memory = state[start : start + size].reshape(len(view) + 1, PROTOTYPES, -1)
        start += size
        squares += _visit(memory, features[list(view)], spread[view[0]], radius, count) ** 2
    return np.where(count > WARM, np.sqrt(squares), 0.0)


def _visit(memory: Floats, point: Floats, spread: Floats, radius: float, count: Floats) -> Floats:
    """The novelty of a point (d, L) in one view, which then remembers it. Memory is (d + 1, P, L)."""
    lane = np.arange(point.shape[1])
    away = memory[:-1] - point[:, None]
    squares = np.einsum("dpl,dpl->pl", away, away) / len(point)
    squares[np.isnan(squares)] = np.inf
    nearest = squares.argmin(axis=0)
    distance = np.sqrt(squares[nearest, lane])
    known = np.isfinite(distance)
    with np.errstate(divide="ignore", invalid="ignore"):
        novelty = np.where(known & (distance > 0.0), distance / spread, 0.0)
    new = ~known | (novelty > radius)
    used = memory[-1]
    place = np.where(new, np.where(np.isnan(used), -1.0, used).argmin(axis=0), nearest)
    memory[:-1, place[new], lane[new]] = point[:, new]
    used[place, lane] = count
    return np.minimum(novelty, 1e6)


def _fresh(state: Floats, novelty: Floats) -> Floats:
    """The score: novelty / (1 + novelty) where it exceeds what came within the last RECENT values, else 0."""
    count, peak, since = state[0], state[1], state[2]
    fresh = (novelty > peak) | (count - since > RECENT)
    state[1] = np.where(fresh, novelty, peak)
    state[2] = np.where(fresh, count, since)
    return np.where(fresh, novelty / (1.0 + novelty), 0.0)
