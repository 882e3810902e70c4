"""What a provider is to us: a request, its items, and how one is read. All pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.errors import Refused
from shared.models import AHEAD, Record

if TYPE_CHECKING:
    from shared.env import Settings
    from shared.platform.fetch import Request
    from shared.store.assets import Assets

REASONS = 3  # of the refused records so many are named


@dataclass(frozen=True, slots=True)
class Ask:
    """What a source may know when it asks and reads.

    `now` is when the request is made, then when the answer came. `window` is the start of the interval the
    run stands for. `progress` says how far each (symbol, data type) is extracted: open time of its last bar.
    """

    now: int
    window: int
    settings: Settings
    assets: Assets
    progress: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """`items` cuts an answer into items or raises Malformed; `read` makes a record of one, or None for what
    is not ours, or raises Refused. `series` names the (symbol, data type) of a request, where how far it
    is extracted is to be kept.
    """

    name: str
    job: str
    requests: Callable[[Ask], Iterable[Request]]
    items: Callable[[bytes, Request, Ask], Iterable[Any]]
    read: Callable[[Any, Request, Ask], Record | None]
    reliability: float = 0.5
    series: Callable[[Request], tuple[str, str]] | None = None


@dataclass(slots=True)
class Reading:
    """What one answer came to; `reasons` are those of the first refused records."""

    records: list[Record] = field(default_factory=list)
    items: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)


def read_all(source: Source, body: bytes, request: Request, ask: Ask) -> Reading:
    """Read an answer: a bad row costs a row; Malformed where the whole cannot be read."""
    found = Reading()
    for item in source.items(body, request, ask):
        found.items += 1
        try:
            record = source.read(item, request, ask)
        except Refused as error:
            found.refused += 1
            if len(found.reasons) < REASONS:
                found.reasons.append(str(error)[:200])
            continue
        if record is not None:
            found.records.append(record)
    return found


def check_time(name: str, at: int, ask: Ask) -> int:
    """The instant, refused where it lies more than a minute ahead."""
    if at > ask.now + AHEAD:
        raise Refused(f"{name}: {at} lies in the future")
    return at
