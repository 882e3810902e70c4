"""Entity momentum: an asset, person, firm or office is named far more often than in the days before.

    score = -log10 P(N >= count),   N negative binomial with mean m and variance m + φ·m²
    m = (events + 0.5) / slots,     φ = 1 / (events + 0.5) + clip((variance - m₀) / m₀², 0.1, 2)

Counted are the articles of the last day that name it, against each of the seven days before; and, where a
source tells `mentions:<asset>` of social media, an hour against its last 96. m₀ = events / slots. φ is what
is not known of the mean and how unsteady it is: at least 0.1, for days differ by a third (weekends), at most
2, for a few days are too few to tell.

Raised at 5, one in 100,000; of articles three feeds at least must name it. In 96,850 looks at independent
articles there was none (looks of a day overlap); were each story told by 1.5 feeds, one look in 4,000. Of
hourly counts of a rate that swings, one in 30,000. What is no asset of ours is filed under the market. No
direction: being spoken of is neither good nor bad.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.chance import surprises
from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.rating import count_evidence, usual_count

LEAST_FEEDS = 3
UNSTEADY = (0.1, 2.0)
RAISE_AT = {NO_BAR: 5.0}


def score(rows: Rows, step: int) -> Scores:
    # a metric is told by no feeds: its column is NaN, and no comparison with that is true
    judged = (rows["slots"] > 0) & ~(rows["feeds"] < LEAST_FEEDS)
    rated = surprises(rows["count"], usual_count(rows, UNSTEADY), judged)
    return Scores(rated, np.zeros(len(rated), np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    levels = {"threshold": RAISE_AT[step], "least_feeds": LEAST_FEEDS}
    return {**count_evidence(rows, row, UNSTEADY), **levels}


DETECTOR = Detector("entity_momentum", "mentions", score, evidence, RAISE_AT)
