"""How many requests of a user passed in a window: `rate_limit:{user_id}:{window}`, kept by the limiter."""

from __future__ import annotations

from shared.platform.kv.interface import KV


def window_of(now: int, period_s: float) -> int:
    """The number of the window that an instant (ms) lies in."""
    return int(now // (1000 * period_s))


async def request_count(kv: KV, user_id: str, window: int) -> int:
    """Requests let through; a window is remembered until it is two periods old."""
    return int(await kv.get(f"rate_limit:{user_id}:{window}") or 0)
