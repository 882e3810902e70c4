"""Health that cannot be green while data is stale.

    healthy    everything runs and every source is fresh
    degraded   answers are right but something is late, failing, or away
    unhealthy  nothing can be answered (no database), or nothing was ever collected
A source is stale two intervals after its last success, and one of prices, candles or order books two
intervals after it last told anything new: a market does not stand still. Prices are stale after 15 minutes,
whatever their sources say of themselves. A job that never ran is red.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from shared.env import Env
from shared.errors import Unavailable
from shared.models import DAY, MINUTE
from shared.platform.d1 import D1Error
from shared.platform.patience import in_time
from shared.store import jobs, uptime
from shared.store.jobs import Job, SourceState

log = logging.getLogger("health")
WAIT_S = 0.04  # an answer within 50 ms, also while a server hangs
FILE_WAIT_S = 1.0  # a file that answers late says that this machine is busy, not that the database is away
FRESH_MS = 15 * MINUTE
LOOK_BACK = 7 * DAY
ALWAYS_NEW = frozenset(("crypto_prices", "klines", "order_books"))  # jobs; feeds may be quiet for days
HEALTHY, DEGRADED, UNHEALTHY = "healthy", "degraded", "unhealthy"


class Requests(NamedTuple):
    """What this process answered since it started."""

    mean_ms: float
    error_rate: float  # 0..1


class Stored(NamedTuple):
    """What the database tells of the collection."""

    jobs: Sequence[Job]
    sources: Sequence[tuple[str, str]]  # (source, job)
    states: dict[str, SourceState]
    newest_price: int | None
    kept: float | None


async def report(env: Env, requests: Requests | None = None) -> dict[str, Any]:
    """Report the state of everything: OBS-11 with `sources`, `jobs` and `demo` beside it."""
    began = time.perf_counter()
    stored, cache = await asyncio.gather(read(env), cache_state(env))
    now = env.now()
    sources = [source_json(name, job, stored, now) for name, job in stored.sources] if stored else []
    runs = [job_json(job, now) for job in stored.jobs] if stored else []
    services = {
        "database": HEALTHY if stored else UNHEALTHY,
        "cache": cache,
        "external_apis": external_apis(sources, stored, now),
        "workers": workers(runs),
    }
    measured = requests or Requests(0.0, 0.0)
    mean = measured.mean_ms or (time.perf_counter() - began) * 1000
    return {
        "status": overall(services, sources),
        "timestamp": timestamp(now),
        "services": services,
        "metrics": {
            "uptime": percent((stored.kept if stored else None) or 0.0),
            "response_time_ms": round(mean, 2),
            "error_rate": percent(measured.error_rate),
        },
        "sources": sources,
        "jobs": runs,
        "demo": env.settings.demo,
    }


async def is_ready(env: Env) -> bool:
    """Tell whether requests can be answered: the database can be read."""
    return await within(env, uptime.newest_price(env.db)) is not FAILED


FAILED = object()


async def within(env: Env, work: Any) -> Any:
    """Await for as long as health may take; FAILED where it takes longer or cannot be done."""
    wait = FILE_WAIT_S if env.settings.libsql_url.startswith("file:") else WAIT_S
    try:
        return await in_time(work, wait)
    except (TimeoutError, D1Error, OSError) as error:
        log.error("Database cannot be read: %s", str(error) or f"no answer within {wait} s")
        return FAILED


async def read(env: Env) -> Stored | None:
    """Read what the schedule tells; None without a database."""
    found = await within(env, read_all(env))
    return found if isinstance(found, Stored) else None


async def read_all(env: Env) -> Stored:
    """Read what the schedule tells, however long it takes. Raises D1Error."""
    from shared.sources import SOURCES

    now = env.now()
    known = await jobs.load(env.db)
    enabled = [job for job in known if job.enabled]
    pairs = [(source.name, source.job) for source in SOURCES]
    states = await jobs.source_states(env.db, [name for name, _ in pairs], now - LOOK_BACK)
    busiest = min(enabled, key=lambda job: job.interval_ms, default=None)
    kept = None
    if busiest is not None:
        kept = await uptime.kept(env.db, busiest.job, busiest.interval_ms, now - DAY, now)
    return Stored(known, pairs, states, await uptime.newest_price(env.db), kept)


async def source_states(env: Env) -> list[dict[str, Any]]:
    """Judge every source, as `report` does."""
    stored, now = await read_all(env), env.now()
    return [source_json(name, job, stored, now) for name, job in stored.sources]


async def job_states(env: Env) -> list[dict[str, Any]]:
    """Judge every job, as `report` does."""
    now = env.now()
    return [job_json(job, now) for job in (await read_all(env)).jobs]


async def cache_state(env: Env) -> str:
    try:
        return HEALTHY if await in_time(env.kv.ping(), WAIT_S) else DEGRADED
    except (TimeoutError, Unavailable, OSError):
        return DEGRADED


def source_json(name: str, job_name: str, stored: Stored, now: int) -> dict[str, Any]:
    """Judge one source by its last success against its job's interval."""
    job = next((job for job in stored.jobs if job.job == job_name), None)
    state = stored.states.get(name)
    last_ok = state.last_ok if state else None
    age = None if last_ok is None else max(0, now - last_ok)
    return {
        "name": name,
        "job": job_name,
        "status": source_status(job, state, age, now),
        "last_ok": last_ok,
        "last_stored": state.last_stored if state else None,
        "last_error": state.last_error if state else None,
        "age_seconds": None if age is None else age // 1000,
        "expected_seconds": job.interval_ms // 1000 if job else None,
    }


def source_status(job: Job | None, state: SourceState | None, age: int | None, now: int) -> str:
    if job is None or not job.enabled:
        return "disabled"
    if state is None or state.last_run is None:
        return "never run"
    if age is None or state.last_status == "failed":
        return "failing"
    return "stale" if age > stale_after(job) or is_stuck(job, state, now) else "healthy"


def is_stuck(job: Job, state: SourceState, now: int) -> bool:
    """Tell whether a source answers well and says the same again and again."""
    stored = state.last_stored
    return job.job in ALWAYS_NEW and (stored is None or now - stored > stale_after(job))


def stale_after(job: Job) -> int:
    """Return the age (ms) at which what a job brings is late: two intervals, and the minute a run takes."""
    return 2 * job.interval_ms + MINUTE


def job_json(job: Job, now: int) -> dict[str, Any]:
    return {
        "job": job.job,
        "status": job_status(job, now),
        "last_run": job.last_run,
        "next_run": job.next_run or None,
        "interval_ms": job.interval_ms,
    }


def job_status(job: Job, now: int) -> str:
    if not job.enabled:
        return "disabled"
    if job.last_run is None:
        return "never run"
    if now - job.last_run > stale_after(job):
        return "late"
    return "failing" if job.last_error else "healthy"


def external_apis(sources: Sequence[dict[str, Any]], stored: Stored | None, now: int) -> str:
    wanted = [source["status"] for source in sources if source["status"] != "disabled"]
    fresh = stored is not None and stored.newest_price is not None and now - stored.newest_price <= FRESH_MS
    if wanted and fresh and all(status == "healthy" for status in wanted):
        return HEALTHY
    return DEGRADED if any(status == "healthy" for status in wanted) else UNHEALTHY


def workers(runs: Sequence[dict[str, Any]]) -> str:
    """Judge the jobs; one that never fired is red, for nobody would notice it by its data."""
    states = {run["status"] for run in runs} - {"disabled"}
    if not states or "never run" in states:
        return UNHEALTHY
    return HEALTHY if states == {"healthy"} else DEGRADED


def overall(services: dict[str, str], sources: Sequence[dict[str, Any]]) -> str:
    if all(state == HEALTHY for state in services.values()):
        return HEALTHY
    nothing = all(source["last_ok"] is None for source in sources)
    return UNHEALTHY if services["database"] == UNHEALTHY or nothing else DEGRADED


def percent(share: float) -> str:
    return f"{share * 100:.2f}%"


def timestamp(now: int) -> str:
    from shared.platform.web.problem import instant

    return instant(now)
