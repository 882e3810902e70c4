"""Metric anomaly: a metric did what its series had never done, in its level, course, change or time of day.

    score = univariate.step over every value of the series with the instant it stands for, in [0, 1)

by the scorer whose quality docs/ANOMALY_QUALITY.md measures: how far the value lies from all that the series
has been, in several views of it. It follows from the stored rows of `series` from `since` on, in the order in
which they became known, less those that came behind newer ones: the last of these `values` has this score.
The first 300 values of a series are not judged: to a scorer that has seen little much is new.

Raised at univariate.ALARM, which was fixed on NAB's development series, not chosen again here. Of generated
series without an anomaly one value in 200 to 1,500 reaches it at an age of 300 to 400 values, one in 550 to
17,000 beyond 750: random walks and heavy tails most. One episode is one score.

Filed under the asset of the metric, else the market. Direction: on which side of the median of the 16 values
before the value lies, for levels that are higher where an asset is used more (value locked, addresses,
transactions, fees, hash rate, liquidity). None for others: that funding, mentions or the supply of a dollar
coin are unusual does not say where prices go.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals import univariate
from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.rating import figures, window

RAISE_AT = {NO_BAR: univariate.ALARM}


def score(rows: Rows, step: int) -> Scores:
    points = (rows["points"] > 0) & np.isfinite(rows["median"])
    side = np.where(points, np.sign(rows["value"] - rows["median"]), 0)
    return Scores(rows["score"], side.astype(np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    return {
        **figures(rows, row, "value", "score", "median"),
        "since": int(rows["since"][row]),
        "values": int(rows["count"][row]),
        "threshold": RAISE_AT[step],
        "window": window(rows, row),
        **rows.told(row),
    }


DETECTOR = Detector("metric_anomaly", "series", score, evidence, RAISE_AT)
