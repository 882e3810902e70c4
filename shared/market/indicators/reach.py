"""How far back a part of a series must begin so that it shows what the whole would."""

from __future__ import annotations

from shared.market.indicators.registry import INDICATORS, settings
from shared.models import DAY

# Bars for what never forgets where it began: a stop and reverse has turned often by then, and a running total
# says by its changes, not its level, what it says.
UNSETTLED = 500
# Nobody waits for more. An average of 500 bars by Wilder still keeps e^-12 of where it began.
MOST = 6000


def bars_before(name: str, step: int, **parameters: int | float) -> int:
    """Bars to read before the first one that is shown; `step` is the length of a bar in ms."""
    indicator = INDICATORS[name]
    kernel = indicator.make(**settings(indicator, parameters))(1)
    settle = UNSETTLED if kernel.settle is None else kernel.settle
    if "open_time" in kernel.reads:
        settle = max(settle, DAY // step)
    return min(MOST, settle + kernel.depth - 1)
