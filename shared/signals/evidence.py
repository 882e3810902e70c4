"""What the evidence of every finding on a bar says, and how compound findings join their parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.signals.bars import Bools, Floats
from shared.signals.detector import Scores
from shared.signals.windows import WINDOW, Measured

# A compound is rated by its weakest part, in units of the level that part has to reach: 1 is "all reached".
ALL_REACHED = 1.0


def of_bar(bars: Measured, row: int) -> dict[str, Any]:
    """The bar itself."""
    return {
        "open_time": int(bars.open_time[row]),
        "close": float(bars.close[row]),
        "previous_close": float(bars.previous[row]),
    }


def of_columns(bars: Measured, row: int, *names: str) -> dict[str, float]:
    """Columns of the engine under their own names."""
    return {name: float(bars[name][row]) for name in names}


def window(bars: Measured, row: int) -> dict[str, int]:
    """Open times of the baseline's first and last bar, and of the one before, whose close starts it."""
    first, last, base = int(bars.first[row]), int(bars.last[row]), int(bars.base[row])
    return {"base": base, "first": first, "last": last, "n": WINDOW}


def sided(rated: Floats, side: Floats | int, judged: Bools) -> Scores:
    """Scores where a row can be judged, 0 without a side elsewhere."""
    score = np.where(judged, rated, 0.0)
    return Scores(score, np.where(judged, side, 0).astype(np.int8))


@dataclass(frozen=True, slots=True)
class Part:
    """One of several things that must be seen together: its score (N,) and the level it has to reach.

    An `optional` part counts where it is known (not NaN); any other must be known.
    """

    name: str
    score: Floats
    level: float
    optional: bool = False


def weakest(parts: Sequence[Part]) -> Floats:
    """score = min over parts of score / level, 0 where a part that must be known is not (N,)."""
    rated = np.full(len(parts[0].score), np.inf)
    for part in parts:
        share = part.score / part.level
        rated = np.minimum(rated, np.where(np.isnan(share), np.inf if part.optional else 0.0, share))
    found: Floats = np.maximum(rated, 0.0)
    return found


def of_parts(parts: Sequence[Part], row: int) -> list[dict[str, Any]]:
    """The parts of one row; of an optional one that is not known that there was no data."""
    return [of_part(part, float(part.score[row])) for part in parts]


def of_part(part: Part, score: float) -> dict[str, Any]:
    if np.isnan(score):
        return {"part": part.name, "status": "no data"}
    return {"part": part.name, "score": score, "level": part.level}
