"""collect, detect, deliver, maintain: run a job of the schedule by hand."""

from __future__ import annotations

from typing import Any

import click

from shared.cli.session import as_json, brief, opened, run, show, table


@click.command()
@click.argument("jobs", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Run every job, due or not.")
@as_json
def collect(jobs: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Collect what is due, or the named JOBs whether due or not (see `cryptointel jobs`)."""

    async def work() -> dict[str, Any]:
        from shared.collect.run import collect as collect_jobs

        async with opened() as env:
            return await collect_jobs(env, jobs=list(jobs) or None, everything=everything)

    summary = run(work())
    show(summary, as_json, describe(summary))
    if summary.get("status") == "failed":
        raise click.exceptions.Exit(1)


def describe(summary: dict[str, Any]) -> list[str]:
    """Say for people what each source gave, and what to do where none answered."""
    sources = [
        (name, job, s["status"], s["fetched"], s["stored"], s["refused"], brief(s["error"]))
        for job, ran in summary["jobs"].items()
        for name, s in ran.get("sources", {}).items()
    ]
    head = ("source", "job", "status", "fetched", "stored", "refused", "error")
    took = f"{summary['records_collected']} records in {summary['processing_time_ms']} ms"
    lines = [f"{summary['status']}: {took}", *(table(head, sources) if sources else [])]
    offline = sources and all(str(row[-1]).startswith("no network") for row in sources)
    return [*lines, "No provider can be reached. `make demo` works without network."] if offline else lines


@click.command()
@as_json
def detect(as_json: bool) -> None:
    """Detect signals on what came in since the last time."""

    async def work() -> dict[str, Any]:
        from shared.signals.detect import detect as detect_signals

        async with opened() as env:
            return await detect_signals(env)

    show(run(work()), as_json)


@click.command()
@as_json
def deliver(as_json: bool) -> None:
    """Deliver the webhooks that are due."""

    async def work() -> dict[str, Any]:
        from shared.webhooks.deliver import deliver as deliver_due

        async with opened() as env:
            return await deliver_due(env)

    show(run(work()), as_json)


@click.command()
@click.argument("tasks", nargs=-1)
@as_json
def maintain(tasks: tuple[str, ...], as_json: bool) -> None:
    """Run the maintenance TASKs: compaction, outcomes, pruning (default: all)."""

    async def work() -> dict[str, Any]:
        from shared.ops.maintain import maintain as maintain_store

        async with opened() as env:
            return await maintain_store(env, list(tasks) or None)

    summary = run(work())
    show(summary, as_json)
    if summary["status"] == "partial":
        raise click.exceptions.Exit(1)
