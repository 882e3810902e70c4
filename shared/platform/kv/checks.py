"""Check what goes in as Cloudflare KV does, with an error that says what is wrong and by how much."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import orjson

from shared.errors import Invalid
from shared.platform.kv.interface import KEY_BYTES, LIST_LIMIT, METADATA_BYTES, VALUE_BYTES


def check_key(key: str) -> None:
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise Invalid("key: is not valid Unicode") from None
    if size == 0:
        raise Invalid("key: is empty")
    if key.startswith("kv:"):
        raise Invalid("key: names that start with kv: are the store's own")
    if key in (".", ".."):
        raise Invalid(f"key: {key!r} is not allowed")
    if size > KEY_BYTES:
        raise Invalid(f"key: {size} bytes, at most {KEY_BYTES} are allowed")


def check_value(value: bytes | str) -> bytes:
    """Return the bytes to store."""
    data = value.encode() if isinstance(value, str) else bytes(value)
    if len(data) > VALUE_BYTES:
        raise Invalid(f"value: {len(data)} bytes, at most {VALUE_BYTES} are allowed")
    return data


def check_metadata(metadata: Mapping[str, Any] | None) -> bytes | None:
    """Return the metadata as JSON."""
    if metadata is None:
        return None
    try:
        text = orjson.dumps(dict(metadata))
    except TypeError as error:
        raise Invalid(f"metadata: {error}") from None
    if len(text) > METADATA_BYTES:
        raise Invalid(f"metadata: {len(text)} bytes of JSON, at most {METADATA_BYTES} are allowed")
    return text


def check_ttl(ttl: float | None) -> None:
    """Any positive time: entries expire exactly here, so Cloudflare's floor of 60 s has no reason."""
    if ttl is not None and not 0 < ttl < 10**10:
        raise Invalid(f"ttl: {ttl!r} is not a positive number of seconds")


def check_limit(limit: int) -> None:
    if not 1 <= limit <= LIST_LIMIT:
        raise Invalid(f"limit: {limit!r} is not between 1 and {LIST_LIMIT}")


def cursor_of(name: str) -> str:
    """An opaque cursor: the page goes on after this name."""
    return urlsafe_b64encode(name.encode()).decode().rstrip("=")


def name_of(cursor: str | None) -> str:
    """The name a cursor stands for; empty for none."""
    try:
        return urlsafe_b64decode((cursor or "") + "=" * (-len(cursor or "") % 4)).decode()
    except ValueError:
        raise Invalid(f"cursor: {cursor!r} was not given out by a listing") from None
