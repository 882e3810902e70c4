"""The mood of each asset's news at an hour: its recent articles against those of the week before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.models import DAY, HOUR
from shared.signals.bars import Bools, Floats, Ints

RECENT = 6 * HOUR  # long enough to gather articles, short enough to be news
BASELINE = 7 * DAY  # a whole week, so that weekends are in every baseline


@dataclass(slots=True)
class Moods:
    """One row an asset at `at`: count, mean and sum of squared deviations of recent and baseline, all (N,).

    Recent is (at - 6 h, at], the baseline the 7 days before that; only articles known at `at` count.
    """

    asset: Ints
    at: Ints
    recent_n: Floats
    recent_mean: Floats
    recent_squares: Floats
    baseline_n: Floats
    baseline_mean: Floats
    baseline_squares: Floats


def table_of(rows: Sequence[tuple[int, int, int, float, int]]) -> Floats:
    """(asset, at, known_at, sentiment) as columns (N, 4), by `at`; doubles hold milliseconds exactly."""
    table = np.array([row[:4] for row in rows], np.float64).reshape(-1, 4)
    return table[np.argsort(table[:, 1], kind="stable")]


def moods_at(table: Floats, hour: int) -> Moods:
    """Sum up a table of articles as it was known at `hour`; one row an asset."""
    start, end = np.searchsorted(table[:, 1], (hour - RECENT - BASELINE, hour), side="right")
    table = table[start:end]
    table = table[table[:, 2] <= hour]
    asset, at, mood = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 3]
    assets, lane = np.unique(asset, return_inverse=True)
    fresh = at > hour - RECENT
    recent = sums(lane, mood, fresh, len(assets))
    baseline = sums(lane, mood, ~fresh, len(assets))
    return Moods(assets, np.full(len(assets), hour), *recent, *baseline)


def sums(lane: Ints, mood: Floats, chosen: Bools, n: int) -> tuple[Floats, Floats, Floats]:
    """Count, mean (0 without any) and squared deviations of the chosen articles of each lane."""
    lane, mood = lane[chosen], mood[chosen]
    count = np.bincount(lane, minlength=n).astype(np.float64)
    mean = np.bincount(lane, mood, n) / np.maximum(count, 1)
    return count, mean, np.bincount(lane, (mood - mean[lane]) ** 2, n).astype(np.float64)
