"""How sure a signal is: a measured probability or nothing, never a number made up."""

from __future__ import annotations

from dataclasses import dataclass

NOT_CALIBRATED = "not calibrated yet"


@dataclass(frozen=True, slots=True)
class Confidence:
    """`score` is a calibrated probability (0..1) or None, `outcomes` how many measured ones it rests on."""

    score: float | None
    status: str
    outcomes: int = 0


def confidence(type: str, raw_score: float) -> Confidence:
    """No calibration is fitted yet, and a raw score is not a probability: say so."""
    return Confidence(None, NOT_CALIBRATED)
