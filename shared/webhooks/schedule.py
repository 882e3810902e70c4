"""What one attempt means for the delivery and for its endpoint: pure decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from shared.models import DAY

JITTER = 0.2
THROTTLED = (429, 502, 503, 504)  # Standard Webhooks: slow down, honour Retry-After
GONE = 410
RETRY_AFTER_MAX = DAY // 1000
DISABLE_AFTER = 5 * DAY  # of nothing but failures


@dataclass(frozen=True, slots=True)
class Result:
    """How the endpoint answered. `error` is None on success; `retry_after` in seconds."""

    status: int | None
    error: str | None
    response: str | None = None
    retry_after: float | None = None


def wait_before(schedule: Sequence[int], step: int, key: str) -> int:
    """Milliseconds before attempt `step` (0 is the first), ±20 %, always the same for the same delivery."""
    chance = int.from_bytes(sha256(f"{key}:{step}".encode()).digest()[:4], "big") / 2**32
    return int(schedule[step] * 1000 * (1 + JITTER * (2 * chance - 1)))


def settle(schedule: Sequence[int], step: int, key: str, result: Result, now: int) -> tuple[str, int, int]:
    """Status, next step and next instant of a delivery after the attempt at `step`."""
    if result.error is None:
        return "delivered", step, now
    if result.status == GONE:
        return "cancelled", step, now
    if step + 1 >= len(schedule):
        return "exhausted", step, now
    wait = max(wait_before(schedule, step + 1, key), pause(result))
    return "pending", step + 1, now + wait


def pause(result: Result) -> int:
    """Milliseconds the endpoint asked to be left alone."""
    if result.status not in THROTTLED or result.retry_after is None:
        return 0
    return int(min(result.retry_after, RETRY_AFTER_MAX) * 1000)


def disable_reason(result: Result, failing_since: int | None, now: int) -> str | None:
    """Why the endpoint gets nothing any more, if so."""
    if result.status == GONE:
        return "the endpoint answered 410 Gone"
    if result.error is not None and failing_since is not None and now - failing_since >= DISABLE_AFTER:
        return f"nothing but failures for {DISABLE_AFTER // DAY} days, last: {result.error}"
    return None
