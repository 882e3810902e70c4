"""Momentum exhaustion: the price makes a further extreme that its RSI no longer follows.

    score = points of RSI(14) lost between the last two highs (or won between the last two lows)

A high is the highest close of three bars on each side, so it is known three bars later and the finding is
dated there. Rated when the later high is above the earlier one, whose RSI was beyond 70, and the two are at
most 60 bars apart; lows mirrored, beyond 30. 70 and 30 are Wilder's own. The direction is against the move.

Raised at 12 (5m), 10 (1h) and 7 points (1d). Seven bars in a thousand complete such a pair of turns, on a
Gaussian random walk as on real bars, with half of them below 5 points; one bar in 7,700, 2,900 and 700 of the
walk is beyond the levels, which lets a few a month through of 5m, and a few a year of 1h and 1d.
"""

from __future__ import annotations

from typing import Any

from shared.models import DAY, HOUR, MINUTE
from shared.signals.detector import Detector, Scores
from shared.signals.evidence import of_bar, of_columns, sided
from shared.signals.kernels.divergence import SPAN, WING
from shared.signals.windows import Measured

OVERBOUGHT = 70.0
RAISE_AT = {5 * MINUTE: 12.0, HOUR: 10.0, DAY: 7.0}
COLUMNS = ("pivot_close", "pivot_rsi", "pivot_close_before", "pivot_rsi_before", "pivot_bars")


def score(bars: Measured, step: int) -> Scores:
    side = bars["pivot_side"]
    further = side * (bars["pivot_close"] - bars["pivot_close_before"]) > 0
    stretched = side * (bars["pivot_rsi_before"] - 50) >= OVERBOUGHT - 50
    lost = side * (bars["pivot_rsi_before"] - bars["pivot_rsi"])
    judged = further & stretched & (bars["pivot_bars"] <= SPAN) & (lost > 0)
    return sided(lost, -side, judged)


def evidence(bars: Measured, row: int, step: int) -> dict[str, Any]:
    return {
        **of_bar(bars, row),
        **of_columns(bars, row, *COLUMNS),
        "turn": "high" if bars["pivot_side"][row] > 0 else "low",
        "confirmed_after": WING,
        "rsi_beyond": OVERBOUGHT if bars["pivot_side"][row] > 0 else 100 - OVERBOUGHT,
        "threshold": RAISE_AT[step],
    }


DETECTOR = Detector("momentum_exhaustion", "bars", score, evidence, RAISE_AT, warmup=150)
