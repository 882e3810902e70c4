"""Patterns of past signals: which come together, at what hours, and what compound ones join."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from functions.api.query import PERIODS
from functions.api.reads import AS_OF, Ask, Parameter, Read
from functions.api.reads.signals import known_type
from shared.models import DAY, LATEST

PERIOD = Parameter("period", "How far back", {"enum": [*PERIODS], "default": "1y"})


def span(ask: Ask) -> tuple[int, int, int]:
    """Start and end of the asked period, and the instant whose knowledge counts."""
    as_of = ask.query.as_of(ask.env.now())
    end = ask.env.now() if as_of is None else as_of
    period = ask.query.choice("period", PERIODS, "INVALID_TIMEFRAME") or "1y"
    return end - PERIODS[period], end, LATEST if as_of is None else as_of


async def correlations(ask: Ask) -> dict[str, Any]:
    """Answer which types of signal, and news, follow each other on the same asset more than by chance.

    `lift` is the share of `first` that `then` followed within four hours, over the same share on the three
    days before and after, at that hour. Its interval is over weeks; one that leaves out 1 is a finding, as
    far as one of so many pairs is. Pairs with fewer than 50 of `first` are left out.
    """
    from asyncio import to_thread

    from shared.signals import patterns
    from shared.store import overview

    start, end, known_by = span(ask)
    raised = await overview.signal_events(ask.env.db, start, end, known_by)
    news = await overview.news_events(ask.env.db, start, end, known_by)
    events = [row[:3] for row in raised] + [(patterns.NEWS, asset, at) for asset, at in news]
    pairs = await to_thread(patterns.correlations, events, start, end)
    return {
        "data": [asdict(pair) for pair in pairs],
        "within_ms": patterns.WITHIN,
        "least": patterns.LEAST,
        "start": start,
        "end": end,
    }


async def temporal(ask: Ask) -> dict[str, Any]:
    """Answer at which hours (UTC) and weekdays signals are raised, against an even spread.

    Intervals are over days. Signals on daily bars have no hour: only their weekdays are counted.
    """
    from asyncio import to_thread

    from shared.signals import patterns
    from shared.store import overview

    start, end, known_by = span(ask)
    named, symbol = ask.query.text("type"), ask.query.text("symbol")
    wanted = known_type(named) if named else None
    asset = (await ask.snapshots.asset(symbol)).id if symbol else None
    found = [
        (at, step)
        for type, id, at, step in await overview.signal_events(ask.env.db, start, end, known_by)
        if wanted in (None, type) and asset in (None, id)
    ]
    hours = await to_thread(patterns.by_hour, [at for at, step in found if step < DAY], end)
    weekdays = await to_thread(patterns.by_weekday, [at for at, _ in found], end)
    return {
        "data": {
            "n": len(found),
            "status": "measured" if len(found) >= patterns.LEAST else "insufficient data",
            "by_hour": [asdict(slot) for slot in hours],
            "by_weekday": [asdict(slot) for slot in weekdays],
        },
        "least": patterns.LEAST,
        "start": start,
        "end": end,
    }


READS = (
    Read(
        "/api/v1/signals/correlations",
        "Which types of signal, and news, follow each other more than by chance",
        "read:signals",
        "signals",
        correlations,
        (PERIOD, AS_OF),
    ),
    Read(
        "/api/v1/signals/patterns/temporal",
        "At which hours and weekdays signals are raised",
        "read:signals",
        "signals",
        temporal,
        (
            Parameter("type", "One type of signal"),
            Parameter("symbol", "One asset, by any of its names"),
            PERIOD,
            AS_OF,
        ),
    ),
)
