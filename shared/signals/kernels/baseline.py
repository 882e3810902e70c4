"""The bars that returns and volumes are measured against: kept as history, put out by nothing."""

from __future__ import annotations

from shared.market.indicators.kernel import Floats, Kernel, Window

WINDOW = 96  # bars: 8 hours of 5m, 4 days of 1h, a quarter of 1d; long enough for a steady median


class Baseline(Kernel):
    """Without a column: the medians of WINDOW returns are taken of many bars at once, from what it keeps."""

    depth = WINDOW + 1
    reads = ("close", "volume", "open_time")

    def __init__(self, lanes: int) -> None:
        """Without state: a function of the window alone."""

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        """Nothing to put out."""
