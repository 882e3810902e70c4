"""JSON of strangers into typed rows: fast where all is well, row by row where it is not."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from shared.errors import Malformed, Refused


@lru_cache(maxsize=64)
def decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """`strict=False` reads the numbers that exchanges write as strings."""
    return msgspec.json.Decoder(kind, strict=False)


def whole(body: bytes, kind: Any) -> Any:
    """One typed value, or Malformed."""
    try:
        return decoder(kind).decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(describe(error, body)) from error


def rows(body: bytes, kind: Any) -> list[Any]:
    """Typed rows of a JSON list; where one does not fit, each apart and undecoded (see `row`)."""
    try:
        found: list[Any] = decoder(list[kind]).decode(body)
    except (msgspec.ValidationError, UnicodeDecodeError):
        pass
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(describe(error, body)) from error
    else:
        if not says_twice(body, kind, len(found)):
            return found
    apart: list[Any] = whole(body, list[msgspec.Raw])
    return apart


def row(item: Any, kind: Any) -> Any:
    """A row of `rows`, decoded; Refused where it is not what it should be."""
    if not isinstance(item, msgspec.Raw):
        return item
    body = bytes(item)
    try:
        found = decoder(kind).decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refused(describe(error, body)) from error
    if says_twice(body, kind, 1):
        raise Refused("a field is given twice")
    return found


def says_twice(body: bytes, kind: Any, times: int) -> bool:
    """Whether a field of a Struct stands there more often than there are rows: the last would win."""
    names = getattr(kind, "__struct_encode_fields__", ())
    return any(body.count(b'"%s":' % name.encode()) > times for name in names)


def describe(error: Exception, body: bytes) -> str:
    """What is wrong, with the beginning of what came: a gateway's HTML is known by its first words."""
    start = body[:60].decode("utf-8", "replace")
    return f"{error or type(error).__name__}; it begins with {start!r}"
