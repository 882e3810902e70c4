"""Signals: lists by filter or type, and single ones by id."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from functions.api.query import cursor_of
from functions.api.reads import AS_OF, CURSOR, LIMIT, Ask, Parameter, Read
from shared.errors import NotFound
from shared.models import LATEST

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
RESERVED = frozenset(("history", "performance", "compound", "correlations", "patterns"))


@cache
def types() -> tuple[str, ...]:
    """Name the signal types: one file each; importing them would load numpy into this process."""
    from shared import signals

    folder = Path(signals.__file__ or "").parent / "detectors"
    return tuple(sorted(file.stem for file in folder.glob("[!_]*.py")))


def known_type(name: str) -> str:
    """Read price_anomaly or price-anomaly; raise 404 with the known types."""
    found = name.replace("-", "_").lower()
    if found not in types():
        raise NotFound(
            f"no signal type is called {name[:64]!r}: there are {', '.join(types())}", types=types()
        )
    return found


async def signal_list(ask: Ask, type: str | None = None) -> dict[str, Any]:
    from shared.signals.view import signal_json
    from shared.store import outcomes, signals

    query, named = ask.query, ask.query.text("type")
    symbol, as_of, limit = query.text("symbol"), query.as_of(ask.env.now()), query.limit()
    before = query.cursor(int, str)
    found = await signals.page(
        ask.env.db,
        type=type or (known_type(named) if named else None),
        symbol=(await ask.snapshots.asset(symbol)).symbol if symbol else None,
        since=query.instant("since") or 0,
        confidence_min=query.share("confidence_min"),
        as_of=LATEST if as_of is None else as_of,
        before=(before[0], before[1]) if before else None,
        limit=limit + 1,
    )
    page, more = found[:limit], len(found) > limit
    became = await outcomes.of_signals(ask.env.db, [s.id for s in page], LATEST if as_of is None else as_of)
    return {
        "data": [signal_json(s, became.get(s.id, ()), as_of) for s in page],
        "next_cursor": cursor_of((page[-1].at, page[-1].id)) if more else None,
    }


async def signals_named(ask: Ask) -> dict[str, Any]:
    """Answer /signals/{type}; a ULID there is a signal, some words wait for their routes (C20)."""
    name = ask.path["type"]
    if ULID.fullmatch(name.upper()):
        return await signal_item(ask, name)
    if name in RESERVED:
        raise NotFound(f"/signals/{name} is not available yet")
    return await signal_list(ask, known_type(name))


async def signal_by_id(ask: Ask) -> dict[str, Any]:
    return await signal_item(ask, ask.path["id"])


async def signal_item(ask: Ask, id: str) -> dict[str, Any]:
    from shared.signals.view import signal_json
    from shared.store import outcomes, signals

    found = await signals.by_id(ask.env.db, id.upper()) if ULID.fullmatch(id.upper()) else None
    if found is None:
        raise NotFound(f"there is no signal {id[:64]!r}")
    became = await outcomes.of_signals(ask.env.db, [found.id])
    return {"data": signal_json(found, became.get(found.id, ()))}


FILTERS = (
    Parameter("symbol", "One asset, by any of its names"),
    Parameter("since", "Not before this instant: milliseconds since 1970 or ISO 8601"),
    Parameter(
        "confidence_min",
        "Calibrated confidence of at least this; signals without one are left out",
        {"type": "number", "minimum": 0, "maximum": 1},
    ),
    LIMIT,
    CURSOR,
    AS_OF,
)
READS = (
    Read(
        "/api/v1/signals",
        "Signals with their evidence and outcomes, newest first",
        "read:signals",
        "signals",
        signal_list,
        (Parameter("type", "One type of signal"), *FILTERS),
    ),
    Read("/api/v1/signals/by-id/{id}", "One signal", "read:signals", "signals", signal_by_id),
    Read(
        "/api/v1/signals/{type}",
        "Signals of one type (or one signal, by its id)",
        "read:signals",
        "signals",
        signals_named,
        FILTERS,
    ),
)
