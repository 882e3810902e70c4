"""Texts and numbers into instants, whatever unit or spelling."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.market.imports.errors import AmbiguousImport
from shared.models import EARLIEST, LATEST

Clock = Callable[[Any], int]  # a cell into milliseconds UTC; ValueError says why not

NUMBER = re.compile(r"[-+]?\d+(\.\d*)?(e[-+]?\d+)?", re.I)
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[ T](\d\d):?(\d\d)(?::?(\d\d))?)?")
SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d\d)(?:[ T,]+(\d{1,2}):(\d\d)(?::(\d\d))?)?")
SPELT = (
    "%b %d, %Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%Y.%m.%d %H:%M",
    "%Y.%m.%d",
    "%Y-%m-%d %I-%p",
    "%Y/%m/%d",
)
# a number's size tells its unit: the seconds of 5138, the milliseconds of 1973
UNITS = ((1e11, 1000.0), (1e14, 1.0), (1e17, 1e-3), (float("inf"), 1e-6))


def clock_for(samples: Sequence[Any]) -> Clock:
    """How to read the time column these cells are from; AmbiguousImport where days and months mix."""
    texts = [str(cell).strip() for cell in samples if str(cell).strip()]
    slashed = [match for text in texts if (match := SLASHED.fullmatch(text))]
    if not slashed or len(slashed) * 2 < len(texts):
        return read_time
    firsts, seconds = ([int(match[n]) for match in slashed] for n in (1, 2))
    day_first, month_first = max(firsts) > 12, max(seconds) > 12
    if day_first == month_first:
        raise AmbiguousImport(
            f"dates like {texts[0]} may start with the day or with the month: write them as YYYY-MM-DD"
        )
    return lambda cell: read_slashed(str(cell).strip(), day_first)


def read_time(cell: Any) -> int:
    """Seconds to nanoseconds by their size, YYYYMMDD, ISO 8601 and a few spelt forms; UTC unless stated."""
    text = str(cell).strip()
    if NUMBER.fullmatch(text):
        if len(text) == 8 and (match := COMPACT.fullmatch(text)) and "1900" <= text[:4] < "2100":
            return calendar(*match.groups())
        number = float(text)
        factor = next(factor for limit, factor in UNITS if abs(number) < limit)
        # an integer has no rounding to do, and milliseconds above 2**53 nanoseconds would have
        return checked(
            int(text) // round(1 / factor) if factor < 1 and "." not in text else round(number * factor)
        )
    if match := COMPACT.fullmatch(text):
        return calendar(*match.groups())
    try:
        return millis(datetime.fromisoformat(text))
    except ValueError:
        return read_spelt(text)


def read_spelt(text: str) -> int:
    for form in SPELT:
        try:
            return millis(datetime.strptime(text, form))
        except ValueError:
            continue
    raise ValueError(f"{text!r} is not a time")


def guessed_time(cell: Any) -> int:
    """Some instant, where it only matters whether the cell is a time at all."""
    text = str(cell).strip()
    try:
        return read_slashed(text, day_first=False)
    except ValueError:
        return read_slashed(text, day_first=True)


def read_slashed(text: str, day_first: bool) -> int:
    match = SLASHED.fullmatch(text)
    if not match:
        return read_time(text)
    first, second, year, *rest = match.groups()
    day, month = (first, second) if day_first else (second, first)
    century = "" if len(year) == 4 else "20" if int(year) < 70 else "19"
    return calendar(century + year, month, day, *rest)


def calendar(*parts: str | None) -> int:
    return millis(datetime(*(int(part or 0) for part in parts)))  # type: ignore[arg-type]


def millis(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return checked(round((aware - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000))


def checked(instant: int) -> int:
    if not EARLIEST <= instant < LATEST:
        raise ValueError(f"{instant} is not milliseconds since 1970 before 2100")
    return instant
