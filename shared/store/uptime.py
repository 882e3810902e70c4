"""How much of the schedule was kept: windows of a job that ran, and how new the newest price is."""

from __future__ import annotations

from shared.platform.d1 import D1Database

SQL_WINDOWS = "SELECT count(DISTINCT window), min(window) FROM job_runs WHERE job = ?1 AND started_at >= ?2"
SQL_NEWEST_PRICE = "SELECT max(id) >> 20 FROM quotes"  # the key begins with the time


async def kept(db: D1Database, job: str, interval_ms: int, since: int, now: int) -> float | None:
    """Return the share (0..1) of a job's windows since an instant, or its first run, in which it ran."""
    ((ran, first),) = await db.prepare(SQL_WINDOWS).bind(job, since).raw()
    if first is None:
        return None
    due = (now // interval_ms) - (max(first, since) // interval_ms) + 1
    return min(1.0, float(ran) / due) if due > 0 else 1.0


async def newest_price(db: D1Database) -> int | None:
    """Return when the newest stored price was true (ms); None without any."""
    ((at,),) = await db.prepare(SQL_NEWEST_PRICE).raw()
    return at if at is None else int(at)
