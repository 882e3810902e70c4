"""What a family is: one table of the store as detectors see it, look by look.

A family says what is new to it (one query, not one an asset), and steps what it carries over that. Each look
gives rows of one kind, one a lane and instant; `Detector.reads` names the kind. What decides is pure: `step`
gets what was read and changes nothing but the memory it is given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from shared.platform.d1 import D1Database
from shared.signals.bars import Bools, Floats, Ints
from shared.signals.families.memory import Memory
from shared.store.assets import Assets


@dataclass(frozen=True, slots=True)
class Fresh:
    """What no run has looked at: `rows` as the family reads them, `count` of them, and the instant up to
    which everything is seen once they are stepped over."""

    cursor: int
    rows: Any
    count: int


@dataclass(slots=True)
class Rows:
    """Columns by name, all (N,); `told` gives what no number says of a row: votes, names, article ids.

    `told` reads the memory as it stood at the look: call it before the next look is made.
    """

    columns: dict[str, Floats]
    told: Callable[[int], dict[str, Any]]

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]


@dataclass(slots=True)
class Look:
    """Rows of one kind, all (N,): lanes in the memory of that kind, instants, whether they can be judged.

    Several rows of a lane stand in time order. `watched`: a lane that is seen for the first time was
    watched before and had nothing to tell, so that what it begins with may already be a finding.
    """

    kind: str
    lane: Ints
    at: Ints
    ready: Bools
    rows: Any
    watched: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """`fresh(db, cursor, now)` is None where there is nothing to look at; `step` gives the looks one by one.

    `asset_of` names the asset that a lane's signals are filed under. `articles(db, lane key, at)` gives the
    ids that are evidence of a finding, where the rows themselves do not have them.
    """

    name: str
    fresh: Callable[[D1Database, int, int], Awaitable[Fresh | None]]
    step: Callable[[Memory, Fresh], Any]
    asset_of: Callable[[str, Assets], int]
    articles: Callable[[D1Database, str, int], Awaitable[list[int]]] | None = None


def nothing_told(row: int) -> dict[str, Any]:
    """Numbers say it all."""
    return {}


def asset_of_id(key: str, assets: Assets) -> int:
    """The asset of a lane whose key is its id."""
    return int(key)
