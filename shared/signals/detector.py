"""What a detector is: two pure functions over columns and the thresholds it raises at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shared.models import DAY, HOUR, MINUTE
from shared.signals.bars import Floats

NO_BAR = 0  # `step` of what is not found on bars
DIRECTIONS: tuple[Literal["down", "none", "up"], ...] = ("down", "none", "up")

# Half the level that raised: an episode is over when the market is calm, not when it dips below the line.
REARM = 0.5
# After a finding its direction stays quiet for so many bars, and later findings belong to the episode:
# an hour of 5m, a quarter of a day of 1h, three days of 1d, six hourly looks at the news.
COOLDOWN: Mapping[int, int] = {5 * MINUTE: 12, HOUR: 6, DAY: 3, NO_BAR: 6}
# What is rated over windows that overlap rises and falls over many bars: as many as the longest short window.
SLOW: Mapping[int, int] = {5 * MINUTE: 24, HOUR: 24, DAY: 24}
# How long a signal concerns a reader, about fifty short bars or a week of long ones.
EXPIRES: Mapping[int, int] = {5 * MINUTE: 4 * HOUR, HOUR: DAY, DAY: 7 * DAY, NO_BAR: DAY}


@dataclass(frozen=True, slots=True)
class Scores:
    """How unusual each row is, and which way: `side` is -1 down, 0 none, 1 up. Both (N,)."""

    score: Floats
    side: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Detector:
    """One type of signal. `reads` names its columns: "bars" for Measured, else a kind of rows that a family
    of tables gives (shared/signals/families).

    score(columns, step) rates every row, 0 where the row cannot be judged; evidence(columns, row, step)
    holds every number that computes the score of one row again. `raise_at` is the score that raises, by step.
    On bars nothing is judged before a lane's bar number `warmup`, counted from 0; `cooldown` in bars by step.
    `asks` are columns that the store is asked for where a finding hangs on them (Measured.known).
    """

    type: str
    reads: str
    score: Callable[[Any, int], Scores]
    evidence: Callable[[Any, int, int], dict[str, Any]]
    raise_at: Mapping[int, float]
    warmup: int = 0
    cooldown: Mapping[int, int] = field(default_factory=lambda: COOLDOWN)
    asks: tuple[str, ...] = ()
