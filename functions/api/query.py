"""Read the query of a request: each parameter checked once, with an error that names it."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson

from shared.errors import Invalid
from shared.models import DAY, EARLIEST, HOUR, LATEST, MINUTE

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
INTERVALS = {"1m": MINUTE, "5m": 5 * MINUTE, "1h": HOUR, "1d": DAY}
PERIODS = {"24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "1y": 365 * DAY}


class Query:
    """The parameters of one request; a parameter nobody asks for is ignored."""

    def __init__(self, raw: bytes) -> None:
        try:
            self.values = parse_qs(raw.decode("ascii"), errors="strict", max_num_fields=50) if raw else {}
        except ValueError as error:
            raise Invalid(f"the query cannot be read: {error}") from error

    def text(self, name: str) -> str | None:
        """Read the last value of a parameter, at most 200 characters; None where it is absent or empty."""
        value = self.values.get(name, [""])[-1]
        if len(value) > 200:
            raise Invalid(f"{name}: has {len(value)} characters, at most 200 are allowed", field=name)
        return value or None

    def limit(self) -> int:
        text = self.text("limit")
        if text is None:
            return DEFAULT_LIMIT
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MAX_LIMIT):
            raise Invalid(f"limit: {text!r} is not a whole number from 1 to {MAX_LIMIT}", field="limit")
        return int(text)

    def share(self, name: str) -> float | None:
        """Read a number from 0 to 1."""
        text = self.text(name)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1:
            raise Invalid(f"{name}: {text!r} is not a number from 0 to 1", field=name)
        return value

    def instant(self, name: str) -> int | None:
        """Read an instant: milliseconds since 1970, or ISO 8601 (UTC where it names no zone)."""
        text = self.text(name)
        if text is None:
            return None
        try:
            value = int(text) if text.lstrip("-").isdecimal() else milliseconds(text)
        except (ValueError, OverflowError):
            value = LATEST
        if not EARLIEST <= value < LATEST:
            what = "is not an instant: milliseconds since 1970 or ISO 8601"
            raise Invalid(f"{name}: {text!r} {what}", field=name)
        return value

    def as_of(self, now: int) -> int | None:
        """Read `as_of`; nothing is known yet of the future."""
        value = self.instant("as_of")
        if value is not None and value > now + MINUTE:
            raise Invalid(f"as_of: {value} lies in the future", field="as_of", now=now)
        return value

    def choice(self, name: str, known: Collection[str], code: str = "VALIDATION_ERROR") -> str | None:
        """Read one of the known words."""
        text = self.text(name)
        if text is not None and text not in known:
            raise Invalid(f"{name}: {text!r} is not one of {', '.join(known)}", code=code, field=name)
        return text

    def cursor(self, *kinds: type) -> list[Any] | None:
        """Read where the page before ended: values of these kinds, as `cursor_of` wrote them."""
        text = self.text("cursor")
        if text is None:
            return None
        try:
            values = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except ValueError:
            values = None
        if not isinstance(values, list) or tuple(map(type, values)) != kinds:
            raise Invalid("cursor: was not given out by this list", field="cursor")
        return values


def milliseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def cursor_of(values: Sequence[Any]) -> str:
    """Write where a page ended; opaque to the caller."""
    return urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")
