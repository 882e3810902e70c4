"""Event studies: a planted reaction is found where it is, and chance is not."""

from __future__ import annotations

import numpy as np
import pytest

from shared.models import DAY, HOUR
from shared.signals.event_study import LEAST, SPAN, Event, study

HOURS = 5000


def walk(seed: int, jumps: dict[int, float] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Hourly bars of a random walk; `jumps` adds to the return of a bar."""
    returns = np.random.default_rng(seed).normal(0, 0.005, HOURS)
    for bar, jump in (jumps or {}).items():
        returns[bar] += jump
    return np.arange(HOURS) * HOUR, 100 * np.exp(np.cumsum(returns))


def test_a_reaction_after_the_event_shows_after_it_only() -> None:
    bars = range(100, 4900, 40)
    closes = {1: walk(1, {bar + 3: 0.03 for bar in bars})}
    events = [(1, (bar + 1) * HOUR, 1) for bar in bars]  # told as the bar closes
    found = study(events, closes)
    path = {point.hour: point for point in found.path}
    assert found.n == len(events)
    assert path[0].mean == 0
    assert path[2].mean_95[1] < 0.01
    assert path[3].mean_95[0] > 0.02
    assert abs(path[-5].mean) < 0.01


def test_a_move_before_the_event_is_no_reaction() -> None:
    bars = range(100, 4900, 40)
    closes = {1: walk(2, dict.fromkeys(bars, -0.03))}
    found = study([(1, (bar + 1) * HOUR, -1) for bar in bars], closes)
    path = {point.hour: point for point in found.path}
    assert path[-1].mean_95[1] < -0.02  # signed: the price stood higher, against the direction of the news
    assert path[5].mean_95[0] < 0 < path[5].mean_95[1]


def test_chance_is_covered_about_as_often_as_promised() -> None:
    covered = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        events: list[Event] = [
            (1, int(rng.integers(50, HOURS - 50)) * HOUR, int(rng.choice([-1, 1]))) for _ in range(150)
        ]
        low, high = study(events, {1: walk(seed + 100)}).path[SPAN + 12].mean_95
        covered += low <= 0 <= high
    assert covered >= 50  # of 60 at 95 %: fewer than 50 come about once in 10,000


def test_the_close_at_an_event_is_one_that_was_known() -> None:
    opened, close = walk(3)
    event = 1000 * HOUR + HOUR // 2  # within bar 1000: bar 999 is the newest that has closed
    found = study([(1, event + n * 30 * HOUR, 1) for n in range(LEAST)], {1: (opened, close)})
    first = [np.log(close[999 + n * 30 + 1] / close[999 + n * 30]) for n in range(LEAST)]
    assert found.path[SPAN + 1].mean == pytest.approx(np.mean(first))


def test_missing_hours_sideless_events_and_too_few_are_left_out() -> None:
    opened, close = walk(4)
    holed = np.delete(opened, 1005), np.delete(close, 1005)
    assert study([(1, 1000 * HOUR, 1)], {1: holed}).n == 0
    assert study([(1, 1000 * HOUR, 0), (2, 1000 * HOUR, 1), (1, HOUR, 1)], {1: (opened, close)}).n == 0
    one = study([(1, 1000 * HOUR, 1)], {1: (opened, close)})
    assert (one.n, one.days, one.path) == (1, 1, ())
    stale = study([(1, HOURS * HOUR + DAY, 1)], {1: (opened, close)})
    assert stale.n == 0
