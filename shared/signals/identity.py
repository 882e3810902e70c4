"""Names that come from facts: the same bar gives the same signal, whoever finds it and however often."""

from __future__ import annotations

from hashlib import sha256

from ulid import ULID

from shared.signals.view import label


def signal_key(type: str, slug: str, step: int, at: int) -> str:
    """price_anomaly:bitcoin:1d:1584057600000"""
    return f"{type}:{slug}:{label(step)}:{at}"


def ulid_of(key: str, at: int) -> str:
    """A ULID whose time is `at` (ms; 0 for what is older than 1970) and whose 80 bits are a hash of `key`."""
    return str(ULID.from_bytes(max(at, 0).to_bytes(6, "big") + sha256(key.encode()).digest()[:10]))
