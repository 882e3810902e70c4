"""Which Python values a statement accepts, and as what SQLite type.

int INTEGER, float REAL, str TEXT, bytes BLOB, bool 0 or 1, None NULL; NaN and infinities are NULL.
D1 itself binds every JavaScript number as REAL; here an int stays exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from math import inf, isfinite
from typing import Any

from shared.platform.d1.errors import D1TypeError

Value = int | float | str | bytes | None
Row = Sequence[Any]

TYPES = frozenset((int, float, str, bytes, bool, type(None)))
INFINITE = frozenset((inf, -inf))


def bind_value(value: Any) -> Any:
    """The value as SQLite will see it, or D1TypeError."""
    kind = type(value)
    if kind is float:
        return value if isfinite(value) else None
    if kind is int and -(2**63) <= value < 2**63:
        return value
    if kind is str:
        return value if value.isascii() else with_utf8(value)
    if kind is bytes or value is None:
        return value
    if kind is bool:
        return int(value)
    if kind is bytearray or kind is memoryview:
        return bytes(value)
    raise D1TypeError(f"Type '{kind.__name__}' not supported for value '{value}'", D1TypeError.prefix)


def bind_values(values: Iterable[Any]) -> tuple[Value, ...]:
    return tuple([bind_value(value) for value in values])


def bind_rows(rows: Sequence[Row]) -> Sequence[Row]:
    """Rows for `execute_many`: looked at by type alone, converted only where a value needs it."""
    # exact types: numpy's integers, let through, would silently become BLOBs
    types = set(map(type, chain.from_iterable(rows)))
    plain = types <= TYPES and (float not in types or INFINITE.isdisjoint(chain.from_iterable(rows)))
    return rows if plain else [bind_values(row) for row in rows]


def only_numbers(rows: Sequence[Row]) -> bool:
    """Whether all values are finite numbers that SQLite takes as they are; cheaper than all their types.

    A sum tells: NaN and infinities never leave it again, numpy's numbers give it their own type, all else
    has none. Of int and float it lets subclasses pass, which bind by value.
    """
    try:
        total = sum(chain.from_iterable(rows))
        return type(total) in (int, float) and isfinite(total)
    except (TypeError, ArithmeticError):
        return False


def with_utf8(value: str) -> str:
    """A lone surrogate has no UTF-8: it becomes U+FFFD, three of them as in D1."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode(errors="surrogatepass").decode(errors="replace")
    return value
