"""Correlation break: an asset's returns go with bitcoin's otherwise than they did in the week before.

    score = |atanh(r₁) - atanh(r₀)| / √(1/(n₁ - 3) + 1/(n₀ - 3))

r₁ is the correlation of the last 24 returns, r₀ that of the 168 before them, n₁ and n₀ the pairs behind them;
both within ±0.99. Fisher's transformation makes the error of a correlation the same whatever its size.
The two stretches do not overlap. Bitcoin itself is never rated other than 0.

Raised at 6 (5m), 5 (1h) and 4.5 (1d). Independent Gaussian returns are beyond 4.5 in one bar of 56,000; real
returns have fat tails that make the formula's error too small, and of the hours of 2024 (ETH, XRP) one in 170
is beyond 5. No direction: `change` tells whether the asset came closer to bitcoin or apart from it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import DAY, HOUR, MINUTE
from shared.signals.bars import Floats
from shared.signals.detector import SLOW, Detector, Scores
from shared.signals.evidence import of_bar, of_columns, sided
from shared.signals.kernels.correlation import LONG, SHORT
from shared.signals.windows import Measured

NEAR_ONE = 0.99  # beyond it the logarithm in atanh makes much of the last percent
RAISE_AT = {5 * MINUTE: 6.0, HOUR: 5.0, DAY: 4.5}
COLUMNS = ("btc_correlation_short", "btc_correlation_long", "btc_pairs_short", "btc_pairs_long")


def terms(bars: Measured) -> tuple[Floats, Floats]:
    """Difference of the transformed correlations, and its standard error (N,)."""
    short, long, n_short, n_long = (bars[name] for name in COLUMNS)
    away = fisher(short) - fisher(long)
    error = np.sqrt(1 / np.maximum(n_short - 3, 1) + 1 / np.maximum(n_long - 3, 1))
    return away, error


def fisher(correlation: Floats) -> Floats:
    found: Floats = np.arctanh(np.clip(correlation, -NEAR_ONE, NEAR_ONE))
    return found


def score(bars: Measured, step: int) -> Scores:
    away, error = terms(bars)
    return sided(np.abs(away) / error, 0, np.isfinite(away))


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    away, error = terms(bars)
    return {
        **of_bar(bars, row),
        **of_columns(bars, row, *COLUMNS),
        "value": float(away[row]),
        "scale": float(error[row]),
        "near_one": NEAR_ONE,
        "change": "closer" if away[row] > 0 else "apart",
        "bars": {"short": SHORT, "long": LONG},
        "threshold": RAISE_AT[step],
    }


DETECTOR = Detector(
    "correlation_break", "bars", score, evidence, RAISE_AT, warmup=SHORT + LONG, cooldown=SLOW
)
