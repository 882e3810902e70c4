"""Two-sided CUSUM of volatility-scaled returns: how long and how steadily the price has gone one way."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.signals.kernels.returns import known, log_returns

SCALED = 96  # bars before the current one whose mean absolute return is the scale
NORMAL = 1.2533141373155003  # √(π/2): the mean absolute value of normal returns becomes their deviation
FLOOR = 0.0005  # of one bar, as a fraction: less is the spread
# Half of the drift that is looked for (one deviation a bar), which is the best allowance for it (Page 1954).
ALLOWANCE = 0.5
CLIP = 3.0  # one jump is an anomaly, not a trend: it counts as no more than a move of three deviations


class Cusum(Kernel):
    """up = max(0, up + z - 0.5), down = max(0, down - z - 0.5), z = return / scale within ±3.

    `cusum_up_before` and `cusum_down_before` are the sums one bar earlier, `cusum_value` is z. Summing starts
    once SCALED returns stand behind the current one.
    """

    names = ("cusum_up", "cusum_down", "cusum_up_before", "cusum_down_before", "cusum_value", "cusum_scale")
    depth = SCALED + 2
    reads = ("close",)
    settle = None  # the sums forget where they touch zero, which no number of bars assures

    def __init__(self, lanes: int) -> None:
        self.moved = np.zeros(lanes)
        self.sums = np.zeros((2, lanes))
        self.state = (self.moved, self.sums)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        up, down, up_before, down_before, value, scale = out
        moves = log_returns(window, (0, SCALED))
        np.multiply(self.moved, NORMAL / SCALED, out=scale)
        np.maximum(scale, FLOOR, out=scale)
        np.divide(moves[0], scale, out=value)
        np.minimum(value, CLIP, out=value)
        np.maximum(value, -CLIP, out=value)
        newest, oldest = known(np.abs(moves, out=moves))
        self.moved += newest - oldest
        if window.least <= SCALED + 1:
            cold = window.count <= SCALED + 1
            value[cold], scale[cold] = np.nan, np.nan
        up_before[:], down_before[:] = self.sums
        np.fmax(self.sums[0] + value - ALLOWANCE, 0.0, out=self.sums[0])
        np.fmax(self.sums[1] - value - ALLOWANCE, 0.0, out=self.sums[1])
        up[:], down[:] = self.sums
        if window.least <= SCALED + 1:
            for column in (up, down, up_before, down_before):
                column[cold] = np.nan
