"""The hash-chained log of signals: its head, the roots of its days, its entries newest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from functions.api.query import cursor_of
from functions.api.reads import CURSOR, LIMIT, Ask, Read
from shared.models import DAY, LATEST

DAYS = 400  # a year and what is missing of it; older roots are the last entries of their days


async def log_page(ask: Ask) -> dict[str, Any]:
    """Answer with a page of entries; whoever keeps a head can tell later that nothing before it was changed.

    `hash` is sha256 of `previous` and the canonical JSON (sorted keys, no white space) of `at`,
    `content_hash`, `kind`, `seq` and `signal`. A day's root is the hash of its last entry.
    """
    from shared.store import signal_log

    before, limit = ask.query.cursor(int), ask.query.limit()
    head = await signal_log.head(ask.env.db)
    found = await signal_log.before(ask.env.db, before[0] if before else LATEST, limit + 1)
    page, more = found[:limit], len(found) > limit
    days = await signal_log.days(ask.env.db, LATEST, DAYS)
    return {
        "data": [entry._asdict() for entry in page],
        "head": {"seq": head.seq, "hash": head.hash, "at": head.at} if head else None,
        "days": [
            {"day": date_of(day.day), "entries": day.entries, "seq": day.seq, "root": day.root}
            for day in days
        ],
        "next_cursor": cursor_of((page[-1].seq,)) if more else None,
    }


def date_of(day: int) -> str:
    return datetime.fromtimestamp(day * DAY / 1000, UTC).date().isoformat()


READS = (
    Read(
        "/api/v1/signals/log",
        "The tamper-evident log of signals: head, daily roots, entries newest first",
        "read:signals",
        "signals",
        log_page,
        (LIMIT, CURSOR),
    ),
)
