"""What detectors carry from bar to bar: one versioned row a family and bar length."""

from __future__ import annotations

from dataclasses import dataclass

from shared.platform.d1 import D1Database, D1Error, D1PreparedStatement

SQL_LOAD = "SELECT version, cursor, state FROM detector_state WHERE name = ?"
SQL_ADD = "INSERT INTO detector_state (name, version, cursor, state) VALUES (?, 1, ?, ?)"
# The version another run has already passed becomes NULL, which breaks the batch: nothing of it is stored.
SQL_SWAP = """UPDATE detector_state SET version = CASE WHEN version = ?1 THEN version + 1 ELSE NULL END,
cursor = ?2, state = ?3 WHERE name = ?4"""


@dataclass(frozen=True, slots=True)
class StoredState:
    """`cursor` is the newest instant already seen, milliseconds; `version` counts the writes."""

    name: str
    version: int
    cursor: int
    state: bytes


def new_state(name: str) -> StoredState:
    """What a family starts from before it ever ran."""
    return StoredState(name, 0, 0, b"")


async def load(db: D1Database, name: str) -> StoredState:
    rows = await db.prepare(SQL_LOAD).bind(name).raw()
    return StoredState(name, *rows[0]) if rows else new_state(name)


def swap_statement(db: D1Database, loaded: StoredState, cursor: int, state: bytes) -> D1PreparedStatement:
    """Replace what was loaded; breaks its batch where another run was faster (see `lost_race`)."""
    if not loaded.version:
        return db.prepare(SQL_ADD).bind(loaded.name, cursor, state)
    return db.prepare(SQL_SWAP).bind(loaded.version, cursor, state, loaded.name)


def lost_race(error: D1Error) -> bool:
    """Tell whether a batch broke because another run had stored the next state first."""
    return error.code == "SQLITE_CONSTRAINT" and "detector_state." in error.cause
