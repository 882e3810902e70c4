"""Families that look at each full hour: which hours no run has looked at."""

from __future__ import annotations

from shared.models import DAY, HOUR

CATCH_UP = 7 * DAY  # how far back hours are looked at that no run has seen


def hours_since(cursor: int, now: int, catch_up: int = CATCH_UP) -> range:
    """The full hours after `cursor` until now, at most `catch_up` ms of them."""
    newest = now // HOUR * HOUR
    return range(max(cursor // HOUR * HOUR, newest - catch_up) + HOUR, newest + 1, HOUR)
