"""Price and volatility of what was not found on bars: from the bars that had closed by then."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np

from shared.env import Env
from shared.models import HOUR, MINUTE, Finding
from shared.signals.detectors.price_anomaly import FLOOR, NORMAL
from shared.signals.play import Found
from shared.signals.windows import WINDOW
from shared.store import candles

# Whose closes tell what an hour usually moves, first that do. Days do not: the close of yesterday is no price
# to start from, for what came between was known when the signal was raised.
PRICE_STEPS = (HOUR, 5 * MINUTE)
SHORT = 5 * MINUTE
FRESH = 3  # bars from the opening of the newest one: its own, and two that may still have to come in
LEAST_RETURNS = 24


async def with_price(env: Env, found: Found) -> Found:
    """Add how much an hour usually moves the asset, and its newest close at that instant.

    The close is that of the shortest bars there are: what moved before the signal must not count as what
    followed it. `price_step` and `source` name the bars of the volatility, `price_at` when it closed.
    """
    one = found.finding
    for step in PRICE_STEPS:
        source, closes = await closed(env, one, step, WINDOW + 1)
        if len(closes) <= LEAST_RETURNS:
            continue
        returns = np.diff(np.log([close for _, close in closes]))
        scale = max(NORMAL * float(np.median(np.abs(returns - np.median(returns)))), FLOOR)
        known = {"source": source, "price_step": step, "volatility_1h": scale * sqrt(HOUR / step)}
        _, own = await closed(env, one, SHORT, FRESH, source)
        _, others = ("", own) if own else await closed(env, one, SHORT, FRESH)
        price_at, price = max([closes[-1], *(own or others)[-1:]])
        evidence = {**one.evidence, **known, "price_at": price_at}
        return replace(found, finding=replace(one, price=price, evidence=evidence))
    return found


async def closed(
    env: Env, one: Finding, step: int, count: int, source: str | None = None
) -> tuple[str, list[tuple[int, float]]]:
    """Source, and (instant, close) of its last bars by then; none where the newest of them is not fresh."""
    start, end = one.at - count * step, one.at - step + 1
    name, bars = await candles.read_columns(env.db, one.asset, step, start, end, source=source)
    closes = [(opened + step, close) for opened, close in zip(bars.open_time, bars.close, strict=True)]
    return name, closes if closes and closes[-1][0] + (FRESH - 1) * step >= one.at else []
