"""Signals: lists by filter or type, and single ones by id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from functions.api.query import cursor_of
from functions.api.reads import AS_OF, CURSOR, LIMIT, Ask, Parameter, Read
from shared.errors import NotFound
from shared.models import LATEST

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
# Words of paths under /signals: no type may have such a name.
RESERVED = frozenset(
    ("by-id", "compound", "correlations", "history", "log", "patterns", "performance", "types")
)
# Types whose evidence joins findings of several kinds.
COMPOUND = ("liquidity_cascade", "volume_breakout", "whale_accumulation")


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


async def signal_list(ask: Ask, among: Sequence[str] = (), over_at: int | None = None) -> dict[str, Any]:
    from shared.signals.view import signal_json
    from shared.store import outcomes, signals

    query, named = ask.query, ask.query.text("type")
    symbol, as_of, limit = query.text("symbol"), query.as_of(ask.env.now()), query.limit()
    before = query.cursor(int, str)
    found = await signals.page(
        ask.env.db,
        types=among or ((known_type(named),) if named else ()),
        symbol=(await ask.snapshots.asset(symbol)).symbol if symbol else None,
        since=query.instant("since") or 0,
        confidence_min=query.share("confidence_min"),
        as_of=LATEST if as_of is None else as_of,
        over_at=over_at,
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
    """Answer /signals/{type}; a ULID there is a signal (C20)."""
    name = ask.path["type"]
    if ULID.fullmatch(name.upper()):
        return await signal_item(ask, name)
    return await signal_list(ask, (known_type(name),))


async def signal_history(ask: Ask) -> dict[str, Any]:
    """Answer with the signals whose time is over, and what became of them."""
    as_of = ask.query.as_of(ask.env.now())
    return await signal_list(ask, over_at=ask.env.now() if as_of is None else as_of)


async def compound(ask: Ask) -> dict[str, Any]:
    """Answer with signals that join several kinds of finding; `evidence.parts` holds each."""
    named = ask.query.choice("type", COMPOUND)
    return await signal_list(ask, (named,) if named else COMPOUND)


async def signal_by_id(ask: Ask) -> dict[str, Any]:
    return await signal_item(ask, ask.path["id"])


async def signal_item(ask: Ask, id: str) -> dict[str, Any]:
    from functions.api.reads.signal_detail import detail
    from shared.store import signals

    as_of = ask.query.as_of(ask.env.now())
    found = await signals.by_id(ask.env.db, id.upper()) if ULID.fullmatch(id.upper()) else None
    if found is None:
        raise NotFound(f"there is no signal {id[:64]!r}")
    if as_of is not None and found.known_at > as_of:
        raise NotFound(f"signal {id[:64]!r} was not known yet at {as_of}")
    return {"data": await detail(ask.env, found, as_of)}


TYPE = Parameter("type", "One type of signal")
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
        (TYPE, *FILTERS),
    ),
    Read(
        "/api/v1/signals/history",
        "Signals whose time is over, with what became of them, newest first",
        "read:signals",
        "signals",
        signal_history,
        (TYPE, *FILTERS),
    ),
    Read(
        "/api/v1/signals/compound",
        "Signals that join several kinds of finding, newest first",
        "read:signals",
        "signals",
        compound,
        (Parameter("type", "One compound type", {"enum": [*COMPOUND]}), *FILTERS),
    ),
    Read(
        "/api/v1/signals/by-id/{id}",
        "One signal with its evidence, articles, matched entries and chart",
        "read:signals",
        "signals",
        signal_by_id,
        (AS_OF,),
    ),
    Read(
        "/api/v1/signals/{type}",
        "Signals of one type (or one signal, by its id)",
        "read:signals",
        "signals",
        signals_named,
        FILTERS,
    ),
)
