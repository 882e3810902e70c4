"""Features that no indicator gives, one kernel for all of them: the logarithms are taken once a bar.

Each part is a function of the window alone, so nothing is carried and nothing forgotten; NaN until the window
is full. Sums run over bars in time order whatever the number of lanes: the same bits for one asset or many.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shared.market.features.kernels import continuity, cross_asset, price, trend, volatility, volume
from shared.market.features.kernels.window import Logs
from shared.market.indicators.kernel import FIELDS, Floats, Kernel, Maker, Window
from shared.market.indicators.registry import INDICATORS

Part = Callable[[Window, Logs], tuple[Floats, ...]]
PARTS: tuple[tuple[tuple[str, ...], Part], ...] = (
    (price.NAMES, price.columns),
    (volume.NAMES, volume.columns),
    (volatility.NAMES, volatility.columns),
    (trend.NAMES, trend.columns),
    (cross_asset.NAMES, cross_asset.columns),
    (continuity.NAMES, continuity.columns),
)


class BarFeatures(Kernel):
    """Returns, shapes of bars, volumes, moments, lines and ties to other markets over the last 96 bars."""

    names = tuple(name for names, _ in PARTS for name in names)
    depth = Logs.BARS + 1
    reads = FIELDS

    def __init__(self, lanes: int) -> None:
        self.state = ()

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        places = iter(out)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = Logs(window)
            for _, part in PARTS:
                for column in part(window, logs):
                    np.copyto(next(places), column)


# Averages that the dictionary reads beside the indicators' usual settings.
MAKERS: tuple[Maker, ...] = (
    BarFeatures,
    INDICATORS["ema"].make(period=12),
    INDICATORS["ema"].make(period=26),
    INDICATORS["sma"].make(period=50),
    INDICATORS["sma"].make(period=200),
)
