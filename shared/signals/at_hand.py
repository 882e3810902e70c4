"""The newest state in this process: a run that follows its own last one need not read and unpack it again.

What is stored stays the truth: the state at hand is used where version and head in the store are those it was
stored with, by one run at a time, for it moves on in place. A run that fails or loses a race leaves none.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from shared.platform.d1 import D1Database
from shared.signals.state import Carried
from shared.store.detector_state import StoredState


class Held(NamedTuple):
    """A state as it is stored, of its bytes the head alone, and unpacked."""

    stored: StoredState
    carried: Carried


HELD: WeakKeyDictionary[D1Database, dict[str, Held]] = WeakKeyDictionary()


def take(db: D1Database, head: StoredState) -> Held | None:
    """The state whose head this is; whoever takes it has it alone."""
    held = HELD.get(db, {}).pop(head.name, None)
    same = held and (held.stored.version, held.stored.state) == (head.version, head.state)
    return held if same else None


def keep(db: D1Database, stored: StoredState, carried: Carried) -> None:
    """Hold what has just been stored."""
    HELD.setdefault(db, {})[stored.name] = Held(stored, carried)
