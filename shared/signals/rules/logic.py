"""Truth of three values: false, unknown, true, as 0, 1, 2. They behave as SQL's null does (Kleene's logic).

What is not known yet (warm-up, a missing bar, a division by zero) is unknown; `and` is the smaller, `or` the
larger of two, `not` turns the scale around. So `false and unknown` is false, `true or unknown` is true, and
everything else that touches an unknown stays unknown.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from shared.signals.bars import Bools, Floats

Verdicts = NDArray[np.int8]

FALSE, UNKNOWN, TRUE = 0, 1, 2


def verdicts(true: Bools, known: Bools) -> Verdicts:
    """TRUE or FALSE where it is known."""
    found: Verdicts = np.where(known, np.where(true, TRUE, FALSE), UNKNOWN).astype(np.int8)
    return found


def both(*several: Verdicts) -> Verdicts:
    return reduce(np.minimum, several)


def either(*several: Verdicts) -> Verdicts:
    return reduce(np.maximum, several)


def opposite(a: Verdicts) -> Verdicts:
    turned: Verdicts = TRUE - a
    return turned


def of_numbers(values: Floats) -> Verdicts:
    """1 is true, 0 false, NaN unknown."""
    return verdicts(values > 0, ~np.isnan(values))
