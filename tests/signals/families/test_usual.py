"""Medians with holes, and how long something has held."""

from __future__ import annotations

from statistics import median

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.models import MINUTE
from shared.signals.families.holding import SHAPES, hold
from shared.signals.families.memory import Memory
from shared.signals.families.usual import push, push_apart, usual

VALUES = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=7, max_size=7)


@given(VALUES)
def test_median_and_mad_are_those_of_the_values_that_are_there(row: list[float]) -> None:
    found = usual(np.array([row]))
    there = [x for x in row if x == x]
    assert found.n[0] == len(there)
    if there:
        assert found.median[0] == median(there)
        assert found.mad[0] == median(abs(x - median(there)) for x in there)
    else:
        assert np.isnan(found.median[0])


def test_a_full_window_drops_its_oldest_value() -> None:
    windows = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    push(windows, np.array([1]), np.array([7.0]))
    assert windows.tolist() == [[1.0, 2.0, 3.0], [5.0, 6.0, 7.0]]


def test_values_that_come_too_soon_are_not_kept() -> None:
    windows, pushed = np.full((1, 3), np.nan), np.full(1, np.nan)
    for at in (0, 1, 10, 19, 21):
        push_apart(windows, pushed, np.array([0]), np.array([float(at)]), np.array([at]), 10)
    assert windows[0].tolist() == [0.0, 10.0, 21.0]


def test_what_holds_counts_its_looks_and_keeps_its_least_size() -> None:
    lanes = Memory().lanes("x", SHAPES)
    rows = lanes.place(["a"])
    told = []
    sides = [0.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 0.0, 1.0]
    sizes = [0.1, 5.0, 3.0, 4.0, 9.0, 6.0, 2.0, 0.1, 8.0]
    minutes = [0, 5, 6, 10, 15, 20, 25, 30, 35]
    for side, size, minute in zip(sides, sizes, minutes, strict=True):
        at = np.array([minute * MINUTE])
        held = hold(lanes, rows, at, np.array([side]), np.array([size]))
        told.append((held.looks[0], held.least[0], held.since[0] / MINUTE))
    # the second look at minute 6 is one with that of minute 5; another side begins anew
    expected = [(1, 5, 5), (1, 3, 5), (2, 3, 5), (3, 3, 5), (1, 6, 20), (2, 2, 20)]
    assert told[1:7] == expected
    assert np.isnan(told[7][1])
    assert told[7][0] == 0
    assert told[8] == (1, 8, 35)
