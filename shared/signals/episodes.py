"""From scores to signals: one an episode, not one a bar.

A finding raises a signal when its direction has been quiet for the cooldown and calm (below the re-arming
level) at least once in it; otherwise it belongs to the episode that is open. The decision looks at no more
than the cooldown before it, so a state rebuilt from stored bars decides as the lost one would have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shared.signals.bars import Ints
from shared.signals.detector import REARM, Scores

NEVER = -(2**40)  # a tick long before any


@dataclass(slots=True)
class Episodes:
    """One detector's memory, all (L, 3): lanes by direction (down, none, up).

    Ticks count bars (or hours of news). `last_finding` is NEVER until a lane is warm; `open_at` is the `at`
    of the newest signal, 0 for none.
    """

    last_finding: Ints
    last_calm: Ints
    open_at: Ints


@dataclass(frozen=True, slots=True)
class Event:
    """A row that matters: a new signal where `open_at` is the row's own `at`, else one more finding."""

    row: int
    open_at: int


def empty(lanes: int) -> Episodes:
    never = np.full((lanes, 3), NEVER, np.int64)
    return Episodes(never, never.copy(), np.zeros((lanes, 3), np.int64))


def with_lanes(state: Episodes, old: Ints, new: Ints) -> Episodes:
    """Move the rows of assets `old` to their places among assets `new`; the others start empty."""
    if len(old) == len(new):
        return state
    moved, places = empty(len(new)), np.searchsorted(new, old)
    moved.last_finding[places], moved.last_calm[places] = state.last_finding, state.last_calm
    moved.open_at[places] = state.open_at
    return moved


def advance(
    state: Episodes,
    lane: Ints,
    tick: Ints,
    at: Ints,
    scores: Scores,
    *,
    ready: np.ndarray[tuple[int], np.dtype[np.bool_]],
    raise_at: float,
    cooldown: int,
    expires: int,
) -> tuple[Episodes, list[Event]]:
    """Play rows (lane by lane, each in time order) through the episodes; `state` is not changed."""
    after = Episodes(state.last_finding.copy(), state.last_calm.copy(), state.open_at.copy())
    cold = ready & (after.last_finding[lane, 0] == NEVER)
    if cold.any():
        warm_up(after, lane[cold], tick[cold])
    rated = np.zeros((len(lane), 3))
    rated[np.arange(len(lane)), scores.side + 1] = scores.score
    calm = ready[:, None] & (rated < raise_at * REARM)
    found = ready[:, None] & (rated >= raise_at)
    rows, sides = np.nonzero(calm)
    after.last_calm[lane[rows], sides] = tick[rows]  # of several rows of a lane the last one stays
    events: list[Event] = []
    for side in np.flatnonzero(found.any(axis=0)):
        for number in np.unique(lane[found[:, side]]):
            rows = np.flatnonzero(lane == number)
            calms = np.where(calm[rows, side], tick[rows], NEVER)
            seen = np.maximum.accumulate(np.concatenate((state.last_calm[number, side : side + 1], calms)))
            for place in np.flatnonzero(found[rows, side]):
                row, own = int(rows[place]), (int(number), int(side))
                opened = judge(after, own, int(tick[row]), int(at[row]), int(seen[place]), cooldown, expires)
                if opened is not None:
                    events.append(Event(row, opened))
    return after, events


def warm_up(state: Episodes, lane: Ints, tick: Ints) -> None:
    """Count the quiet before a lane's first signal from its first judged bar."""
    # backwards, so that of several rows of a lane the first one stays
    state.last_finding[lane[::-1]] = tick[::-1, None]


def judge(
    state: Episodes, own: tuple[int, int], tick: int, at: int, calm: int, cooldown: int, expires: int
) -> int | None:
    """The `at` of the signal that a finding raises or belongs to; None where it belongs to none."""
    quiet = tick - int(state.last_finding[own]) > cooldown and tick - calm <= cooldown
    state.last_finding[own] = tick
    if quiet:
        state.open_at[own] = at
        return at
    opened = int(state.open_at[own])
    return opened if opened and at < opened + expires else None
