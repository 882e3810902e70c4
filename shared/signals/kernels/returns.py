"""Log returns of a lane's bars, and what kernels add up of them."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Window


def log_return(window: Window, ago: int = 0, field: str = "close") -> Floats:
    """ln of a field `ago` bars before over the bar before that (L,); NaN before a lane's second bar."""
    change: Floats = np.log(window.ago(field, ago) / window.ago(field, ago + 1))
    return change


def known(values: Floats) -> Floats:
    """Values that are not negative, 0 for what is not known: a sum passes over it."""
    return np.fmax(values, 0.0)


def push(ring: Floats, newest: Floats) -> None:
    """Move a ring (rows, L), oldest first, on by one row."""
    ring[:-1] = ring[1:]
    ring[-1] = newest
