"""Calendar features: functions of the bar's close alone."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Ints
from shared.models import DAY, HOUR

WEEK = 7 * DAY
MONDAY = 4 * DAY  # 1970-01-01 was a Thursday
EXPIRY_HOUR = 8  # Deribit's: the last Friday of the month, 08:00 UTC
FUNDING = 8 * HOUR
YEAR = 365.2425 * DAY


def calendar(at: Ints) -> dict[str, Floats]:
    """Columns (N,) by feature name for instants `at` (ms UTC)."""
    weekday = (at - MONDAY) % WEEK // DAY
    hour = at % DAY / HOUR
    working = weekday < 5
    sessions = working & (hour < 8), working & (hour >= 13) & (hour < 21)
    return {
        **circle("hour", at % DAY / DAY),
        **circle("weekday", (at - MONDAY) % WEEK / WEEK),
        **circle("year", (at - month_start(at, 12)) / YEAR),
        "weekend": (~working).astype(np.float64),
        "days_to_month_end": (month_start(at, 1, 1) - at) / DAY,
        "days_to_quarter_end": (month_start(at, 3, 1) - at) / DAY,
        "days_to_expiry": (expiry_after(at) - at) / DAY,
        "hours_to_funding": (-at % FUNDING) / HOUR,
        "asia_session": sessions[0].astype(np.float64),
        "us_session": sessions[1].astype(np.float64),
    }


def circle(name: str, part: Floats) -> dict[str, Floats]:
    """A place on a circle (0..1) as sine and cosine, so that its end lies beside its start."""
    angle = 2 * np.pi * part
    return {f"{name}_sin": np.sin(angle), f"{name}_cos": np.cos(angle)}


def month_start(at: Ints, length: int, ahead: int = 0) -> Ints:
    """Start (ms) of the stretch of `length` months of the year that `at` lies in, or of one `ahead`."""
    month = at.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    return start_of(month // length * length + ahead * length)


def start_of(month: Ints) -> Ints:
    """First instant (ms) of a month, counted since 1970."""
    found: Ints = month.astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)
    return found


def expiry_after(at: Ints) -> Ints:
    """The next monthly expiry after `at` or at it."""
    month = at.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    here = expiry(month)
    return np.where(here >= at, here, expiry(month + 1))


def expiry(month: Ints) -> Ints:
    """The last Friday of a month, 08:00 UTC."""
    last = start_of(month + 1) - DAY
    friday = last - ((last - MONDAY) % WEEK // DAY - 4) % 7 * DAY
    found: Ints = friday + EXPIRY_HOUR * HOUR
    return found
