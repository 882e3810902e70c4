"""One signal an episode: cooldown, re-arming, directions, and the same decisions from any start."""

from __future__ import annotations

import numpy as np
import pytest

from shared.signals import episodes
from shared.signals.detector import Scores
from shared.signals.episodes import Episodes, Event

HOUR = 3_600_000


def play(
    scores: list[float], *, first: int = 0, state: Episodes | None = None
) -> tuple[Episodes, list[Event]]:
    """Signed scores of one asset through episodes: raise at 6, cooldown 4 bars, over after 10 hours."""
    signed = np.array(scores)
    ticks = np.arange(first, first + len(scores))
    return episodes.advance(
        state or episodes.empty(1),
        np.zeros(len(scores), np.int64),
        ticks,
        (ticks + 1) * HOUR,
        Scores(np.abs(signed), np.sign(signed).astype(np.int8)),
        ready=np.ones(len(scores), bool),
        raise_at=6.0,
        cooldown=4,
        expires=10 * HOUR,
    )


def told(scores: list[float]) -> list[tuple[int, bool]]:
    """(row, raises) of every event."""
    return [(event.row, event.open_at == (event.row + 1) * HOUR) for event in play(scores)[1]]


QUIET = [1.0] * 5


def test_a_finding_raises_and_further_ones_belong_to_it() -> None:
    assert told([*QUIET, 7, 1, 9, 1, 1]) == [(5, True), (7, False)]


def test_after_the_cooldown_a_new_signal_is_raised() -> None:
    assert told([*QUIET, 7, 1, 1, 1, 1, 8]) == [(5, True), (10, True)]


def test_a_score_that_never_calms_down_stays_one_episode() -> None:
    """3.5 is below the level that raises but not below half of it."""
    assert told([*QUIET, 7, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 7]) == [(5, True), (12, False)]


def test_each_direction_is_an_episode_of_its_own() -> None:
    assert told([*QUIET, 7, -8, 7, -8]) == [(6, True), (8, False), (5, True), (7, False)]


def test_nothing_is_raised_before_a_cooldown_of_quiet() -> None:
    assert told([7, 1, 1, 1, 8]) == []
    assert told([1, 1, 1, 1, 8]) == []
    assert told([1, 1, 1, 1, 1, 8]) == [(5, True)]


def test_a_finding_after_the_signal_is_over_belongs_to_none() -> None:
    assert told([*QUIET, *[7.0] * 12]) == [(5, True), *((5 + i, False) for i in range(1, 10))]


def test_a_score_that_cannot_be_judged_is_no_quiet() -> None:
    rows = np.arange(6)
    _, events = episodes.advance(
        episodes.empty(1),
        np.zeros(6, np.int64),
        rows,
        rows + 1,
        Scores(np.array([0.0] * 5 + [9]), np.ones(6, np.int8)),
        ready=np.array([False] * 5 + [True]),
        raise_at=6.0,
        cooldown=4,
        expires=9,
    )
    assert events == []


@pytest.mark.parametrize("seed", range(20))
def test_any_cut_and_any_late_start_decide_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = list(rng.choice([-8.0, -4.0, 1.0, 2.0, 4.0, 7.0], 300, p=[0.04, 0.1, 0.4, 0.3, 0.1, 0.06]))
    whole_state, whole = play(scores)
    state, events, start = episodes.empty(1), [], 0
    while start < 300:
        size = int(rng.integers(1, 9))
        state, more = play(scores[start : start + size], first=start, state=state)
        events += [Event(event.row + start, event.open_at) for event in more]
        start += size
    assert sorted(events, key=lambda e: e.row) == sorted(whole, key=lambda e: e.row)
    np.testing.assert_array_equal(state.last_calm, whole_state.last_calm)
    late = [Event(event.row + 100, event.open_at) for event in play(scores[100:], first=100)[1]]
    raised = {event.row for event in whole if event.open_at == (event.row + 1) * HOUR and event.row > 106}
    again = {event.row for event in late if event.open_at == (event.row + 1) * HOUR and event.row > 106}
    assert again == raised
