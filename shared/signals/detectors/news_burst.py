"""News burst: an asset is in far more articles of an hour than its week makes likely.

    score = -log10 P(N >= count),   N negative binomial with mean m and variance m + φ·m²
    m = (events + 0.5) / slots,     φ = 1 / (events + 0.5) + clip((variance - m₀) / m₀², 0.25, 2)

over the `slots` hours of the week before, m₀ = events / slots: how many articles there were in them, and the
variance from hour to hour. Half an article is imagined, so that an asset nobody wrote of can have news at
all. φ is what is not known of the mean and how unsteady it is: at least 0.25, for a day has busy and quiet
hours (±50 %), at most 2, for a week is too short to tell how far an unsteady rate may go. Copies of a story
count: that everybody tells it is the burst. Articles count in the hour they were published; what became
known more than six hours later (a first collection, a long stop) counts nowhere.

Raised at 5, one hour in 100,000, and by three feeds at least: one feed that publishes its archive is no news.
In 96,850 hours made of independent articles, with nights and weekends, there was none. Stories that several
feeds tell are no chance but what is looked for: were each told by 1.5 feeds, 130 assets would raise every
second day, by 2.5 feeds three times a day. No direction: what the news say is for sentiment_shift; `mood` is
the mean sentiment of the hour's articles.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.signals.chance import surprises
from shared.signals.detector import NO_BAR, Detector, Scores
from shared.signals.families.family import Rows
from shared.signals.families.rating import count_evidence, usual_count

LEAST_FEEDS = 3
UNSTEADY = (0.25, 2.0)
RAISE_AT = {NO_BAR: 5.0}


def score(rows: Rows, step: int) -> Scores:
    judged = (rows["slots"] > 0) & (rows["feeds"] >= LEAST_FEEDS)
    rated = surprises(rows["count"], usual_count(rows, UNSTEADY), judged)
    return Scores(rated, np.zeros(len(rated), np.int8))


def evidence(rows: Rows, row: int, step: int) -> dict[str, Any]:
    levels = {"threshold": RAISE_AT[step], "least_feeds": LEAST_FEEDS}
    return {**count_evidence(rows, row, UNSTEADY), **levels}


DETECTOR = Detector("news_burst", "news", score, evidence, RAISE_AT)
