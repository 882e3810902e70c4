"""Ties to other markets: beta and correlation of returns with bitcoin, the S&P 500 and the dollar index."""

from __future__ import annotations

import numpy as np

from shared.market.features.kernels.trend import direction, line
from shared.market.features.kernels.volatility import level
from shared.market.features.kernels.window import Logs, deviation, market_logs, total
from shared.market.indicators.kernel import Floats, Window

BITCOIN = (
    "beta_btc_96",
    "correlation_btc_96",
    "lead_btc_96",
    "residual_btc_1",
    "relative_btc_24",
    "relative_btc_96",
    "btc_return_24",
    "btc_volatility_24",
    "btc_trend_regime",
    "btc_volatility_regime",
)
INDEXES = ("spx", "dxy")
NAMES = (*BITCOIN, *(f"{what}_{index}_96" for index in INDEXES for what in ("beta", "correlation")))
# An index that trades by day moves in few bars of 5m or 1h: below 20 changes a correlation is chance.
LEAST_MOVES = 20


def columns(window: Window, logs: Logs) -> tuple[Floats, ...]:
    return (*bitcoin(window, logs), *(column for name in INDEXES for column in index(window, logs, name)))


def bitcoin(window: Window, logs: Logs) -> tuple[Floats, ...]:
    levels = market_logs(window, "btc")
    if levels is None:
        return (np.full(logs.spread.shape, np.nan),) * len(BITCOIN)
    moves = levels[1:] - levels[:-1]
    away = moves - total(moves) / Logs.BARS
    variation = total(away * away)
    beta, correlation = tie(logs, away, variation)
    lead = total(logs.away[1:] * away[:-1]) / np.sqrt(logs.variation * variation)
    day, whole = levels[-1] - levels[-25], levels[-1] - levels[0]
    own_day, own_whole = logs.close[-1] - logs.close[-25], logs.close[-1] - logs.close[0]
    spread, recent = np.sqrt(variation / (Logs.BARS - 1)), deviation(moves[-24:])
    rise, fit, _ = line(levels[1:])
    residual = logs.moves[-1] - beta * moves[-1]
    regimes = direction(rise, fit), level(np.log(recent / spread))
    return beta, correlation, lead, residual, own_day - day, own_whole - whole, day, recent, *regimes


def index(window: Window, logs: Logs, name: str) -> tuple[Floats, Floats]:
    """Beta and correlation with an index, NaN where it moved in fewer than LEAST_MOVES bars."""
    levels = market_logs(window, name)
    if levels is None:
        return (np.full(logs.spread.shape, np.nan),) * 2
    moves = levels[1:] - levels[:-1]
    away = moves - total(moves) / Logs.BARS
    beta, correlation = tie(logs, away, total(away * away))
    moved = np.count_nonzero(moves, axis=0) >= LEAST_MOVES
    return np.where(moved, beta, np.nan), np.where(moved, correlation, np.nan)


def tie(logs: Logs, away: Floats, variation: Floats) -> tuple[Floats, Floats]:
    """Beta and correlation of own returns with a market's, both less their means."""
    shared = total(logs.away * away)
    return shared / variation, shared / np.sqrt(logs.variation * variation)
