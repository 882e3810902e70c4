"""When to try again, when to stop asking: pure decisions.

RES-01: stop after 3 attempts, exponential wait, multiplier 1, min 4 s, max 10 s, only on errors of the
provider (network, 5xx, 429). A wait longer than that is not slept in a function: it becomes `not_before`.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

from shared.models import DAY, MINUTE
from shared.platform.fetch.records import FetchFailed, HostState

ATTEMPTS = 3
WAIT_MULTIPLIER, WAIT_MIN, WAIT_MAX = 1, 4.0, 10.0
BREAKER_LIMIT = 5
COOL_DOWN, COOL_DOWN_MAX = MINUTE, 15 * MINUTE
HOLD_DEFAULT, HOLD_MAX = MINUTE, DAY  # RES-02: 60 s after a rate limit that names no time
LEAST = 1000  # milliseconds; an attempt with less time left would only blame the host
RATE_LIMITED = (429, 418)  # Binance answers 418 to an address that went on after 429


def wait_after(attempt: int) -> float:
    """Seconds to wait after the n-th attempt, as tenacity's wait_exponential(1, 4, 10)."""
    return float(min(WAIT_MAX, max(WAIT_MIN, WAIT_MULTIPLIER * 2 ** (attempt - 1))))


def retryable(error: FetchFailed) -> bool:
    if error.reason == "status":
        return error.status in RATE_LIMITED or (error.status or 0) >= 500
    return error.reason in ("network", "timeout")


def next_wait(error: FetchFailed, attempt: int, attempts: int, now: int, deadline: int) -> float | None:
    """Seconds until the next attempt, or None to give up."""
    if attempt >= attempts or not retryable(error):
        return None
    wait = max(wait_after(attempt), error.retry_after or 0)
    return wait if wait <= WAIT_MAX and now + wait * 1000 + LEAST <= deadline else None


def hold_until(error: FetchFailed, now: int) -> int | None:
    """Until when the host must not be asked, where its last answer said so."""
    if error.retry_after is not None:
        return now + min(int(error.retry_after * 1000), HOLD_MAX)
    return now + HOLD_DEFAULT if error.status in RATE_LIMITED else None


def counts_against(error: FetchFailed) -> bool:
    """Whether the host is broken, rather than busy or asked for something wrong."""
    return retryable(error) and error.status not in RATE_LIMITED


def cool_down(failures: int) -> int:
    """Milliseconds the breaker stays open; doubles with each probe that fails."""
    return int(min(COOL_DOWN_MAX, COOL_DOWN << min(max(failures - BREAKER_LIMIT, 0), 10)))


def held(state: HostState, now: int) -> FetchFailed | None:
    """Why the host may not be asked now. Instants too far ahead were written by a clock gone wrong."""
    if now < state.not_before <= now + HOLD_MAX:
        return FetchFailed("not_before", "the provider asked to wait", not_before=state.not_before)
    if state.failures >= BREAKER_LIMIT and now < state.open_until <= now + COOL_DOWN_MAX:
        message = f"{state.failures} failures in a row"
        return FetchFailed("breaker_open", message, not_before=state.open_until)
    return None


def retry_after(text: str | None, now: int) -> float | None:
    """Seconds from a Retry-After header, either form; None where it is absent or makes no sense."""
    if not text:
        return None
    if text.strip().isdecimal() and text.isascii():
        return float(min(int(text.strip()[:12]), HOLD_MAX // 1000))
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, when.timestamp() - now / 1000)
