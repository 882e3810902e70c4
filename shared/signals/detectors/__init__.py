"""The detectors, one file each; the order is the order of evaluation."""

from __future__ import annotations

from shared.signals.detector import Detector
from shared.signals.detectors import price_anomaly, sentiment_shift, volume_spike

DETECTORS: tuple[Detector, ...] = (
    price_anomaly.DETECTOR,
    volume_spike.DETECTOR,
    sentiment_shift.DETECTOR,
)
