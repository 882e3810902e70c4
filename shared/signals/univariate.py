"""Anomalies of one value at a time: how far what happens now lies from everything that has happened before.

A lane (one series) keeps prototypes, points where it has been. The distance of the newest point to the
nearest of them, in spreads of the series, is its novelty; a point further off than a radius
becomes a prototype itself. So the first of a kind stands out and the tenth does not, whatever the shape of
the distribution: a daily batch job, two levels of load or a heavy tail need no model of their own. Only the
past is read, and a score is final when its value arrives.

Five views of a series are watched so, with mean absolute distances d and spreads s (of the value, of the
rest, of the change; exponential over LONG values). A spread is the geometric mean of the standard deviation
and of what the mean absolute deviation would make of it: one spike of a quiet series must not hide the next.

    value    x                                          s(x)        a value never seen
    rest     x - profile(hour) - correction(weekday)    s(rest)     a value never seen at this time
    course   x and its means over 3 and 8 values        s(x)        a course never seen
    levels   x and its means over 4, 16, 64 values      s(x)        a sequence of levels never seen
    change   x - the value before                       3 s(change) a step never seen

    novelty v = sqrt(sum of (d / s)²), the views joined so that several weak surprises count
    v / sqrt(1 + alarms)        `alarms`: loud episodes of late, halved every HALF_LIFE values. A series that
                                is loud all the time must show more before it is believed
    score = v / (1 + v)         where v rises by RISE over all of the episode so far, else 0: one episode,
                                one alarm. An episode ends RECENT values after its height

An alarm is a score at or above ALARM. How good this is: docs/ANOMALY_QUALITY.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOUR, DAY = 3_600_000, 86_400_000
HOURS, WEEKDAYS = 24, 7
HOUR_WEIGHT, WEEKDAY_WEIGHT = 0.02, 0.1  # of one value in the profile and in its correction by weekday

SPANS = (3, 4, 8, 16, 64)  # values of the exponential means, about ×2 to ×4 apart
LONG = 10_000  # values over which a spread is taken: past the regime of the hour, yet able to follow a drift
PROTOTYPES = 64  # a view; the oldest gives way. Series of 15,000 values need 50 to 170 in all
WARM = 100  # values before the first score: a spread and a first day's worth of prototypes
RECENT = 50  # values; 75 and 100 score the same, 200 hides what follows
RISE = 1.2  # a last little rise of the same spike is no second alarm
LOUD = 1.0  # novelty from which an episode counts as one of `alarms`
HALF_LIFE = 500.0  # values; ten RECENT
ABSOLUTE_TO_SIGMA = 1.2533  # of a normal distribution: sqrt(pi / 2)
MOST = 50.0  # a novelty without a spread to measure it by (the first change of a constant) is held to this
BLOCK = 128  # lanes at a time: their memory stays in the cache
ALARM = 0.40  # novelty 2/3; within the plateau (0.39 … 0.42) of NAB's development series

# Rows of (value, rest, change, mean of each span) that make up the views, and what belongs to each view.
ROWS = np.array([0, 1, 0, 3, 5, 0, 4, 6, 7, 2])
VIEW = np.array([0, 1, 2, 2, 2, 3, 3, 3, 3, 4])
SPREAD = np.array([0, 1, 0, 0, 2])  # whose spread measures the view
WIDEN = np.array([1.0, 1.0, 1.0, 1.0, 3.0])  # steps tell less: they come with every noise
RADIUS = np.array([0.2, 0.2, 0.4, 0.4, 0.06])  # of joined novelty; a course in 3 or 4 numbers is told coarser

# Rows of the state: count, previous value, height and place of the episode, alarms; then by group.
COUNT, PREVIOUS, HEIGHT, PLACE, ALARMS = range(5)
MEANS = slice(5, 10)
CENTRES, SQUARES, ABSOLUTES = slice(10, 13), slice(13, 16), slice(16, 19)
PROFILE, CORRECTION = slice(19, 43), slice(43, 50)
NEXT = slice(50, 55)
MEMORY = slice(55, 55 + len(ROWS) * PROTOTYPES)
WIDTH = MEMORY.stop


def empty(lanes: int) -> Floats:
    """The state of lanes that have seen nothing: (WIDTH, lanes), contiguous, changed in place by `step`."""
    state = np.zeros((WIDTH, lanes))
    state[PROFILE] = np.nan
    state[MEMORY] = np.inf  # no distance to it is ever the least
    return state


def step(state: Floats, at: Ints, values: Floats) -> Floats:
    """Move lanes on by one value each and give their scores (L,) in [0, 1); 0 in warm-up.

    `at` (L,) is when each value was known, ms UTC. Where a value is not finite the lane stays as it was and
    the score is 0. A lane's scores do not depend on which others move with it, to the bit.
    """
    moved = np.flatnonzero(np.isfinite(values))
    if len(moved) < len(values):
        scores = np.zeros(len(values))
        part = state[:, moved]
        scores[moved] = _in_blocks(part, at[moved], values[moved])
        state[:, moved] = part
        return scores
    return _in_blocks(state, at, values)


def _in_blocks(state: Floats, at: Ints, values: Floats) -> Floats:
    scores = np.zeros(len(values))
    for start in range(0, len(values), BLOCK):
        block = slice(start, start + BLOCK)
        scores[block] = _advance(state[:, block], at[block], values[block])
    return scores


def _advance(state: Floats, at: Ints, values: Floats) -> Floats:
    state[COUNT] += 1.0
    seen = np.concatenate([[values, _rest(state, at, values), _change(state, values)], _means(state, values)])
    spread = _spreads(state, seen[:3])
    views = _novelties(state, seen, spread[SPREAD] * WIDEN[:, None])
    squares = np.zeros(len(values))
    for view in views:  # in this order for every number of lanes: a sum by numpy is not
        squares += view * view
    return tell(state, np.where(state[COUNT] > WARM, np.sqrt(squares), 0.0))


def _rest(state: Floats, at: Ints, values: Floats) -> Floats:
    """What hour and weekday do not explain; 0 in an hour of the day never met before."""
    lane = np.arange(len(values))
    profile, correction = state[PROFILE], state[CORRECTION]
    hour, weekday = at // HOUR % HOURS, at // DAY % WEEKDAYS
    expected = profile[hour, lane]
    new = np.isnan(expected)
    off = np.where(new, 0.0, values - expected)
    rest = np.where(new, 0.0, off - correction[weekday, lane])
    profile[hour, lane] = np.where(new, values, expected + HOUR_WEIGHT * off)
    correction[weekday, lane] += WEEKDAY_WEIGHT * rest
    return rest


def _change(state: Floats, values: Floats) -> Floats:
    change = np.where(state[COUNT] > 1.0, values - state[PREVIOUS], 0.0)
    state[PREVIOUS] = values
    return change


def _means(state: Floats, values: Floats) -> Floats:
    """Exponential means, plain ones until their span is filled (spans, L)."""
    means = state[MEANS]
    weight = np.maximum(1.0 / state[COUNT], 2.0 / (np.array(SPANS)[:, None] + 1.0))
    means += weight * (values - means)
    return means


def _spreads(state: Floats, seen: Floats) -> Floats:
    """Spreads before these values, which are then taken in."""
    spread = np.sqrt(np.sqrt(state[SQUARES]) * (ABSOLUTE_TO_SIGMA * state[ABSOLUTES]))
    weight = np.maximum(1.0 / state[COUNT], 1.0 / LONG)
    away = np.where(state[COUNT] > 1.0, seen - state[CENTRES], 0.0)
    state[CENTRES] = np.where(state[COUNT] > 1.0, state[CENTRES], seen)
    state[CENTRES] += weight * away
    state[SQUARES] += weight * (away * away - state[SQUARES])
    state[ABSOLUTES] += weight * (np.abs(away) - state[ABSOLUTES])
    return spread


def _novelties(state: Floats, seen: Floats, scale: Floats) -> Floats:
    """Each view's distance to its nearest prototype in `scale` (views, L); what is new is remembered."""
    points = seen[ROWS]
    memory = state[MEMORY].reshape(len(ROWS), PROTOTYPES, -1)
    away = np.abs(memory - points[:, None])
    course = (away[2] + away[3] + away[4]) / 3.0
    levels = (away[5] + away[6] + away[7] + away[8]) / 4.0
    nearest = np.stack([one.min(axis=0) for one in (away[0], away[1], course, levels, away[9])])
    first = np.isinf(nearest)
    with np.errstate(divide="ignore", invalid="ignore"):
        novelty = np.minimum(np.where(first | (nearest == 0.0), 0.0, nearest / scale), MOST)
    new = first | (novelty > RADIUS[:, None])
    row, lane = np.nonzero(new[VIEW])
    place = state[NEXT]
    memory[row, place[VIEW[row], lane].astype(np.int64), lane] = points[row, lane]
    place[new] = (place[new] + 1.0) % PROTOTYPES
    return novelty


def tell(state: Floats, novelty: Floats) -> Floats:
    """The score of an episode's new height; 0 for all that follows it and stays below."""
    count, height, alarms = state[COUNT], state[HEIGHT], state[ALARMS]
    over = count - state[PLACE] > RECENT
    alarms *= 0.5 ** (1.0 / HALF_LIFE)
    alarms += over & (height > LOUD)
    height[over] = 0.0
    higher = novelty > RISE * height
    height[higher] = novelty[higher]
    state[PLACE] = np.where(over | higher, count, state[PLACE])
    told = novelty / np.sqrt(1.0 + alarms)
    return np.where(higher, told / (1.0 + told), 0.0)
