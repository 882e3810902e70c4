"""Lanes of kernels and the loop that steps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from shared.market.indicators.kernel import FIELDS, Floats, Ints, Maker, Window

# Rows a lane moves on before its history is shifted back to the start of the buffer.
SLACK = 64

# numpy adds up one column alone in pairs and several row by row: a lane alone would get other bits.
LEAST_LANES = 2


class State:
    """What L lanes carry between bars. `columns` (C, L) are the newest outputs, overwritten by each bar.

    `history` (F, depth, L) are the last bars, newest last and NaN where there was none; `count` (L,) the bars
    seen; `arrays` what the kernels remember. All are views of what `Engine.advance` changes in place.
    A lane that is alone has an empty one beside it, which only the kernels and `buffer` know of.
    """

    __slots__ = ("buffer", "columns", "depth", "kernels", "lanes", "outs", "window")

    def __init__(self, makers: Sequence[Maker], depth: int, width: int, lanes: int) -> None:
        self.depth, self.lanes = depth, lanes
        held = max(lanes, LEAST_LANES)
        self.kernels = tuple(maker(held) for maker in makers)
        self.buffer: Floats = np.full((len(FIELDS), depth + SLACK, held), np.nan)
        columns: Floats = np.full((width, held), np.nan)
        self.columns: Floats = columns[:, :lanes]
        self.window = Window()
        for field, rows in zip(FIELDS, self.buffer, strict=True):
            setattr(self.window, field, rows)
        self.window.row, self.window.least = depth - 1, 0
        self.window.count = np.zeros(held, np.int64)
        rows = iter(columns)
        self.outs = [tuple(islice(rows, len(kernel.names))) for kernel in self.kernels]

    @property
    def history(self) -> Floats:
        return self.buffer[:, self.window.row + 1 - self.depth : self.window.row + 1, : self.lanes]

    @property
    def count(self) -> Ints:
        return self.window.count[: self.lanes]

    @property
    def arrays(self) -> list[Floats]:
        return [array[..., : self.lanes] for kernel in self.kernels for array in kernel.state]


def least(count: Ints) -> int:
    return int(count.min()) if len(count) else 0


def stepped(state: State, feed: list[tuple[int, Floats]], bars: int) -> Iterator[int]:
    """Step all lanes over `bars` bars; `feed` has rows (bars, ...lanes) of each field that is read.

    Yields the number of the bar whose outputs now stand in state.columns.
    """
    window, buffer, depth = state.window, state.buffer, state.depth
    count = window.count
    steps = [(kernel.step, out) for kernel, out in zip(state.kernels, state.outs, strict=True)]
    done = 0
    while done < bars:
        if window.row + 1 == buffer.shape[1]:
            buffer[:, :depth] = buffer[:, -depth:].copy()
            window.row = depth - 1
        first = window.row + 1
        block = min(bars - done, buffer.shape[1] - first)
        for i, rows in feed:
            new = rows[done : done + block]
            buffer[i, first : first + block, : state.lanes].reshape(new.shape)[...] = new
        for t in range(done, done + block):
            window.row += 1
            count += 1
            window.least += 1
            for step, out in steps:
                step(window, out)
            yield t
        done += block
