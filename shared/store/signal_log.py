"""The hash-chained log of signals: its entries, its days, what waits for an entry, and what entries cover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from shared.models import DAY, EARLIEST
from shared.platform.d1 import D1Database, D1Error, D1PreparedStatement
from shared.store.rows import insert_statements

# What has its entry already (its state was set back and forth) must not stop the rest for ever.
SQL_WAITING = """SELECT known, signal, kind FROM signal_log_queue q WHERE known >= ?1
AND NOT EXISTS (SELECT 1 FROM signal_log WHERE signal = q.signal AND kind = q.kind)
ORDER BY known, signal, kind LIMIT ?2"""
SQL_HEAD = """SELECT seq, signal, kind, at, content_hash, previous, hash FROM signal_log
WHERE seq > 0 ORDER BY seq DESC LIMIT 1"""
# Two that append at once take the same seq: the batch of the second breaks, and it looks again.
SQL_APPEND = """INSERT INTO signal_log (seq, signal, kind, at, content_hash, previous, hash)
VALUES (?, ?, ?, ?, ?, ?, ?)"""
SQL_DEQUEUE = "DELETE FROM signal_log_queue WHERE (known, signal, kind) IN (VALUES (?, ?, ?))"
SQL_DAY = """INSERT INTO signal_log_days (day, entries, seq, root) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET entries = entries + ?2, seq = ?3, root = ?4"""
SQL_AFTER = """SELECT seq, signal, kind, at, content_hash, previous, hash FROM signal_log
WHERE seq > ?1 ORDER BY seq LIMIT ?2"""
SQL_BEFORE = """SELECT seq, signal, kind, at, content_hash, previous, hash FROM signal_log
WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"""
SQL_DAYS = "SELECT day, entries, seq, root FROM signal_log_days WHERE day < ?1 ORDER BY day DESC LIMIT ?2"
SQL_OF_SIGNALS = """SELECT id, key, type, asset, symbol, direction, raw_score, confidence_score, step, at,
known_at, created_at, expires_at, reference_price, metadata, state
FROM signals WHERE id IN (SELECT value FROM json_each(?))"""
SQL_OF_OUTCOMES = """SELECT signal, horizon, due_at, status, forward_return, max_favourable, max_adverse, hit,
resolved_at FROM signal_outcomes WHERE signal IN (SELECT value FROM json_each(?)) ORDER BY signal, horizon"""
SQL_OF_MATCHED = """SELECT signal, horizon, n, hits, opposite_hits, mean_return, entries FROM matched_entries
WHERE signal IN (SELECT value FROM json_each(?)) ORDER BY signal, horizon"""
# Signals in the order of their ids, each with the kinds it is logged under and those it waits for.
SQL_LOGGED = """SELECT id, known_at, state,
EXISTS (SELECT 1 FROM signal_log WHERE signal = s.id AND kind = 'raised'),
EXISTS (SELECT 1 FROM signal_log WHERE signal = s.id AND kind = 'resolved'),
EXISTS (SELECT 1 FROM signal_log_queue WHERE known = s.known_at AND signal = s.id AND kind = 'raised'),
EXISTS (SELECT 1 FROM signal_log_queue WHERE known = s.updated_at AND signal = s.id AND kind = 'resolved')
FROM signals s WHERE id > ?1 ORDER BY id LIMIT ?2"""

RAISED, RESOLVED = "raised", "resolved"
KNOWN_AT = 10  # place in a row of SQL_OF_SIGNALS


class Waiting(NamedTuple):
    """What is due for an entry: it became known at `known`."""

    known: int
    signal: str
    kind: str


class Entry(NamedTuple):
    """One entry of the log; hashes are sha256 in hex."""

    seq: int
    signal: str
    kind: str
    at: int
    content_hash: str
    previous: str
    hash: str


class Day(NamedTuple):
    """The chain at the end of a UTC day; `day` counts from 1970."""

    day: int
    entries: int
    seq: int
    root: str


class Logged(NamedTuple):
    """How far a signal is in the log: entered, or waiting in the queue, as raised and as resolved."""

    id: str
    known_at: int
    state: str
    raised: int
    resolved: int
    raised_waits: int
    resolved_waits: int


class Content(NamedTuple):
    """The rows of one signal that entries cover, as they are stored: signal, outcomes, matched entries."""

    signal: tuple[Any, ...]
    outcomes: list[tuple[Any, ...]]
    matched: list[tuple[Any, ...]]


async def waiting(db: D1Database, limit: int) -> list[Waiting]:
    """What is due, in the order in which it became known."""
    return [Waiting(*row) for row in await db.prepare(SQL_WAITING).bind(EARLIEST, limit).raw()]


async def head(db: D1Database) -> Entry | None:
    rows = await db.prepare(SQL_HEAD).raw()
    return Entry(*rows[0]) if rows else None


async def append(db: D1Database, entries: Sequence[Entry], done: Sequence[Waiting]) -> bool:
    """Append entries, take what they stand for off the queue; False where another run was faster."""
    per_day: defaultdict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        per_day[entry.at // DAY].append(entry)
    days = [
        db.prepare(SQL_DAY).bind(day, len(part), part[-1].seq, part[-1].hash)
        for day, part in sorted(per_day.items())
    ]
    statements: list[D1PreparedStatement] = insert_statements(db, SQL_APPEND, entries)
    statements += insert_statements(db, SQL_DEQUEUE, done)
    try:
        await db.batch(statements + days)
    except D1Error as error:
        if error.code == "SQLITE_CONSTRAINT" and "signal_log." in error.cause:
            return False
        raise
    return True


async def after(db: D1Database, seq: int, limit: int) -> list[Entry]:
    """Entries behind `seq`, oldest first."""
    return [Entry(*row) for row in await db.prepare(SQL_AFTER).bind(seq, limit).raw()]


async def before(db: D1Database, seq: int, limit: int) -> list[Entry]:
    """Entries before `seq`, newest first."""
    return [Entry(*row) for row in await db.prepare(SQL_BEFORE).bind(seq, limit).raw()]


async def days(db: D1Database, before_day: int, limit: int) -> list[Day]:
    """Days before one, newest first."""
    return [Day(*row) for row in await db.prepare(SQL_DAYS).bind(before_day, limit).raw()]


async def logged(db: D1Database, after_id: str, limit: int) -> list[Logged]:
    """Signals behind an id in the order of ids, and how far each is in the log."""
    return [Logged(*row) for row in await db.prepare(SQL_LOGGED).bind(after_id, limit).raw()]


async def contents(db: D1Database, ids: Iterable[str]) -> dict[str, Content]:
    """What entries of these signals cover, as it is stored now; signals that are gone are absent."""
    asked = orjson.dumps(sorted(set(ids))).decode()
    found = {row[0]: Content(row, [], []) for row in await db.prepare(SQL_OF_SIGNALS).bind(asked).raw()}
    for row in await db.prepare(SQL_OF_OUTCOMES).bind(asked).raw():
        if row[0] in found:
            found[row[0]].outcomes.append(row)
    for row in await db.prepare(SQL_OF_MATCHED).bind(asked).raw():
        if row[0] in found:
            found[row[0]].matched.append(row)
    return found
