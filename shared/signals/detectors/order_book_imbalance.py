"""Order-book imbalance: near the middle far more is bid than asked, or asked than bid, and stays so.

    score = |value - median| / scale,   scale = max(1.4826 · MAD, 0.35)

`value` is ln(bids / asks) within 1 % of the middle, or as far as both sides of the snapshot show; of the last
three snapshots, a quarter of an hour, the one nearest to the usual. Median and MAD are those of up to 94
snapshots before them. One side must hold three times the other in all three: a book that is usually lopsided
is no signal when it is balanced. The floor of 0.35 lets a ratio change by 40 % without meaning it.

Raised at 5 scales. Of independent snapshots none of 580,000 looks is; where each is 0.9 of the one before,
one look in 8,000, with 20 books less than one a day before the cooldown; where they hardly change for hours
(0.99), four a day: the quarter of an hour is what keeps it quiet. Direction is that of the heavier side.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.bars import Floats
from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.rating import figures, known, level_scale, window

FLOOR = 0.35
LEAST_RATIO = 3.0
RAISE_AT = {NO_BAR: 5.0}


def nearest(rows: Rows) -> Floats:
    """Of the last snapshots the one nearest to the usual, where all are on one side of it; else NaN (N,)."""
    low, high, bound = rows["low"], rows["high"], np.log(LEAST_RATIO)
    up, down = low >= np.maximum(bound, rows["median"]), high <= np.minimum(-bound, rows["median"])
    return np.where(up, low, np.where(down, high, np.nan))


def score(rows: Rows, step: int) -> Scores:
    away = nearest(rows) - rows["median"]
    judged = known(rows, "median") & np.isfinite(away)
    rated = np.where(judged, np.abs(away) / level_scale(rows, FLOOR), 0.0)
    return Scores(rated, np.where(judged, np.sign(away), 0).astype(np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    return {
        **figures(rows, row, "newest", "low", "high", "median", "mad"),
        **figures(rows, row, "mid", "reach_bps", "bid_depth", "ask_depth"),
        "value": float(nearest(rows)[row]),
        "scale": float(level_scale(rows, FLOOR)[row]),
        "since": int(rows["since"][row]),
        "least_ratio": LEAST_RATIO,
        "threshold": RAISE_AT[step],
        "window": window(rows, row),
        **rows.told(row),
    }


DETECTOR = Detector("order_book_imbalance", "books", score, evidence, RAISE_AT)
