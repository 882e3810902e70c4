"""Feature flags: `config:{feature}` holds {"enabled": bool, "percentage": 0..100}."""

from __future__ import annotations

import time
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple
from weakref import WeakKeyDictionary

import orjson

from shared.errors import Invalid
from shared.platform.kv.interface import KV, KVUnavailable

REMEMBERED_S = 30.0  # a change is everywhere within this


class Flag(NamedTuple):
    """Off, or on for a percentage of all subjects."""

    enabled: bool = False
    percentage: float = 100.0


OFF = Flag()
Known = dict[str, tuple[float, Flag]]
_known: WeakKeyDictionary[KV, Known] = WeakKeyDictionary()


async def enabled(kv: KV, feature: str, subject_id: str = "") -> bool:
    """Whether a feature is on for a subject: the same answer each time, and for ever more as it rolls out.

    An unknown feature is off; while the store is away the last answer counts.
    """
    flag = await read(kv, feature)
    return flag.enabled and share(feature, subject_id) < flag.percentage


async def read(kv: KV, feature: str) -> Flag:
    """The flag as it was within the last half minute."""
    known = _known.setdefault(kv, {})
    until, flag = known.get(feature, (0.0, OFF))
    if until > time.monotonic():
        return flag
    with suppress(KVUnavailable):
        flag = parse(await kv.get(f"config:{feature}"))
    known[feature] = (time.monotonic() + REMEMBERED_S, flag)
    return flag


async def switch(kv: KV, feature: str, on: bool, percentage: float = 100.0) -> None:
    """Set a flag; this process sees it at once."""
    if not 0 <= percentage <= 100:
        raise Invalid(f"percentage: {percentage!r} is not between 0 and 100")
    await kv.put(f"config:{feature}", orjson.dumps({"enabled": on, "percentage": percentage}))
    _known.setdefault(kv, {}).pop(feature, None)


def parse(text: bytes | None) -> Flag:
    """Read a stored flag; what is not one is off, for an operator writes these by hand."""
    try:
        found = orjson.loads(text or b"null")
        return Flag(found["enabled"] is True, float(found.get("percentage", 100)))
    except (ValueError, TypeError, KeyError, AttributeError):
        return OFF


def share(feature: str, subject_id: str) -> float:
    """Where a subject stands between 0 and 100; another place for every feature."""
    digest = sha256(f"{feature}:{subject_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 * 100
