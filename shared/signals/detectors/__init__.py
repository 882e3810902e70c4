"""The detectors, one file each; the order is the order of evaluation."""

from __future__ import annotations

from shared.signals.detector import Detector
from shared.signals.detectors import (
    dex_volume_spike,
    entity_momentum,
    exchange_divergence,
    funding_extreme,
    liquidity_anomaly,
    new_pair,
    news_burst,
    open_interest_shock,
    order_book_imbalance,
    price_anomaly,
    risk_reversal,
    sentiment_shift,
    stablecoin_depeg,
    tvl_anomaly,
    volume_spike,
)

ON_BARS: tuple[Detector, ...] = (
    price_anomaly.DETECTOR,
    volume_spike.DETECTOR,
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
)
DETECTORS: tuple[Detector, ...] = (*ON_BARS, *ON_TABLES)
