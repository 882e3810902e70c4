"""Volatility regime: the last 12 bars move more, or less, than the 96 before them, more than usually so.

    ratio = ln(realised volatility of 12 bars / realised volatility of the 96 before), each at least 0.0005
    score = |ratio - median| / scale,   scale = max(1.4826 · MAD, 0.22)

Median and MAD are those of 24 earlier ratios, 6 bars apart. Volatility comes in clusters: how far the ratio
strays is each asset's own, and robust units keep one storm from hiding the next. The floor of 0.22 is the
sampling error of the logarithm for independent normal returns, √(1/24 + 1/192): below it chance alone varies.

Raised at 6 (5m), 5 (1h) and 4 (1d): the shorter the bar, the more the time of day alone changes. On a
Gaussian random walk one bar in 16,000 is beyond 5 and one in 2,000 beyond 4; of the hours of 2024 (BTC, ETH,
XRP) one in 500 is, of the days since 2017 one in 70. No direction: a regime is wild or calm, not up or down;
`change` tells which.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.bars import Floats
from shared.signals.detector import SLOW, Detector, Scores
from shared.signals.detectors.price_anomaly import NORMAL
from shared.signals.evidence import of_bar, sided
from shared.signals.kernels.volatility import LONG, NEEDS, SAMPLES, SHORT, STRIDE
from shared.signals.windows import Measured

FLOOR = 0.22
RAISE_AT = {5 * MINUTE: 6.0, HOUR: 5.0, DAY: 4.0}


def ratio_scale(bars: Measured) -> Floats:
    """How much the log ratio usually varies (N,)."""
    return np.maximum(NORMAL * bars["turmoil_mad"], FLOOR)


def score(bars: Measured, step: int) -> Scores:
    rated = np.abs(bars["turmoil_ratio"] - bars["turmoil_median"]) / ratio_scale(bars)
    return sided(rated, 0, np.isfinite(rated))


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    away = bars["turmoil_ratio"][row] - bars["turmoil_median"][row]
    return {
        **of_bar(bars, row),
        "short_volatility": float(bars["turmoil_short"][row]),
        "long_volatility": float(bars["turmoil_long"][row]),
        "value": float(bars["turmoil_ratio"][row]),
        "median": float(bars["turmoil_median"][row]),
        "mad": float(bars["turmoil_mad"][row]),
        "scale": float(ratio_scale(bars)[row]),
        "change": "wilder" if away > 0 else "calmer",
        "bars": {"short": SHORT, "long": LONG, "samples": SAMPLES, "apart": STRIDE},
        "threshold": RAISE_AT[step],
    }


DETECTOR = Detector("volatility_regime", "bars", score, evidence, RAISE_AT, warmup=NEEDS, cooldown=SLOW)
