"""A signal as the API, the stream and webhooks show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.models import DAY, HOUR, MINUTE
from shared.store.outcomes import Outcome
from shared.store.signals import Signal

CALIBRATED, INSUFFICIENT = "calibrated", "insufficient data"
LABELS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"))


def label(milliseconds: int) -> str:
    """300000 → 5m, 86400000 → 1d, 0 → 0: the name of a bar length."""
    for unit, letter in LABELS:
        if milliseconds and milliseconds % unit == 0:
            return f"{milliseconds // unit}{letter}"
    return str(milliseconds)


def horizon_label(milliseconds: int) -> str:
    """The name of a horizon; a day is 24h there, as people speak of outcomes."""
    return "24h" if milliseconds == DAY else label(milliseconds)


def signal_json(signal: Signal, outcomes: Sequence[Outcome] = (), as_of: int | None = None) -> dict[str, Any]:
    """The public shape. With `as_of`, a peak that was reached later is left out."""
    s, evidence = signal, dict(signal.metadata)
    told = evidence.pop("confidence", {})
    if as_of is not None and evidence.get("peak", {}).get("known_at", 0) > as_of:
        del evidence["peak"]
    return {
        "id": s.id,
        "type": s.type,
        "symbol": s.symbol,
        "name": s.name,
        "direction": s.direction,
        "confidence_score": s.confidence_score,
        "confidence": confidence_json(s, told),
        "state": state_at(s, outcomes, as_of),
        "at": s.at,
        "known_at": s.known_at,
        "expires_at": s.expires_at,
        "interval": label(s.step) if s.step else None,
        "price": s.reference_price,
        "evidence": evidence,
        "outcomes": [outcome_json(outcome) for outcome in outcomes],
        "created_at": s.created_at,
    }


def confidence_json(signal: Signal, told: Mapping[str, Any]) -> dict[str, Any]:
    """How sure the signal was when it was raised; `told` is what was stored of it then."""
    return {
        "status": INSUFFICIENT if signal.confidence_score is None else CALIBRATED,
        "score": signal.confidence_score,
        "horizon": told.get("horizon"),
        "raw_score": signal.raw_score,
        "outcomes": told.get("outcomes", 0),
        "base_rate": told.get("base_rate"),
        "interval": told.get("interval"),
        "calibration": told.get("calibration"),
        "by_horizon": told.get("by_horizon", {}),
    }


def state_at(signal: Signal, outcomes: Sequence[Outcome], as_of: int | None) -> str:
    """The stored state, or what it was at `as_of`."""
    if as_of is None:
        return signal.state
    if outcomes and all(outcome.status != "pending" for outcome in outcomes):
        return "resolved"
    return "expired" if signal.expires_at <= as_of else "active"


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "horizon": horizon_label(outcome.horizon),
        "status": outcome.status,
        "forward_return": outcome.forward_return,
        "max_favourable": outcome.max_favourable,
        "max_adverse": outcome.max_adverse,
        "hit": outcome.hit,
    }
