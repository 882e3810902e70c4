"""Which jobs run, in which order. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from shared.errors import Invalid
from shared.models import MINUTE
from shared.store.jobs import PRIORITIES, Job

RETRIES = 3  # a job with failures is tried again after a third of its interval


def choose(
    schedule: Sequence[Job], names: Collection[str] | None, everything: bool, able: Collection[str], now: int
) -> list[Job]:
    """Jobs to run: the named ones, or all that are enabled, or those that are due; only `able` can run."""
    if names:
        unknown = sorted(set(names) - {job.job for job in schedule})
        if unknown:
            known = ", ".join(sorted(job.job for job in schedule))
            raise Invalid(f"no job {', '.join(unknown)}: there are {known}", field="jobs")
        if idle := sorted(set(names) - set(able)):
            raise Invalid(f"no source of ours serves {', '.join(idle)} yet", field="jobs")
        chosen = [job for job in schedule if job.job in names]
    else:
        chosen = [job for job in schedule if job.enabled and (everything or job.is_due(now))]
    return in_order(job for job in chosen if job.job in able)


def in_order(jobs: Iterable[Job]) -> list[Job]:
    """By priority, then by how long they are due; none before what it depends on, a circle aside."""
    left = sorted(jobs, key=lambda job: (PRIORITIES.index(job.priority), job.next_run, job.job))
    found: list[Job] = []
    while left:
        names = {job.job for job in left}
        ready = next((job for job in left if not names & set(job.depends_on)), left[0])
        left.remove(ready)
        found.append(ready)
    return found


def next_run(job: Job, window: int, now: int, failed: bool) -> int:
    """The start of the next window; sooner where something failed."""
    following = window + job.interval_ms
    return min(following, now + max(MINUTE, job.interval_ms // RETRIES)) if failed else following
