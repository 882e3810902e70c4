"""Which Python values a statement accepts, and as what SQLite type.

int INTEGER, float REAL, str TEXT, bytes BLOB, bool 0 or 1, None NULL; NaN and infinities are NULL.
D1 itself binds every JavaScript number as REAL; here an int stays exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from math import isfinite
from typing import Any

from shared.platform.d1 import limits
from shared.platform.d1.errors import D1TypeError, sqlite_error, wrong_bindings

Value = int | float | str | bytes | None
Row = Sequence[Any]

AS_THEY_ARE = frozenset((int, str, bytes, type(None)))
ROW_TYPES = AS_THEY_ARE | {float, bool}


def bind_value(value: Any) -> Value:
    """The value as SQLite will see it, or D1TypeError."""
    kind = type(value)
    if kind is float:
        return value if isfinite(value) else None
    if kind is int:
        return whole(value)
    if kind is str:
        return text(value)
    if kind is bytes:
        return blob(value)
    if value is None:
        return None
    if kind is bool:
        return int(value)
    if kind is bytearray or kind is memoryview:
        return blob(bytes(value))
    raise refused(value)


def bind_values(values: Sequence[Any]) -> tuple[Value, ...]:
    if len(values) > limits.PARAMETERS:
        raise wrong_bindings()
    return tuple([bind_value(value) for value in values])


def bind_rows(rows: Iterable[Row]) -> Sequence[Row]:
    """Rows for `execute_many`: looked at by type alone, converted only where one needs it."""
    held = rows if isinstance(rows, (list, tuple)) else list(rows)
    # subclasses are not let through: numpy's integers would silently become BLOBs
    if set(map(type, chain.from_iterable(held))) <= ROW_TYPES:
        return held
    return [bind_values(row) for row in held]


def whole(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise D1TypeError(f"Type 'int' not supported for value '{value}'", "D1_TYPE_ERROR")
    return value


def text(value: str) -> str:
    """A lone surrogate has no UTF-8: it becomes U+FFFD, as in D1."""
    if not value.isascii():
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            value = value.encode(errors="surrogatepass").decode(errors="replace")
            size = len(value.encode())
    else:
        size = len(value)
    if size > limits.VALUE_BYTES:
        raise too_big()
    return value


def blob(value: bytes) -> bytes:
    if len(value) > limits.VALUE_BYTES:
        raise too_big()
    return value


def too_big() -> Exception:
    return sqlite_error("string or blob too big", "SQLITE_TOOBIG")


def refused(value: Any) -> D1TypeError:
    return D1TypeError(f"Type '{type(value).__name__}' not supported for value '{value}'", "D1_TYPE_ERROR")
