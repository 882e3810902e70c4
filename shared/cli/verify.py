"""verify: check that nothing in the log of signals was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shared.cli.session import as_json, opened, run, show

if TYPE_CHECKING:
    from shared.signals.audit import Audit

SHOWN = 100  # findings for people; --json has all


@click.command()
@click.option("--head", metavar="HASH", help="A hash of the log that you kept: it must still be in it.")
@as_json
def verify(head: str | None, as_json: bool) -> None:
    """Recompute the hash-chained log of signals and everything it covers.

    Names every edit, deletion, insertion and reordering of entries, signals, outcomes and matched entries.
    A log that was cut short or written anew as a whole shows only against a head kept elsewhere (--head).
    Exit code 1 where something is wrong.
    """

    async def work() -> Audit:
        from shared.signals.audit import audit

        async with opened() as env:
            return await audit(env, head)

    found = run(work())
    show(found.as_dict(), as_json, describe(found))
    if found.findings:
        raise click.exceptions.Exit(1)


def describe(found: Audit) -> list[str]:
    """Lines for people: what is wrong, or that nothing is, and the head to keep."""
    lines = found.findings[:SHOWN]
    if len(found.findings) > SHOWN:
        lines.append(f"… and {len(found.findings) - SHOWN} more")
    counts = f"{found.entries} entries, {found.signals} signals"
    waiting = f", {found.waiting} waiting for their entry" if found.waiting else ""
    older = f", {found.older} raised before the log began" if found.older else ""
    told = f"{len(found.findings)} wrong" if found.findings else "all as logged"
    lines.append(f"{counts}{waiting}{older}: {told}")
    if found.head:
        lines.append(f"head (entry {found.head.seq}): {found.head.hash}")
    return lines
