"""Lanes of kernels and the loop that steps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np

from shared.market.indicators.kernel import FIELDS, Floats, Ints, Maker, Window

# Rows a lane moves on before its history is shifted back to the start of the buffer.
SLACK = 64

# Bars loaded at a time: few enough that those of a backfill are still in the cache when they are stepped.
LOADED = 16

# numpy adds up one column alone in pairs and several row by row: a lane alone would get other bits.
LEAST_LANES = 2

# An array is added without the conversion a number needs each time.
ONE = np.array(1)

# Writes bars from the given one on into as many rows of the buffer: load(first_bar, rows).
Load = Callable[[int, slice], None]


class State:
    """What L lanes carry between bars. `columns` (C, L) are the newest outputs, overwritten by each bar.

    `history` (F, depth, L) are the last bars, newest last and NaN where there was none; `count` (L,) the bars
    seen; `arrays` what the kernels remember. All are views of what `Engine.advance` changes in place.
    `read` are the fields that any kernel reads; the others stay NaN. A lane that is alone has an empty one
    beside it, which only the kernels and `buffer` know of.
    """

    __slots__ = ("buffer", "columns", "depth", "kernels", "lanes", "read", "steps", "window")

    def __init__(self, makers: Sequence[Maker], depth: int, width: int, lanes: int, read: slice) -> None:
        self.depth, self.lanes, self.read = depth, lanes, read
        held = max(lanes, LEAST_LANES)
        self.kernels = tuple(maker(held) for maker in makers)
        self.buffer: Floats = np.full((len(FIELDS), depth + SLACK, held), np.nan)
        columns: Floats = np.full((width, held), np.nan)
        self.columns: Floats = columns[:, :lanes]
        self.window = Window()
        for field, rows in zip(FIELDS, self.buffer, strict=True):
            setattr(self.window, field, rows)
        self.window.row, self.window.least, self.window.most = depth - 1, 0, 0
        self.window.count = np.zeros(held, np.int64)
        rows = iter(columns)
        self.steps = [(kernel.step, tuple(islice(rows, len(kernel.names)))) for kernel in self.kernels]

    def shift(self) -> None:
        """Move the history back to the start of the buffer."""
        self.buffer[self.read, : self.depth] = self.buffer[self.read, -self.depth :].copy()
        self.window.row = self.depth - 1

    @property
    def history(self) -> Floats:
        return self.buffer[:, self.window.row + 1 - self.depth : self.window.row + 1, : self.lanes]

    @property
    def count(self) -> Ints:
        return self.window.count[: self.lanes]

    @property
    def arrays(self) -> list[Floats]:
        return [array[..., : self.lanes] for kernel in self.kernels for array in kernel.state]


def aged(state: State) -> None:
    """Note the ages of the youngest and the oldest lane, after `count` was changed from outside."""
    count = state.count
    state.window.least = int(count.min()) if len(count) else 0
    state.window.most = int(count.max()) if len(count) else 0


def stepped(state: State, bars: int, load: Load) -> Iterator[int]:
    """Step all lanes over `bars` bars, which `load` writes into the buffer, some at a time.

    Yields the number of the bar whose outputs now stand in state.columns.
    """
    window, steps, end = state.window, state.steps, state.buffer.shape[1]
    count = window.count
    done = 0
    while done < bars:
        if window.row + 1 == end:
            state.shift()
        row = window.row + 1
        until = min(bars, done + end - row, done + LOADED)
        load(done, slice(row, row + until - done))
        for t in range(done, until):
            window.row += 1
            window.least += 1
            window.most += 1
            np.add(count, ONE, out=count)
            for step, out in steps:
                step(window, out)
            yield t
        done = until
