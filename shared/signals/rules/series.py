"""Arithmetic over columns of bars, (T, ...) with time downwards: what is not a number is not known.

Each row depends on a fixed number of rows before it, added up in their order: the same bits come out however
much history stands in front and however many columns stand beside.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from shared.signals.bars import Floats
from shared.signals.rules.logic import UNKNOWN, Verdicts, verdicts


def finite(values: Floats) -> Floats:
    """Infinities, of a division by zero or an overflow, are not known."""
    found: Floats = np.where(np.isfinite(values), values, np.nan)
    return found


def divide(a: Floats, b: Floats) -> Floats:
    return finite(a / b)


def power(a: Floats, b: Floats) -> Floats:
    return finite(np.power(a, b))


def logarithm(a: Floats) -> Floats:
    return finite(np.log(a))


def root(a: Floats) -> Floats:
    return finite(np.sqrt(a))


def smallest(*columns: Floats) -> Floats:
    return reduce(np.minimum, columns)


def largest(*columns: Floats) -> Floats:
    return reduce(np.maximum, columns)


def compared(compare: Callable[[Floats, Floats], Any]) -> Callable[[Floats, Floats], Verdicts]:
    """A comparison that is unknown where one side is."""

    def judge(a: Floats, b: Floats) -> Verdicts:
        return verdicts(compare(a, b), ~(np.isnan(a) | np.isnan(b)))

    return judge


def between(a: Floats, low: Floats, high: Floats) -> Verdicts:
    """low <= a <= high, as the two comparisons joined by `and`."""
    judge = compared(np.less_equal)
    return np.minimum(judge(low, a), judge(a, high))


def ago(a: Floats, bars: int) -> Floats:
    """The value so many rows before; 0 rows before is itself."""
    found = np.full(a.shape, np.nan)
    found[bars:] = a[: max(len(a) - bars, 0)]
    return found


def change(a: Floats, bars: int) -> Floats:
    """How much larger than before, as a fraction; not known where it was not positive."""
    before = ago(a, bars)
    return finite(a / np.where(before > 0, before, np.nan) - 1)


def crosses(compare: Callable[[Floats, Floats], Any]) -> Callable[[Floats, Floats], Verdicts]:
    """Beyond the other now, and not one row before."""

    def judge(a: Floats, b: Floats) -> Verdicts:
        earlier, other = ago(a, 1), ago(b, 1)
        known = ~(np.isnan(a) | np.isnan(b) | np.isnan(earlier) | np.isnan(other))
        return verdicts(compare(a, b) & ~compare(earlier, other), known)

    return judge


def over(a: Floats, bars: int, join: Callable[[Floats, Floats], Floats]) -> Floats:
    """Join the last `bars` rows, oldest first; not known where one of them is not or is not there."""
    found = np.full(a.shape, np.nan)
    rows = len(a) - bars + 1
    if rows <= 0:
        return found
    total = a[:rows].copy()
    for first in range(1, bars):
        total = join(total, a[first : first + rows])
    found[bars - 1 :] = total
    return found


def add(total: Floats, more: Floats) -> Floats:
    return np.add(total, more, out=total)


def highest(a: Floats, bars: int) -> Floats:
    return over(a, bars, np.maximum)


def lowest(a: Floats, bars: int) -> Floats:
    return over(a, bars, np.minimum)


def total(a: Floats, bars: int) -> Floats:
    return finite(over(a, bars, add))


def mean(a: Floats, bars: int) -> Floats:
    return total(a, bars) / bars


def deviation(a: Floats, bars: int) -> Floats:
    """Standard deviation of the population, around the mean of the same rows."""
    found = np.full(a.shape, np.nan)
    rows, middle = len(a) - bars + 1, mean(a, bars)[bars - 1 :]
    if rows <= 0:
        return found
    squares = np.zeros(middle.shape)
    for first in range(bars):
        squares += (a[first : first + rows] - middle) ** 2
    found[bars - 1 :] = np.sqrt(squares / bars)
    return finite(found)


def rising(a: Floats, bars: int) -> Verdicts:
    """Each of the last `bars` rows is above the one before it."""
    return always(compared(np.greater)(a, ago(a, 1)), bars)


def falling(a: Floats, bars: int) -> Verdicts:
    return always(compared(np.less)(a, ago(a, 1)), bars)


def always(a: Verdicts, bars: int) -> Verdicts:
    """True on each of the last `bars` rows; rows before the first are unknown."""
    return joined(a, bars, np.minimum)


def ever(a: Verdicts, bars: int) -> Verdicts:
    """True on at least one of the last `bars` rows."""
    return joined(a, bars, np.maximum)


def joined(a: Verdicts, bars: int, join: Callable[..., Verdicts]) -> Verdicts:
    found = a.copy()
    for back in range(1, bars):
        earlier = np.full(a.shape, UNKNOWN, np.int8)
        earlier[back:] = a[: max(len(a) - back, 0)]
        found = join(found, earlier)
    return found


def count(a: Verdicts, bars: int) -> Floats:
    """On how many of the last `bars` rows it was true; not known where one of them is unknown."""
    numbers: Floats = np.where(a == UNKNOWN, np.nan, a / 2.0)
    return total(numbers, bars)
