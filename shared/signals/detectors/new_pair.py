"""New pair: many more pairs than usual were opened on a chain's exchanges within an hour.

    score = -log10 P(N >= count),   N negative binomial with mean m and variance m + φ·m²
    m = (events + 0.5) / slots,     φ = 1 / (events + 0.5) + clip((variance - m₀) / m₀², 0.1, 2)

over the last 96 hourly counts (`slots`) of the chain, m₀ = events / slots. Most pairs are opened by machines
in waves: φ is at least 0.1 (a rate that swings by a third), at most 2.

Raised at 6, one hour in a million: in 90,000 hours of rates that swing by half, with nights, there was none;
waves, which are what is looked for, raise it. Filed under the chain's asset. No direction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.chance import surprises
from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.rating import count_evidence, known, usual_count, window

UNSTEADY = (0.1, 2.0)
RAISE_AT = {NO_BAR: 6.0}


def score(rows: Rows, step: int) -> Scores:
    rated = surprises(rows["count"], usual_count(rows, UNSTEADY), known(rows, "count"))
    return Scores(rated, np.zeros(len(rated), np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    return {**count_evidence(rows, row, UNSTEADY), "threshold": RAISE_AT[step], "window": window(rows, row)}


DETECTOR = Detector("new_pair", "new_pairs", score, evidence, RAISE_AT)
