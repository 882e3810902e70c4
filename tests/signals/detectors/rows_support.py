"""Values through their family and one detector, as a run would take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.models import HOUR
from shared.signals.detector import NO_BAR, Detector
from shared.signals.families import metrics
from shared.signals.families.family import Fresh
from shared.signals.families.memory import Memory

START = 1_763_726_400_000


@dataclass(frozen=True)
class Rated:
    """Scores and sides of the lanes at every step (T, L); the evidence of the first lane's last score > 0."""

    scores: Any
    sides: Any
    evidence: dict[str, Any]


def rate_metric(
    detector: Detector, prefix: str, values: Sequence[Any], every: int = HOUR, source: str = "test"
) -> Rated:
    """`values` (T,) or (T, L): one value of each series every so many ms."""
    table = np.atleast_2d(np.asarray(values, np.float64).T).T
    memory, scores, sides, evidence = Memory(), list[Any](), list[Any](), dict[str, Any]()
    for step, row in enumerate(table):
        series = {f"{prefix}:s{n}@{source}": [(START + step * every, float(x))] for n, x in enumerate(row)}
        for look in metrics.step(memory, Fresh(0, series, 0)):
            rated = detector.score(look.rows, NO_BAR)
            order = np.argsort(look.lane)
            scores.append(np.where(look.ready, rated.score, 0.0)[order])
            sides.append(rated.side[order])
            if rated.score[order[0]] > 0:
                evidence = detector.evidence(look.rows, int(order[0]), NO_BAR)
    return Rated(np.array(scores), np.array(sides), evidence)


def share_beyond(rated: Rated, detector: Detector) -> float:
    """How many of the judged rows reach the level that raises; the first 48 of a series are not judged."""
    return float((rated.scores[48:] >= detector.raise_at[NO_BAR]).mean())
