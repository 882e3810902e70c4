"""The detectors, one file each; the order is the order of evaluation."""

from __future__ import annotations

from shared.signals.detector import Detector
from shared.signals.detectors import (
    correlation_break,
    dex_volume_spike,
    entity_momentum,
    exchange_divergence,
    funding_extreme,
    liquidity_anomaly,
    liquidity_cascade,
    macd_cross,
    market_stress,
    metric_anomaly,
    momentum_exhaustion,
    new_pair,
    news_burst,
    open_interest_shock,
    order_book_imbalance,
    price_anomaly,
    pump_dump,
    risk_reversal,
    sentiment_shift,
    squeeze_breakout,
    stablecoin_depeg,
    trend_change,
    tvl_anomaly,
    volatility_regime,
    volume_breakout,
    volume_spike,
    whale_accumulation,
)

ON_BARS: tuple[Detector, ...] = (
    price_anomaly.DETECTOR,
    volume_spike.DETECTOR,
    volatility_regime.DETECTOR,
    trend_change.DETECTOR,
    momentum_exhaustion.DETECTOR,
    macd_cross.DETECTOR,
    squeeze_breakout.DETECTOR,
    volume_breakout.DETECTOR,
    correlation_break.DETECTOR,
    pump_dump.DETECTOR,
    whale_accumulation.DETECTOR,
    liquidity_cascade.DETECTOR,
    market_stress.DETECTOR,
)
ON_TABLES: tuple[Detector, ...] = (
    sentiment_shift.DETECTOR,
    news_burst.DETECTOR,
    entity_momentum.DETECTOR,
    exchange_divergence.DETECTOR,
    stablecoin_depeg.DETECTOR,
    order_book_imbalance.DETECTOR,
    liquidity_anomaly.DETECTOR,
    funding_extreme.DETECTOR,
    open_interest_shock.DETECTOR,
    tvl_anomaly.DETECTOR,
    dex_volume_spike.DETECTOR,
    new_pair.DETECTOR,
    risk_reversal.DETECTOR,
    metric_anomaly.DETECTOR,
)
DETECTORS: tuple[Detector, ...] = (*ON_BARS, *ON_TABLES)
