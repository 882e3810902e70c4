"""Squeezes: Bollinger bands narrower than in all the bars before, and the bands as they were then."""

from __future__ import annotations

import numpy as np

from shared.market.indicators.kernel import Floats, Kernel, Window
from shared.signals.kernels.derived import Derived
from shared.signals.kernels.returns import push

LOWEST_OF = 96  # bars: a width below that of all of them is rare without being random
FLOOR = 0.0005  # deviation as a fraction of the price: the bands of a pegged price are not narrow but closed


class Squeeze(Derived):
    """Over Bollinger bands of n bars: the last bar whose width was the lowest of LOWEST_OF.

    `squeeze_age` counts the bars since then, NaN before the first; `squeeze_middle` and `squeeze_deviation`
    (half of the distance of a band from it) are those of that bar, `squeeze_width` their width then.
    """

    reads = ()
    settle = None  # a squeeze may be the last one for any number of bars

    def __init__(self, inner: Kernel, length: int, lanes: int) -> None:
        self.columns = [f"bollinger_{name}_{length}" for name in ("upper", "middle", "width")]
        self.widths = np.full((LOWEST_OF - 1, lanes), np.nan)
        self.frozen = np.full((4, lanes), np.nan)
        own = ("squeeze_middle", "squeeze_deviation", "squeeze_width", "squeeze_age")
        super().__init__(inner, own, (self.widths, self.frozen))

    def derive(self, window: Window, told: dict[str, Floats], out: tuple[Floats, ...]) -> None:
        upper, middle, width = (told[name] for name in self.columns)
        squeezed = width <= np.minimum.reduce(self.widths, axis=0)  # NaN, so False, until there are enough
        self.frozen[3] += 1.0
        if squeezed.any():
            deviation = np.maximum((upper - middle) / 2, FLOOR * middle)
            for row, value in enumerate((middle, deviation, width, np.zeros_like(width))):
                np.copyto(self.frozen[row], value, where=squeezed)
        push(self.widths, width)
        for row, column in enumerate(out):
            column[:] = self.frozen[row]
