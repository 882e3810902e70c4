"""Exchange divergence: the sources of one asset are further apart than usual, and stay so.

    score = (ln(1 + least) - median) / scale,   scale = max(1.4826 · MAD, 0.25)

`least` is the smallest distance, in basis points between the lowest and the highest price that counts, of all
looks since it went beyond 50; median and MAD are those of ln(1 + distance) in the last 96 looks. Distances
multiply rather than add, hence logarithms; the floor of 0.25 asks for twice the usual at least.

50 basis points are what fees and a minute between two answers make: nobody nearer is cut from the consensus
price either. It must hold in two looks four minutes apart: in a fast market the slower source is a minute
behind, and right again at the next look. Raised at 3 scales: two sources that differ by noise are seldom 18
times as far apart as usual. In 280,000 looks at fat-tailed walks that one source saw up to five minutes late
there was none; a source that is wrong, stale or cut off is found. No direction: that they differ does not
say who is right; the votes do, where there are three.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.quotes import NEAR_BPS
from shared.signals.families.rating import figures, known, level_scale, window

LEAST_LOOKS = 2
FLOOR = 0.25
RAISE_AT = {NO_BAR: 3.0}


def score(rows: Rows, step: int) -> Scores:
    judged = known(rows, "least", "median") & (rows["looks"] >= LEAST_LOOKS)
    away = np.log1p(rows["least"]) - rows["median"]
    rated = np.where(judged, np.maximum(away / level_scale(rows, FLOOR), 0.0), 0.0)
    return Scores(rated, np.zeros(len(rated), np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    return {
        **figures(rows, row, "spread", "least", "looks", "median", "mad"),
        "since": int(rows["since"][row]),
        "scale": float(level_scale(rows, FLOOR)[row]),
        "near_bps": NEAR_BPS,
        "threshold": RAISE_AT[step],
        "window": window(rows, row),
        **rows.told(row),
    }


DETECTOR = Detector("exchange_divergence", "quotes", score, evidence, RAISE_AT)
