"""Market stress: at one bar far more assets make an anomalous move than their own records would have.

    score = -log10 P(X >= k),   X binomial of n assets, each with the usual share p of anomalous bars

k of the n assets that can be judged exceed their level of price_anomaly at that bar. Were assets independent
the score would be the improbability in powers of ten; they are not, which is the point: it measures how much
they moved as one. At least 10 assets, of which a third: of fewer a share says little, and of 130 already 12
would be improbable enough. One finding for the market, filed under bitcoin where its own bar is there; its
direction is that of most of the k, none where they are even.

p is 0.003 (5m), 0.01 (1h) and 0.01 (1d), counted on the bars of 2018, 2024 and since 2017. Raised at 6: one
in a million, which five of ten assets reach. BTC, ETH and XRP are all beyond their level in one hour of 600.
"""

from __future__ import annotations

from math import comb, log10
from typing import Any, NamedTuple

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.bars import Ints
from shared.signals.detector import Detector, Scores
from shared.signals.detectors import price_anomaly
from shared.signals.evidence import of_bar
from shared.signals.windows import Measured

LEAST = 10
SHARE = 1 / 3
USUAL = {5 * MINUTE: 0.003, HOUR: 0.01, DAY: 0.01}
RAISE_AT = {5 * MINUTE: 6.0, HOUR: 6.0, DAY: 6.0}


class Market(NamedTuple):
    """By instant (T,), `of` the instant of a row (N,): assets judged, beyond their level, of these down."""

    of: Ints
    judged: Ints
    beyond: Ints
    down: Ints


def market(bars: Measured, step: int) -> Market:
    times, of = np.unique(bars.open_time, return_inverse=True)
    scores = price_anomaly.score(bars, step)
    beyond = scores.score >= price_anomaly.RAISE_AT[step]
    chosen = (bars.ready, beyond, beyond & (scores.side < 0))
    return Market(of, *(np.bincount(of[rows], minlength=len(times)) for rows in chosen))


def improbability(k: int, n: int, p: float) -> float:
    """-log10 of the probability of k or more of n."""
    return -log10(sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))) if k else 0.0


def score(bars: Measured, step: int) -> Scores:
    rated, side = np.zeros(len(bars)), np.zeros(len(bars), np.int8)
    if not len(bars):
        return Scores(rated, side)
    seen = market(bars, step)
    many = (seen.judged >= LEAST) & (seen.beyond >= SHARE * seen.judged)
    for row in np.flatnonzero((bars.asset == bars.leader) & many[seen.of]).tolist():
        at = int(seen.of[row])
        k, down = int(seen.beyond[at]), int(seen.down[at])
        rated[row] = improbability(k, int(seen.judged[at]), USUAL[step])
        side[row] = np.sign(k - 2 * down)
    return Scores(rated, side)


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    seen = market(bars, step)
    at = seen.of[row]
    n, k, down = int(seen.judged[at]), int(seen.beyond[at]), int(seen.down[at])
    return {
        **of_bar(bars, row),
        "assets": n,
        "beyond": k,
        "up": k - down,
        "down": down,
        "share": k / n,
        "expected_share": USUAL[step],
        "level": price_anomaly.RAISE_AT[step],
        "least_assets": LEAST,
        "least_share": SHARE,
        "threshold": RAISE_AT[step],
    }


DETECTOR = Detector("market_stress", "bars", score, evidence, RAISE_AT)
