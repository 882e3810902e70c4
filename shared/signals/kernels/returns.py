"""Log returns of a lane's bars, and rings of what they were computed from."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Window


def log_returns(window: Window, ago: tuple[int, ...], field: str = "close") -> Floats:
    """ln of a field so many bars before the current one over the bar before that, (len(ago), L).

    NaN where one of the two bars is not there.
    """
    column: Floats = getattr(window, field)
    rows = np.array(ago)
    moves: Floats = column[window.row - rows] / column[window.row - rows - 1]
    return np.log(moves, out=moves)


def known(values: Floats) -> Floats:
    """Values that are not negative, 0 for what is not known: a sum passes over it."""
    return np.fmax(values, 0.0, out=values)


def push(ring: Floats, newest: Floats) -> None:
    """Move a contiguous ring (rows, L), oldest first, on by one row."""
    flat, lanes = ring.reshape(-1), ring.shape[1]
    flat[:-lanes] = flat[lanes:]  # in one dimension numpy moves in place, in two by way of a copy
    ring[-1] = newest
