"""Price and volatility of what was not found on bars: from the bars that had closed by then."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np

from shared.env import Env
from shared.models import DAY, HOUR, MINUTE
from shared.signals.detectors.price_anomaly import FLOOR, NORMAL
from shared.signals.play import Found
from shared.signals.windows import WINDOW
from shared.store import candles

PRICE_STEPS = (HOUR, 5 * MINUTE, DAY)  # whose closes give a signal without a bar its price, first that does
LEAST_RETURNS = 24


async def with_price(env: Env, found: Found) -> Found:
    """Add the asset's last close at that instant and how much an hour usually moves it, where bars tell."""
    one = found.finding
    for step in PRICE_STEPS:
        start, end = one.at - (WINDOW + 1) * step, one.at - step + 1
        source, bars = await candles.read_columns(env.db, one.asset, step, start, end)
        if len(bars.close) <= LEAST_RETURNS or bars.open_time[-1] + 3 * step < one.at:
            continue
        returns = np.diff(np.log(np.array(bars.close)))
        scale = max(NORMAL * float(np.median(np.abs(returns - np.median(returns)))), FLOOR)
        known = {"source": source, "price_step": step, "volatility_1h": scale * sqrt(HOUR / step)}
        return replace(found, finding=replace(one, price=bars.close[-1], evidence={**one.evidence, **known}))
    return found
