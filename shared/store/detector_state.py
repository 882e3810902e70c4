"""What detectors carry from bar to bar: one versioned state a family and bar length."""

from __future__ import annotations

from dataclasses import dataclass

from shared.platform.d1 import D1Database, D1Error, D1PreparedStatement

# D1 takes 2,000,000 bytes a row: what is longer, and what is behind a head that is read alone, goes on in
# rows named `<name>/1`, `<name>/2`, …
PART = 1_900_000

SQL_LOAD = """SELECT name, version, cursor, state FROM detector_state
WHERE name = ?1 OR (name > ?1 || '/' AND name < ?1 || '0') ORDER BY length(name), name"""
SQL_CURSOR = "SELECT cursor FROM detector_state WHERE name = ?"
SQL_HEAD = "SELECT version, cursor, state FROM detector_state WHERE name = ?"
SQL_ADD = "INSERT INTO detector_state (name, version, cursor, state) VALUES (?, 1, ?, ?)"
SQL_PUT = """INSERT INTO detector_state (name, version, cursor, state) VALUES (?, 1, ?, ?)
ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, state = excluded.state"""
# The version another run has already passed becomes NULL, which breaks the batch: nothing of it is stored.
SQL_SWAP = """UPDATE detector_state SET version = CASE WHEN version = ?1 THEN version + 1 ELSE NULL END,
cursor = ?2, state = ?3 WHERE name = ?4"""
SQL_CUT = "DELETE FROM detector_state WHERE name > ?1 || '/' AND name < ?1 || '0'"


@dataclass(frozen=True, slots=True)
class StoredState:
    """`cursor` is the newest instant already seen (ms); `version` counts the writes, `parts` the rows."""

    name: str
    version: int
    cursor: int
    state: bytes
    parts: int = 1


def new_state(name: str) -> StoredState:
    """What a family starts from before it ever ran."""
    return StoredState(name, 0, 0, b"")


async def cursor(db: D1Database, name: str) -> int:
    """The newest instant already seen, without what is carried; 0 before the first run."""
    rows = await db.prepare(SQL_CURSOR).bind(name).raw()
    return int(rows[0][0]) if rows else 0


async def head(db: D1Database, name: str) -> StoredState:
    """The head of a state alone, which may tell that there is no need of the rest."""
    rows = await db.prepare(SQL_HEAD).bind(name).raw()
    return StoredState(name, *rows[0]) if rows else new_state(name)


async def load(db: D1Database, name: str) -> StoredState:
    rows = await db.prepare(SQL_LOAD).bind(name).raw()
    if not rows or rows[0][0] != name:
        return new_state(name)
    _, version, cursor, state = rows[0]
    if len(rows) > 1:
        state = b"".join(row[3] for row in rows)
    return StoredState(name, version, cursor, state, len(rows))


def swap_statements(
    db: D1Database, loaded: StoredState, cursor: int, state: bytes, head: int = PART
) -> list[D1PreparedStatement]:
    """Replace what was loaded; breaks its batch where another run was faster (see `lost_race`).

    The first `head` bytes lie in a row of their own.
    """
    view = memoryview(state)
    first, *more = [view[:head], *(view[start : start + PART] for start in range(head, len(state), PART))]
    if loaded.version:
        swapped = [db.prepare(SQL_SWAP).bind(loaded.version, cursor, bytes(first), loaded.name)]
    else:
        swapped = [db.prepare(SQL_ADD).bind(loaded.name, cursor, bytes(first))]
    if len(more) + 1 < loaded.parts or not loaded.version:
        swapped.append(db.prepare(SQL_CUT).bind(loaded.name))
    put = db.prepare(SQL_PUT)
    return swapped + [put.bind(f"{loaded.name}/{i}", cursor, bytes(part)) for i, part in enumerate(more, 1)]


def stored(loaded: StoredState, cursor: int, state: bytes, head: int = PART) -> StoredState:
    """What the head of a state reads like once it has replaced `loaded`."""
    rows = 1 + -(-max(len(state) - head, 0) // PART)
    return StoredState(loaded.name, loaded.version + 1, cursor, state[:head], rows)


def lost_race(error: D1Error) -> bool:
    """Tell whether a batch broke because another run had stored the next state first."""
    return error.code == "SQLITE_CONSTRAINT" and "detector_state." in error.cause
