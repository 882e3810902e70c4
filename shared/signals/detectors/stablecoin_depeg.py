"""Stablecoin depeg: most who price a dollar coin say that it is no dollar any more, and keep saying so.

    score = least / 0.005

`least` is the smallest distance of the median price from one dollar in all looks since a quorum was beyond
50 basis points on one side: two sources at least and more than half of those that speak, so that one source
that is wrong, by however much, moves nothing. It must hold in three looks over ten minutes: half a cent
is beyond fees, and ten minutes are longer than one large order.

Only what was worth a dollar can lose its peg: the median of the last day (96 quarters of an hour, half of
them at least) must lie within the band. A coin that stays off its peg is no longer told after half a day, and
one pegged to another currency never is. Raised at 1: whatever three looks of a quorum say. Sources that stray
by 10 basis points each never do. Direction is that of the price.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import MINUTE
from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.pegs import BAND, QUORUM
from shared.signals.families.rating import figures, known, window

LEAST_LOOKS = 3
LEAST_TIME = 9 * MINUTE  # three collections five minutes apart, one of them a little early
RAISE_AT = {NO_BAR: 1.0}


def score(rows: Rows, step: int) -> Scores:
    held = (rows["looks"] >= LEAST_LOOKS) & (rows["at"] - rows["since"] >= LEAST_TIME)
    judged = known(rows, "least", "usual") & held & (np.abs(rows["usual"]) <= BAND)
    rated = np.where(judged, rows["least"] / BAND, 0.0)
    return Scores(rated, np.where(judged, rows["side"], 0).astype(np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    return {
        **figures(rows, row, "away", "least", "agree", "looks", "usual"),
        "since": int(rows["since"][row]),
        "band": BAND,
        "quorum": QUORUM,
        "threshold": RAISE_AT[step],
        "window": window(rows, row),
        **rows.told(row),
    }


DETECTOR = Detector("stablecoin_depeg", "pegs", score, evidence, RAISE_AT)
