"""Detectors to run over NAB's series: ours, and simple ones to stand beside it. All read the past alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, sqrt

import numpy as np

from shared.dev.nab.corpus import Series
from shared.dev.nab.scoring import Floats
from shared.signals import univariate

GAUSSIAN_WINDOW, GAUSSIAN_STEP = 6400, 100  # the parameters of NAB's published windowed Gaussian
ROBUST_WINDOW = 1000  # of 100, 300, 1000 and 3000 none is better on the development series
MAD_TO_SIGMA = 1.4826  # the median absolute deviation of a normal distribution is σ / 1.4826


def ours(series: Sequence[Series]) -> list[Floats]:
    """shared.signals.univariate over all series side by side, one step a row."""
    rows = max(len(one.values) for one in series)
    at = np.zeros((rows, len(series)), dtype=np.int64)
    values = np.full((rows, len(series)), np.nan)
    for lane, one in enumerate(series):
        at[: len(one.at), lane], values[: len(one.values), lane] = one.at, one.values
    state = univariate.empty(len(series))
    scores = np.array([univariate.step(state, *row) for row in zip(at, values, strict=True)])
    return [scores[: len(one.values), lane] for lane, one in enumerate(series)]


def windowed_gaussian(series: Sequence[Series]) -> list[Floats]:
    """NAB's: 1 - Q(|z|) by mean and deviation of the last 6400 values, moved on by 100 once full."""
    return [np.array([1.0 - 0.5 * erfc(z / sqrt(2.0)) for z in one]) for one in map(_gaussian, series)]


def robust_z(series: Sequence[Series]) -> list[Floats]:
    """z / (1 + z) by median and median absolute deviation of the last 1000 values."""
    return [z / (1.0 + z) for z in map(_robust, series)]


def gaussian_episodes(series: Sequence[Series]) -> list[Floats]:
    """The windowed Gaussian with our rule of one alarm an episode: what that rule is worth by itself."""
    return [_episodes(z) for z in map(_gaussian, series)]


def robust_episodes(series: Sequence[Series]) -> list[Floats]:
    """The robust z with our rule of one alarm an episode."""
    return [_episodes(z) for z in map(_robust, series)]


def _episodes(z: Floats) -> Floats:
    novelty = np.minimum(z, univariate.MOST)
    state, scores = univariate.empty(1), np.zeros(len(z))
    for row, value in enumerate(novelty):
        state[univariate.COUNT] += 1.0
        scores[row] = univariate.tell(state, np.array([value]))[0]
    return scores


def _gaussian(one: Series) -> Floats:
    values, z, mean, deviation = one.values, np.zeros(len(one.values)), 0.0, 1.0
    for row, value in enumerate(values):
        if row:
            z[row] = abs(value - mean) / deviation
        seen = row + 1
        if seen <= GAUSSIAN_WINDOW or (seen - GAUSSIAN_WINDOW) % GAUSSIAN_STEP == 0:
            window = values[max(seen - GAUSSIAN_WINDOW, 0) : seen]
            mean, deviation = float(window.mean()), float(window.std()) or 1e-6
    return z


def _robust(one: Series) -> Floats:
    values, result = one.values, np.zeros(len(one.values))
    for row in range(2, len(values)):
        window = values[max(row - ROBUST_WINDOW, 0) : row]
        middle = np.median(window)
        spread = MAD_TO_SIGMA * np.median(np.abs(window - middle))
        away = abs(values[row] - middle)
        result[row] = away / spread if spread > 0.0 else (0.0 if away == 0.0 else univariate.MOST)
    return result
