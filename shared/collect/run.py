"""One tick of collection: what is due is leased, asked, read, stored and told to those who wait for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.collect.after import follow_up
from shared.collect.gathering import OF_JOB, Limits, gather_source
from shared.collect.keeping import Kept, LeaseLost, commit, keep
from shared.collect.news import Desk
from shared.collect.planning import choose, next_run
from shared.env import Env
from shared.errors import Unavailable
from shared.platform import metrics
from shared.sources import SOURCES, Ask, Source
from shared.store import assets, jobs
from shared.store.assets import Assets
from shared.store.jobs import Job, JobRun

RUN_MS = 45_000
ALREADY, WAITING, LOST = "already_collected", "waiting", "lease_lost"

log = logging.getLogger("collect")


@dataclass(slots=True)
class Run:
    """One call of `collect`; `deadline` is by env's clock, `ends` the event loop's time."""

    env: Env
    id: str
    deadline: int
    ends: float
    known: Assets
    desk: Desk
    early: bool
    kept: list[Kept] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)


async def collect(
    env: Env, jobs: Sequence[str] | None = None, everything: bool = False, *, budget_ms: int = RUN_MS
) -> dict[str, Any]:
    """Run the jobs that are due, or the named ones, or all; a window that is collected is left alone.

    Answers {"status", "run", "jobs", "sources_processed", "records_collected", "processing_time_ms"};
    `status` is ok, partial, failed, or already_collected where there was nothing to do. `budget_ms` bounds
    the run by env's clock.
    """
    began = time.perf_counter()
    run, chosen = await prepare(env, jobs, everything, budget_ms)
    started: dict[str, asyncio.Task[None]] = {}
    for job in chosen:
        before = [started[name] for name in job.depends_on if name in started]
        started[job.job] = asyncio.create_task(run_job(run, job, before))
    results = await asyncio.gather(*started.values(), return_exceptions=True)
    await follow_up(env, run.kept)
    for error in results:
        if isinstance(error, BaseException):
            raise error
    return await report(run, round((time.perf_counter() - began) * 1000))


async def prepare(
    env: Env, names: Sequence[str] | None, everything: bool, budget_ms: int
) -> tuple[Run, list[Job]]:
    from ulid import ULID

    now = env.now()
    able = {source.job for source in SOURCES}
    chosen = choose(await jobs.load(env.db), names, everything, able, now)
    known = await assets.load(env.db) if chosen else Assets((), {})
    early = bool(names) or everything
    ends = asyncio.get_running_loop().time() + RUN_MS / 1000
    return Run(env, str(ULID()), now + budget_ms, ends, known, Desk(env, known), early), chosen


async def run_job(run: Run, job: Job, before: Sequence[asyncio.Task[None]]) -> None:
    """Run a job once those it depends on are through, well or not."""
    await asyncio.gather(*before, return_exceptions=True)
    env, now = run.env, run.env.now()
    if not run.early and await busy_elsewhere(run, job, now):
        run.jobs[job.job] = {"status": WAITING}
        return
    token = await jobs.lease(env.db, job.job, run.id, now, early=run.early)
    if token is None:
        run.jobs[job.job] = {"status": ALREADY}
        return
    try:
        await run_leased(run, job, token, now)
    except asyncio.CancelledError:
        # the server stops: the next run need not wait for the lease to end
        await asyncio.shield(jobs.release(env.db, job.job, token))
        raise


async def run_leased(run: Run, job: Job, token: int, now: int) -> None:
    """Ask the sources that have not delivered in this window yet, and note the result."""
    env, window = run.env, job.window(now)
    done = await jobs.collected(env.db, job.job, window)
    left = [source for source in SOURCES if source.job == job.job and source.name not in done]
    if not left and not job.is_due(now):
        await jobs.release(env.db, job.job, token)
        run.jobs[job.job] = {"status": ALREADY}
        return
    runs = await run_sources(run, job, token, await ask_of(run, window, now), left)
    if runs is None:
        run.jobs[job.job] = {"status": LOST}
        return
    await finish(run, job, token, window, now, runs)


async def busy_elsewhere(run: Run, job: Job, now: int) -> bool:
    """Whether another run is still at work on a job that this one depends on."""
    others = {name for name in job.depends_on if "sources" not in run.jobs.get(name, ())}
    return bool(others) and any(j.job in others and j.is_leased(now) for j in await jobs.load(run.env.db))


async def run_sources(
    run: Run, job: Job, token: int, ask: Ask, left: Sequence[Source]
) -> list[JobRun] | None:
    """All sources side by side; None where the lease was lost on the way."""
    gate = asyncio.Semaphore(OF_JOB)
    work = (run_source(run, job, token, ask, source, gate) for source in left)
    found = await asyncio.gather(*work, return_exceptions=True)
    for error in found:
        if isinstance(error, BaseException) and not isinstance(error, LeaseLost):
            raise error
    runs = [kept.run for kept in found if isinstance(kept, Kept)]
    return runs if len(runs) == len(found) else None


async def ask_of(run: Run, window: int, now: int) -> Ask:
    symbols = [a.binance_symbol for a in run.known if a.tracked and a.binance_symbol]
    progress = await jobs.progress(run.env.db, symbols)
    return Ask(now, window, run.env.settings, run.known, progress)


async def run_source(
    run: Run, job: Job, token: int, ask: Ask, source: Source, gate: asyncio.Semaphore
) -> Kept:
    """Collect one source; what goes wrong with it stays with it, a lost database or lease aside."""
    env, began = run.env, time.perf_counter()
    noted = JobRun(run.id, job.job, source.name, ask.window, env.now(), env.now(), "failed")
    try:
        gots = await gather_source(env, source, ask, Limits(run.deadline, run.ends, gate))
        kept = await keep(env, run.desk, token, source, ask, gots, noted)
        problem = next((got.error_type for got in gots if got.error_type), None)
    except (Unavailable, LeaseLost):
        raise
    except Exception as error:  # a mistake in one source must not cost the others
        log.exception("Source failed", extra={"metadata": {"source": source.name}})
        kept = await note_failure(env, token, noted, f"{type(error).__name__}: {error}")
        problem = type(error).__name__
    metrics.recorder(env).collected(source.name, kept.run.status, time.perf_counter() - began, problem)
    run.kept.append(kept)
    return kept


async def note_failure(env: Env, token: int, noted: JobRun, why: str) -> Kept:
    failed = replace(noted, finished_at=env.now(), failed=1, error=why)
    await commit(env, token, [jobs.run_statement(env.db, failed)], noted.job)
    return Kept(failed)


async def finish(run: Run, job: Job, token: int, window: int, now: int, runs: Sequence[JobRun]) -> None:
    """Set the next run, give the lease back, and say how it went."""
    bad = [r for r in runs if r.failed or r.status == "failed"]
    worked = not runs or any(r.status != "failed" for r in runs)
    stored = sum(r.stored for r in runs)
    error = "; ".join(f"{r.source}: {r.error}" for r in bad[:3]) or None
    await jobs.finish(
        run.env.db,
        job.job,
        token,
        next_run=next_run(job, window, now, any(r.status == "failed" for r in runs)),
        last_run=now,
        last_ok=now if worked else None,
        last_stored=now if stored else None,
        error=error,
    )
    status = ("partial" if worked else "failed") if bad else "ok" if runs else ALREADY
    run.jobs[job.job] = {
        "status": status,
        "window": window,
        "sources": {
            r.source: {
                "status": r.status,
                "fetched": r.fetched,
                "stored": r.stored,
                "refused": r.refused,
                "failed": r.failed,
                "error": r.error,
            }
            for r in runs
        },
    }


async def report(run: Run, took_ms: int) -> dict[str, Any]:
    """Sum up, and write the line of OBS-01."""
    done = [kept.run for kept in run.kept]
    stored = sum(r.stored for r in done)
    figures = {"sources_processed": len(done), "records_collected": stored, "processing_time_ms": took_ms}
    summary: dict[str, Any] = {"status": overall(run), "run": run.id, "jobs": run.jobs, **figures}
    failed = bool(done) and all(r.status == "failed" for r in done)
    if failed and any("no network: " in (r.error or "") for r in done):
        summary["note"] = "no network: no provider could be reached; `make demo` shows the product without"
    if done:
        log.info("Data collection completed", extra={"metadata": {**figures, "run": run.id}})
    await metrics.flush(run.env)
    return summary


def overall(run: Run) -> str:
    states = {job["status"] for job in run.jobs.values()} - {ALREADY, WAITING, LOST}
    if not states:
        return ALREADY
    return states.pop() if len(states) == 1 else "partial"
