"""Check the signal log against itself and against what is stored: every entry, every signal, every day.

Whoever can write the database can also write a whole new chain. What then gives it away is a head (or a
day's root) that somebody kept elsewhere: it is not in the new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.env import Env
from shared.models import DAY, LATEST
from shared.signals.ledger import GENESIS, PAGE, content_hash, entry_hash
from shared.store import signal_log
from shared.store.signal_log import RAISED, RESOLVED, Content, Day, Entry, Logged

# Signals are sealed in the run that raises them. What got its entry longer after it claims to have been known
# proves nothing; a day leaves room for a machine that stopped in between.
SEALED_WITHIN = DAY


@dataclass(slots=True)
class Audit:
    """`findings` say what is wrong, one line each; `waiting` counts signals whose entry is still to come, and
    `older` those that were there when the log began, which it cannot vouch for."""

    findings: list[str] = field(default_factory=list)
    entries: int = 0
    signals: int = 0
    waiting: int = 0
    older: int = 0
    head: Entry | None = None
    first_at: int = LATEST
    days: dict[int, Day] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": not self.findings,
            "findings": self.findings,
            "entries": self.entries,
            "signals": self.signals,
            "waiting": self.waiting,
            "before_the_log": self.older,
            "head": self.head.hash if self.head else None,
            "seq": self.head.seq if self.head else 0,
        }


async def audit(env: Env, head: str | None = None) -> Audit:
    """Recompute everything. `head`: a hash kept earlier, which must still be in the chain."""
    found, kept = Audit(), head is None
    while page := await signal_log.after(env.db, found.head.seq if found.head else 0, PAGE):
        contents = await signal_log.contents(env.db, {entry.signal for entry in page})
        for entry in page:
            found.findings += entry_findings(found.head, entry)
            found.findings += content_findings(entry, contents.get(entry.signal))
            kept = kept or entry.hash == head
            take(found, entry, contents.get(entry.signal))
    if not kept:
        found.findings.append(f"head {head} is not in the log: it was cut short or written anew")
    found.findings += day_findings(found.days, await all_days(env))
    await check_signals(env, found)
    return found


def take(found: Audit, entry: Entry, content: Content | None) -> None:
    """Count an entry, and go on from it: what is wrong with one is told once."""
    found.first_at = min(found.first_at, entry.at)
    day = entry.at // DAY
    entries = found.days[day].entries + 1 if day in found.days else 1
    found.days[day] = Day(day, entries, entry.seq, entry.hash)
    found.head, found.entries = entry, found.entries + 1
    if entry.kind != RAISED or content is None:
        return
    late = entry.at - content.signal[signal_log.KNOWN_AT]
    if late <= SEALED_WITHIN:
        return
    if entry.at - found.first_at <= SEALED_WITHIN:
        found.older += 1
    else:
        days = late / DAY
        found.findings.append(f"signal {entry.signal} was sealed {days:.1f} days after it says it was known")


def entry_findings(before: Entry | None, entry: Entry) -> list[str]:
    """What is wrong with an entry and its place in the chain."""
    name, found = f"entry {entry.seq} ({entry.kind} {entry.signal})", list[str]()
    seq, previous, at = (before.seq, before.hash, before.at) if before else (0, GENESIS, entry.at)
    if entry.seq != seq + 1:
        found.append(f"entries {seq + 1} to {entry.seq - 1} are missing")
    elif entry.previous != previous:
        found.append(f"{name} does not follow entry {seq}: one of them was put there, moved or changed")
    if entry.at < at:
        found.append(f"{name} is dated before the one it follows")
    if entry.hash != entry_hash(entry):
        found.append(f"{name} was changed: its hash is another")
    return found


def content_findings(entry: Entry, content: Content | None) -> list[str]:
    """What is wrong with what an entry covers."""
    name = f"signal {entry.signal}, {entry.kind} in entry {entry.seq},"
    if content is None:
        return [f"{name} was deleted"]
    if entry.kind == RESOLVED and content.signal[-1] != "resolved":
        return [f"{name} is {content.signal[-1]} again"]
    if content_hash(entry.kind, content) != entry.content_hash:
        what = "what it said" if entry.kind == RAISED else "its outcomes or matched entries"
        return [f"{name} was changed: {what}"]
    return []


async def all_days(env: Env) -> list[Day]:
    found, before = list[Day](), LATEST
    while page := await signal_log.days(env.db, before, PAGE):
        found, before = found + page, page[-1].day
    return found


def day_findings(computed: Mapping[int, Day], stored: Sequence[Day]) -> list[str]:
    there = {day.day: day for day in stored}
    wrong = [day for day in sorted(computed.keys() | there.keys()) if computed.get(day) != there.get(day)]
    return [f"the root of {date_of(day)} is not that of its entries" for day in wrong]


def date_of(day: int) -> str:
    from datetime import date, timedelta

    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


async def check_signals(env: Env, found: Audit) -> None:
    """Look for signals without an entry; those whose entry is due and not late are only counted."""
    last = ""
    while page := await signal_log.logged(env.db, last, PAGE):
        last, found.signals = page[-1].id, found.signals + len(page)
        for one in page:
            found.findings += unlogged(one, env.now() if found.entries else one.known_at)
            waits = one.raised_waits > one.raised or one.resolved_waits > one.resolved
            found.waiting += waits


def unlogged(one: Logged, now: int) -> list[str]:
    if not one.raised and not (one.raised_waits and now - one.known_at <= SEALED_WITHIN):
        return [f"signal {one.id} is not in the log"]
    if one.state == "resolved" and not one.resolved and not one.resolved_waits:
        return [f"signal {one.id} is resolved, and the log does not say so"]
    return []
