"""The schedule, its leases, what each run of a source came to, and how far each series is extracted.

A lease is one UPDATE: of any number of runs that want a job one gets it, with a token that rises each
time. Batches that store what a run found begin with `fence_statement`: under a newer token all of the
batch is undone, so a run that was stopped and woke up late cannot write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from shared.platform.d1 import D1Database, D1Error, D1PreparedStatement

PRIORITIES = ("critical", "high", "medium", "low")
LEASE_MS = 60_000  # the run's 45 s and what it takes to store the last answers
AHEAD = 2  # intervals; a next run further ahead was written by a clock gone wrong

SQL_JOBS = """SELECT job, interval_ms, priority, depends_on, enabled, next_run, last_run, last_ok,
last_stored, last_error, lease_until FROM job_schedule ORDER BY job"""
SQL_LEASE = """UPDATE job_schedule SET lease_owner = ?2, lease_token = lease_token + 1, lease_until = ?4
WHERE job = ?1 AND (lease_until <= ?3 OR lease_until > ?3 + 2 * ?5)
AND (?6 OR next_run <= ?3 OR next_run > ?3 + 2 * interval_ms) RETURNING lease_token"""
# A token that another run has passed becomes NULL, which breaks the batch.
SQL_FENCE = """UPDATE job_schedule SET lease_token = CASE WHEN lease_token = ?2 THEN lease_token END
WHERE job = ?1"""
SQL_FINISH = """UPDATE job_schedule SET next_run = ?3, last_run = ?4, last_ok = coalesce(?5, last_ok),
last_stored = coalesce(?6, last_stored), last_error = ?7, lease_owner = NULL, lease_until = 0
WHERE job = ?1 AND lease_token = ?2"""
SQL_RELEASE = """UPDATE job_schedule SET lease_owner = NULL, lease_until = 0
WHERE job = ?1 AND lease_token = ?2"""
SQL_ADD_RUN = """INSERT INTO job_runs (run, job, source, window, started_at, finished_at, status, fetched,
stored, refused, failed, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (job, source, window, run) DO NOTHING"""
SQL_COLLECTED = """SELECT DISTINCT source FROM job_runs
WHERE job = ?1 AND started_at >= ?2 AND window = ?2 AND status IN ('ok', 'unchanged', 'partial')"""
SQL_PROGRESS = """SELECT e.symbol, e.data_type, e.last_open_time
FROM json_each(?) d CROSS JOIN extraction_metadata e ON e.symbol = d.value
WHERE e.last_open_time IS NOT NULL"""
SQL_LAST_EXTRACTION = "SELECT last_open_time FROM extraction_metadata WHERE symbol = ? AND data_type = ?"
SQL_EXTRACTED = """INSERT INTO extraction_metadata (symbol, data_type, last_open_time, record_count,
updated_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
last_open_time = max(coalesce(last_open_time, excluded.last_open_time), excluded.last_open_time),
record_count = record_count + excluded.record_count, updated_at = excluded.updated_at"""
SQL_SOURCE_STATES = """SELECT value,
  (SELECT finished_at FROM job_runs WHERE source = value ORDER BY finished_at DESC LIMIT 1),
  (SELECT status FROM job_runs WHERE source = value ORDER BY finished_at DESC LIMIT 1),
  (SELECT error FROM job_runs WHERE source = value ORDER BY finished_at DESC LIMIT 1),
  (SELECT finished_at FROM job_runs WHERE source = value AND finished_at >= ?2
    AND status IN ('ok', 'unchanged', 'partial') ORDER BY finished_at DESC LIMIT 1),
  (SELECT finished_at FROM job_runs WHERE source = value AND finished_at >= ?2
    AND stored > 0 ORDER BY finished_at DESC LIMIT 1)
FROM json_each(?1)"""
SQL_RUNS = """SELECT run, job, source, window, started_at, finished_at, status, fetched, stored, refused,
failed, error FROM job_runs WHERE job = ? ORDER BY started_at DESC LIMIT ?"""
SQL_ENABLE = "UPDATE job_schedule SET enabled = ?2 WHERE job = ?1"


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the schedule. Instants in ms; `lease_until` is 0 where nobody works on it."""

    job: str
    interval_ms: int
    priority: str
    depends_on: tuple[str, ...]
    enabled: bool
    next_run: int
    last_run: int | None
    last_ok: int | None
    last_stored: int | None
    last_error: str | None
    lease_until: int

    def window(self, now: int) -> int:
        """Start of the interval `now` lies in: what a run stands for, on every machine the same."""
        return now // self.interval_ms * self.interval_ms

    def is_due(self, now: int) -> bool:
        return self.next_run <= now or self.next_run > now + AHEAD * self.interval_ms

    def is_leased(self, now: int) -> bool:
        return now < self.lease_until <= now + 2 * LEASE_MS


@dataclass(frozen=True, slots=True)
class JobRun:
    """What one run came to with one source; `failed` counts requests, the others records."""

    run: str
    job: str
    source: str
    window: int
    started_at: int
    finished_at: int
    status: str  # ok, unchanged, partial, failed, skipped
    fetched: int = 0
    stored: int = 0
    refused: int = 0
    failed: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source as its runs tell it; None where there is no such run (in the time asked for)."""

    source: str
    last_run: int | None
    last_status: str | None
    last_error: str | None
    last_ok: int | None
    last_stored: int | None


async def load(db: D1Database) -> list[Job]:
    """The whole schedule, a handful of rows."""
    rows = await db.prepare(SQL_JOBS).raw()
    return [
        Job(job, interval, priority, tuple(orjson.loads(after)), bool(enabled), *rest)
        for job, interval, priority, after, enabled, *rest in rows
    ]


async def lease(db: D1Database, job: str, owner: str, now: int, *, early: bool = False) -> int | None:
    """The fencing token, or None where another run has the job or it is not due; `early` runs it anyway."""
    values = (job, owner, now, now + LEASE_MS, LEASE_MS, early)
    token = await db.prepare(SQL_LEASE).bind(*values).first("lease_token")
    return None if token is None else int(token)


def fence_statement(db: D1Database, job: str, token: int) -> D1PreparedStatement:
    """First in a batch: breaks it where another run has leased the job since (see `lost_lease`)."""
    return db.prepare(SQL_FENCE).bind(job, token)


def lost_lease(error: D1Error) -> bool:
    """Tell whether a batch broke because its lease had passed to another run."""
    return error.code == "SQLITE_CONSTRAINT" and "job_schedule.lease_token" in error.cause


async def release(db: D1Database, job: str, token: int) -> None:
    """Give the job back as it was."""
    await db.prepare(SQL_RELEASE).bind(job, token).run()


async def finish(
    db: D1Database,
    job: str,
    token: int,
    *,
    next_run: int,
    last_run: int,
    last_ok: int | None,
    last_stored: int | None,
    error: str | None,
) -> None:
    """Note how the run went and give the job back; None keeps what was noted before."""
    values = (next_run, last_run, last_ok, last_stored, error and error[:500])
    await db.prepare(SQL_FINISH).bind(job, token, *values).run()


def run_statement(db: D1Database, r: JobRun) -> D1PreparedStatement:
    """Note the run of a source, in the batch that stores what it brought."""
    counts = (r.fetched, r.stored, r.refused, r.failed, r.error and r.error[:1000])
    who = (r.run, r.job, r.source, r.window, r.started_at, r.finished_at)
    return db.prepare(SQL_ADD_RUN).bind(*who, r.status, *counts)


async def collected(db: D1Database, job: str, window: int) -> set[str]:
    """Sources that have delivered for this window already."""
    return {source for (source,) in await db.prepare(SQL_COLLECTED).bind(job, window).raw()}


async def runs(db: D1Database, job: str, limit: int = 100) -> list[JobRun]:
    """The newest runs of a job, one row a source."""
    return [JobRun(*row) for row in await db.prepare(SQL_RUNS).bind(job, limit).raw()]


async def source_states(db: D1Database, sources: Iterable[str], since: int) -> dict[str, SourceState]:
    """How each source did lately; `last_ok` and `last_stored` look back to `since` (ms)."""
    names = orjson.dumps(list(sources)).decode()
    rows = await db.prepare(SQL_SOURCE_STATES).bind(names, since).raw()
    return {row[0]: SourceState(*row) for row in rows}


async def progress(db: D1Database, symbols: Iterable[str]) -> dict[tuple[str, str], int]:
    """Last open time by (symbol, data type)."""
    rows = await db.prepare(SQL_PROGRESS).bind(orjson.dumps(list(symbols)).decode()).raw()
    return {(symbol, data_type): at for symbol, data_type, at in rows}


async def last_extraction(db: D1Database, symbol: str, data_type: str) -> int | None:
    rows = await db.prepare(SQL_LAST_EXTRACTION).bind(symbol, data_type).raw()
    return rows[0][0] if rows else None


def extracted_statement(
    db: D1Database, symbol: str, data_type: str, last_open_time: int, added: int, now: int
) -> D1PreparedStatement:
    """Move the mark of a series forward, never back, and count the records behind it."""
    return db.prepare(SQL_EXTRACTED).bind(symbol, data_type, last_open_time, added, now)


async def enable(db: D1Database, states: Mapping[str, bool]) -> None:
    """Switch jobs on or off (SCH-07)."""
    wanted: list[Any] = [db.prepare(SQL_ENABLE).bind(job, on) for job, on in states.items()]
    if wanted:
        await db.batch(wanted)
