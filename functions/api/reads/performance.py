"""The track record: what the signals of each type were worth, beside what chance did."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from functions.api.query import INTERVALS
from functions.api.reads import AS_OF, Ask, Parameter, Read
from functions.api.reads.signals import TYPE, known_type
from shared.env import Env
from shared.errors import Invalid
from shared.models import DAY, HOUR, LATEST

if TYPE_CHECKING:
    from shared.signals.performance import Asked

KEEP_S = 30.0  # all outcomes are read for an answer: a second of work where there are 20,000 signals
MOST_KEPT = 64
HORIZONS = {"1h": HOUR, "4h": 4 * HOUR, "24h": DAY, "7d": 7 * DAY}
REGIMES = ("bull", "bear", "sideways")
BY = ("regime", "symbol", "hour", "weekday")


async def performance(ask: Ask) -> dict[str, Any]:
    """Answer with the track record of each type, bar length and horizon.

    `hit_rate` is the share of signals that came true beyond a threshold scaled by volatility; `matched` the
    same share among random entries of that asset and hour; `lift` their difference and `direction` what is
    left of it when moves the other way are taken off, both with 95 % intervals by days. A `verdict` of "edge"
    asks both intervals to lie above zero. Below 50 outcomes nothing is told but their number. `by` tells the
    regimes, symbols, hours or weekdays apart, again each with 50 outcomes or more.
    """
    from shared.signals.performance import Asked

    query, named, symbol = ask.query, ask.query.text("type"), ask.query.text("symbol")
    interval = query.choice("interval", INTERVALS, "INVALID_TIMEFRAME")
    horizon = query.choice("horizon", HORIZONS)
    as_of = query.as_of(ask.env.now())
    asked = Asked(
        type=known_type(named) if named else None,
        step=INTERVALS[interval] if interval else None,
        horizon=HORIZONS[horizon] if horizon else None,
        symbol=(await ask.snapshots.asset(symbol)).symbol if symbol else None,
        regime=query.choice("regime", REGIMES),
        hour=hour_of(query.text("hour")),
        by=query.choice("by", BY),
        as_of=LATEST if as_of is None else as_of,
    )
    return await remembered(ask.env, asked)


async def remembered(env: Env, asked: Asked) -> dict[str, Any]:
    """The answer of less than KEEP_S ago, or a new one; `generated_at` tells which."""
    from shared.signals.performance import performance as measured

    kept: dict[Asked, tuple[float, dict[str, Any]]] = env.memory.setdefault("performance", {})
    made, answer = kept.get(asked, (float("-inf"), {}))
    if time.monotonic() - made < KEEP_S:
        return answer
    if len(kept) >= MOST_KEPT:
        kept.clear()
    answer = await measured(env, asked)
    kept[asked] = (time.monotonic(), answer)
    return answer


def hour_of(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and int(text) < 24):
        raise Invalid(f"hour: {text!r} is not an hour of the day, 0 to 23 (UTC)", field="hour")
    return int(text)


READS = (
    Read(
        "/api/v1/signals/performance",
        "The track record of each type of signal, beside matched random entries",
        "read:signals",
        "signals",
        performance,
        (
            TYPE,
            Parameter("interval", "Length of the bars", {"enum": [*INTERVALS]}),
            Parameter("horizon", "Time after the signal", {"enum": [*HORIZONS]}),
            Parameter("symbol", "One asset, by any of its names"),
            Parameter("regime", "The market when the signal was raised", {"enum": [*REGIMES]}),
            Parameter("hour", "Hour of the day, UTC", {"type": "integer", "minimum": 0, "maximum": 23}),
            Parameter("by", "Tell the parts of each record apart", {"enum": [*BY]}),
            AS_OF,
        ),
    ),
)
