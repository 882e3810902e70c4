"""How sure a signal is when it is raised: a measured probability or nothing, never a number made up.

The probability is that of a hit at the primary horizon of its bar length, by the newest calibration that was
known at the raise; it is stored with the signal and never changes. Below LEAST outcomes there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.models import DAY, HOUR, MINUTE, Direction
from shared.platform.d1 import D1Database
from shared.signals.detector import NO_BAR
from shared.signals.view import CALIBRATED, INSUFFICIENT, horizon_label
from shared.store import calibrations
from shared.store.calibrations import Calibration
from shared.store.signals import Signal

# What a reader of such a bar acts on: about fifty short bars, a day of hours, a week of days.
PRIMARY: Mapping[int, int] = {5 * MINUTE: 4 * HOUR, HOUR: DAY, DAY: 7 * DAY, NO_BAR: DAY}

Calibrations = Mapping[tuple[str, int, int], Calibration]  # by type, step, horizon


async def known(
    db: D1Database, kinds: Iterable[tuple[str, int]], horizons: Sequence[int], as_of: int
) -> Calibrations:
    """The calibrations of these (type, step) that were known at an instant."""
    keys = [(type, step, horizon) for type, step in sorted(set(kinds)) for horizon in horizons]
    return await calibrations.newest(db, keys, as_of)


def confident(signal: Signal, known: Calibrations) -> Signal:
    """The signal with what calibration says of it, in `confidence_score` and `metadata["confidence"]`."""
    told = confidence(signal.type, signal.step, signal.raw_score, signal.direction, known)
    return replace(
        signal,
        confidence_score=told.pop("score"),
        metadata={**signal.metadata, "confidence": told},
    )


def confidence(
    type: str, step: int, raw_score: float, direction: Direction, known: Calibrations
) -> dict[str, Any]:
    """The score at the primary horizon (None without), its interval, and the same at every horizon known."""
    primary = PRIMARY[step]
    fits = {horizon: fit for (*kind, horizon), fit in sorted(known.items()) if kind == [type, step]}
    by_horizon = {horizon_label(horizon): told_by(fit, raw_score, direction) for horizon, fit in fits.items()}
    fit = fits.get(primary)
    at_primary = by_horizon.get(horizon_label(primary)) or told_by(None, raw_score, direction)
    score = at_primary["probability"]
    return {
        "score": score,
        "status": INSUFFICIENT if score is None else CALIBRATED,
        "horizon": horizon_label(primary),
        "outcomes": at_primary["outcomes"],
        "base_rate": at_primary["base_rate"],
        "interval": at_primary["interval"],
        "calibration": fit.id if fit and score is not None else None,
        "by_horizon": by_horizon,
    }


def told_by(fit: Calibration | None, raw_score: float, direction: Direction) -> dict[str, Any]:
    from shared.signals.calibration.model import probability

    found = probability(fit.model, raw_score, direction) if fit and direction != "none" else None
    return {
        "probability": found.score if found else None,
        "interval": [found.low, found.high] if found else None,
        "base_rate": fit.base_rate if fit and found else None,
        "outcomes": fit.n if fit else 0,
    }
