"""The types of signals: what each means and reads, where it raises, and whether there is data for it."""

from __future__ import annotations

from typing import Any

from functions.api.reads import Ask, Read


async def signal_types(ask: Ask) -> dict[str, Any]:
    """Answer with every type, its inputs and their coverage; a type whose inputs nobody collects says so."""
    from shared.signals.coverage import coverage

    now = ask.env.now()
    return {"data": await coverage(ask.env.db, now), "generated_at": now}


READS = (
    Read(
        "/api/v1/signals/types",
        "Types of signals with their inputs, thresholds and coverage",
        "read:signals",
        "signals",
        signal_types,
    ),
)
