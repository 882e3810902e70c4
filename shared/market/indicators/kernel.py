"""What an indicator is: a recurrence that moves many series on by one bar.

Series lie side by side as lanes, so that one numpy call moves them all. Live, a lane is an asset and one bar
is stepped; a backfill steps through time with the same code, and may cut time into more lanes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Columns of a bar that kernels may read. `btc` is bitcoin's close at the same open time, `spx` and `dxy` the
# newest value known at the bar's close; NaN where there is none. `open_time` is in ms since 1970: as a double
# exact for a quarter of a million years.
FIELDS = ("open", "high", "low", "close", "volume", "btc", "spx", "dxy", "open_time")


class Window:
    """The bars up to now. Each field is (rows, L), oldest first and NaN before a lane's first bar.

    `row` is the row of the current bar (later rows are the future: never read them), `count` (L,) the bars
    each lane has seen with it, `least` the smallest of those: once it exceeds a warm-up no lane needs masks.
    `most` is the largest: where it equals `least` all lanes are of one age.
    """

    __slots__ = (*FIELDS, "row", "count", "least", "most")

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    btc: Floats
    spx: Floats
    dxy: Floats
    open_time: Floats
    row: int
    count: Ints
    least: int
    most: int

    def last(self, field: str, bars: int) -> Floats:
        """The last `bars` values of a field, the current one included (bars, L); a view."""
        column: Floats = getattr(self, field)
        return column[self.row - bars + 1 : self.row + 1]

    def ago(self, field: str, bars: int) -> Floats:
        """The value of a field `bars` bars before the current one (L,); a view."""
        column: Floats = getattr(self, field)
        row: Floats = column[self.row - bars]
        return row


class Kernel:
    """One indicator with its parameters, over a fixed number of lanes.

    `names` are its output columns; `depth` the rows of history it reads, the current one included; `reads`
    the fields it reads (others may be NaN); `state` arrays are (L,) or (k, L), changed in place, and with the
    history all that it remembers (a kernel without state is a function of its window alone). Every lane
    starts with the same state. `settle` says after how many bars it no longer matters (1e-12) where the lane
    began: 0 for a function of the window, None for what never forgets (a running total).
    `step` writes each output (L,) into `out`, NaN in warm-up.
    """

    names: tuple[str, ...] = ()
    depth: int = 1
    reads: tuple[str, ...] = FIELDS[:-1]  # one that wants the time says so
    state: tuple[NDArray[np.float64], ...] = ()
    settle: int | None = 0

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        raise NotImplementedError


# Builds a kernel for so many lanes.
Maker = Callable[[int], Kernel]
