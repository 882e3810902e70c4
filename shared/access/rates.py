"""Rates as keys and tokens carry them: `1000/hour`, optionally `1000/hour;burst=50`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from shared.errors import Invalid

PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
RATE = re.compile(r"([1-9]\d{0,11})/(second|minute|hour|day)(?:;burst=([1-9]\d{0,8}))?", re.ASCII)
BURST = 100


class Rate(NamedTuple):
    """`limit` requests in `period_s` seconds, at most `burst` at once."""

    limit: int
    period_s: int
    burst: int


@lru_cache(maxsize=1024)
def parse_rate(text: str) -> Rate:
    """Read a rate; raises Invalid. Without a burst it is 100, or a second's worth where that is more."""
    match = RATE.fullmatch(text)
    if not match:
        raise Invalid(f"rate limit: {text!r} is not like 1000/hour")
    limit, period = int(match[1]), PERIODS[match[2]]
    burst = int(match[3]) if match[3] else max(BURST, limit // period)
    return Rate(limit, period, min(burst, limit))
