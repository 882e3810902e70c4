"""What prices did around news or signals of a type: does the price move first, or the story?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from functions.api.reads import AS_OF, Ask, Parameter, Read
from functions.api.reads.patterns import PERIOD, span
from functions.api.reads.signals import known_type
from shared.models import HOUR

if TYPE_CHECKING:
    from shared.signals.event_study import Event

NEWS = "news"
NEUTRAL = 0.05  # sentiment nearer to zero takes no side, as VADER's authors draw the line
MOST_ASSETS = 50  # those with most events: each costs a read of its hourly candles
SIDES = {"up": 1, "down": -1, "none": 0}


async def event_study(ask: Ask) -> dict[str, Any]:
    """Answer with the mean hourly path of prices from a day before to a day after events, with intervals.

    `event` is news (when an article became known, in the direction of its sentiment) or a type of signal (in
    its direction). Below 50 events no path is shown.
    """
    from asyncio import to_thread

    from shared.signals.event_study import LEAST, study

    start, end, known_by = span(ask)
    symbol, name = ask.query.text("symbol"), ask.query.text("event") or NEWS
    events = await events_of(ask, name, start, end, known_by)
    if symbol:
        wanted = (await ask.snapshots.asset(symbol)).id
        events = [event for event in events if event[0] == wanted]
    found = await to_thread(study, events, await hourly_closes(ask, events))
    return {
        "data": {
            "event": name,
            "status": "measured" if found.path else "insufficient data",
            **asdict(found),
        },
        "least": LEAST,
        "start": start,
        "end": end,
    }


async def events_of(ask: Ask, name: str, start: int, end: int, known_by: int) -> list[Event]:
    from shared.store import overview

    if name == NEWS:
        rows = await overview.news_moods(ask.env.db, start, end, known_by)
        return [(asset, at, (mood > NEUTRAL) - (mood < -NEUTRAL)) for asset, at, mood in rows]
    found = await overview.signal_sides(ask.env.db, known_type(name), start, end, known_by)
    return [(asset, at, SIDES[direction]) for asset, at, direction in found]


async def hourly_closes(ask: Ask, events: list[Event]) -> dict[int, tuple[Sequence[int], Sequence[float]]]:
    """Hourly (open_time, close) of the assets with most events, two days wider than their events."""
    from collections import defaultdict

    from shared.store import candles

    as_of = ask.query.as_of(ask.env.now())
    times = defaultdict[int, list[int]](list)
    for asset, at, side in events:
        if side:
            times[asset].append(at)
    found = dict[int, tuple[Sequence[int], Sequence[float]]]()
    for asset in sorted(times, key=lambda id: -len(times[id]))[:MOST_ASSETS]:
        ats = times[asset]
        start, end = min(ats) - 48 * HOUR, max(ats) + 48 * HOUR
        _, bars = await candles.read_columns(ask.env.db, asset, HOUR, start, end, as_of=as_of)
        found[asset] = (bars.open_time, bars.close)
    return found


READS = (
    Read(
        "/api/v1/analytics/event-study",
        "What prices did around news or signals of a type",
        "read:signals",
        "signals",
        event_study,
        (
            Parameter("event", "`news`, or a type of signal", {"type": "string", "default": NEWS}),
            Parameter("symbol", "One asset, by any of its names"),
            PERIOD,
            AS_OF,
        ),
    ),
)
