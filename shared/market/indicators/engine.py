"""Moves many kernels over many lanes, bar by bar: live one bar of all assets, in a backfill years of them.

A lane's figures depend on its own bars alone: the same bits come out however bars are cut into calls and
whichever lanes move together.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.errors import Invalid
from shared.market.indicators.kernel import FIELDS, Floats, Ints, Kernel, Maker
from shared.market.indicators.lanes import Load, State, aged, stepped

Lanes = Ints | slice
ALL = slice(None)


class Ohlcv(NamedTuple):
    """Bars of one series (T,) or of several (T, S); leading NaN rows where a series starts later."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    btc: Floats | None = None
    spx: Floats | None = None
    dxy: Floats | None = None
    open_time: Floats | None = None


class Engine:
    """A fixed list of kernels. `names` are their columns in order, `depth` the longest history any reads.

    `layout` tells stored states of other kernels apart: what was packed under another layout is built anew.
    """

    def __init__(self, makers: Sequence[Maker]) -> None:
        self.makers = tuple(makers)
        cold = [maker(1) for maker in self.makers]
        self.names: tuple[str, ...] = tuple(name for kernel in cold for name in kernel.names)
        doubled = sorted({name for name in self.names if self.names.count(name) > 1})
        if doubled:
            raise ValueError(f"two kernels write {', '.join(doubled)}")
        self.depth = max((kernel.depth for kernel in cold), default=1)
        deep = {i: [k.depth for k in cold if field in k.reads] for i, field in enumerate(FIELDS)}
        self.reads = [i for i, depths in deep.items() if depths]
        self.kept = [max(deep[i]) for i in self.reads]  # rows of history of each field that is read
        self.read = slice(min(self.reads, default=0), max(self.reads, default=0) + 1)
        self.settle = settling(cold)
        self.cold = [array.copy() for kernel in cold for array in kernel.state]
        shapes = [(k.names, k.depth, k.reads, [a.shape[:-1] for a in k.state]) for k in cold]
        self.layout = sha256(repr(shapes).encode()).hexdigest()[:16]

    def empty(self, lanes: int) -> State:
        return State(self.makers, self.depth, len(self.names), lanes, self.read)

    def take(self, state: State, lanes: Lanes) -> State:
        """A copy of some lanes, which moves on its own; `put` writes it back."""
        part = self.empty(len(state.count[lanes]))
        self._load(
            part, state.history[:, :, lanes], state.count[lanes], [a[..., lanes] for a in state.arrays]
        )
        return part

    def put(self, state: State, lanes: Lanes, part: State) -> None:
        state.history[:, :, lanes] = part.history
        state.count[lanes] = part.count
        aged(state)
        for whole, some in zip(state.arrays, part.arrays, strict=True):
            whole[..., lanes] = some

    def with_lanes(self, state: State, old: Ints, new: Ints) -> State:
        """Lanes for the ids `new`, those of `old` as they were and cold ones for the others; both sorted."""
        if np.array_equal(old, new):
            return state
        wider = self.empty(len(new))
        kept = np.isin(old, new)
        self.put(wider, np.searchsorted(new, old[kept]), self.take(state, np.flatnonzero(kept)))
        return wider

    def pack(self, state: State) -> list[NDArray[Any]]:
        """The state as arrays for a blob, of `shapes(lanes)`: history, count, and what kernels remember.

        Of each field there are as many rows as a kernel reads, field below field.
        """
        none = np.empty((0, len(state.count)))
        rows = [state.history[i, -depth:] for i, depth in zip(self.reads, self.kept, strict=True)]
        return [np.vstack([none, *rows]), state.count, np.vstack([none, *state.arrays])]

    def shapes(self, lanes: int) -> list[tuple[type, tuple[int, ...]]]:
        memory = sum(array.size for array in self.cold)
        return [(np.float64, (sum(self.kept), lanes)), (np.int64, (lanes,)), (np.float64, (memory, lanes))]

    def unpack(self, arrays: Sequence[NDArray[Any]]) -> State:
        """What `pack` gave, copied: the arrays may be read-only views of a blob."""
        history, count, memory = arrays
        state = self.empty(len(count))
        edges = np.cumsum([0, *(array.size for array in self.cold)]).tolist()
        parts = [memory[first:last] for first, last in pairwise(edges)]
        shaped = [part.reshape(a.shape) for part, a in zip(parts, state.arrays, strict=True)]
        ends = np.cumsum(self.kept).tolist()
        for i, depth, end in zip(self.reads, self.kept, ends, strict=True):
            state.history[i, -depth:] = history[end - depth : end]
        self._load(state, None, count, shaped)
        return state

    def advance(self, state: State, fields: Floats, lanes: Lanes = ALL) -> Floats:
        """Step `lanes` over k bars each, `fields` (F, k, n) in the order of FIELDS; the columns (C, k, n).

        `state` is changed in place.
        """
        if lanes is not ALL and not (isinstance(lanes, slice) and lanes == ALL):
            part = self.take(state, lanes)
            columns = self.advance(part, fields)
            self.put(state, lanes, part)
            return columns
        columns = np.empty((len(self.names), *fields.shape[1:]))
        read, buffer = self.read, state.buffer[:, :, : state.lanes]

        def load(first: int, rows: slice) -> None:
            buffer[read, rows] = fields[read, first : first + rows.stop - rows.start]

        with np.errstate(divide="ignore", invalid="ignore"):
            for t in stepped(state, fields.shape[1], load):
                columns[:, t] = state.columns
        return columns

    def start(self, state: State, lanes: Ints) -> None:
        """Make lanes cold again: their next bar is their first."""
        state.history[:, :, lanes] = np.nan
        state.count[lanes] = 0
        aged(state)
        for array, cold in zip(state.arrays, self.cold, strict=True):
            array[..., lanes] = cold

    def _load(self, state: State, history: Floats | None, count: Ints, arrays: list[Floats]) -> None:
        if history is not None:
            state.history[...] = history
        state.count[...] = count
        aged(state)
        for own, other in zip(state.arrays, arrays, strict=True):
            own[...] = other


def settling(kernels: Sequence[Kernel]) -> int | None:
    """Bars after which it no longer matters to any of them where a lane began; None if it always does."""
    bars = [kernel.settle for kernel in kernels]
    return None if None in bars else max((n for n in bars if n is not None), default=0)


def compute(maker: Maker, ohlcv: Ohlcv, *, chunks: int = 1, out: Floats | None = None) -> dict[str, Floats]:
    """All bars of one indicator: column name -> array shaped as the input, NaN in warm-up.

    With `chunks` time is cut into as many parts that move side by side, each warmed up over the bars before
    it: the same within 1e-12, and several times faster for few series. chunks=1 is what live steps give, bit
    for bit. Results are written into `out` (columns, *shape of the input) if given: fresh memory costs more
    than the computation.
    """
    engine = Engine([maker])
    total = len(ohlcv.close)
    series = ohlcv.close[0].size if total else 0
    if out is None:
        out = np.empty((len(engine.names), *ohlcv.close.shape))
    if total and series:
        lead, length = cut(engine, total, chunks)
        run(
            engine,
            {i: x.reshape(total, series) for i in engine.reads if (x := ohlcv[i]) is not None},
            ohlcv.close.reshape(total, series),
            out.reshape(-1, total, series),
            lead,
            length,
        )
    return dict(zip(engine.names, out, strict=True))


def cut(engine: Engine, total: int, chunks: int) -> tuple[int, int]:
    """Bars a chunk is warmed up over, and those it then gives; the first gives both, so they add up to T."""
    if engine.settle is None or chunks == 1:
        return total, 0
    lead = engine.settle + engine.depth
    chunks = min(chunks, (total - lead) // lead)
    if chunks < 2:
        return total, 0
    length = (total - lead) // chunks
    return total - chunks * length, length


def run(
    engine: Engine, columns: dict[int, Floats], close: Floats, out: Floats, lead: int, length: int
) -> None:
    """Step all chunks of columns (T, S) side by side and write the results into `out` (C, T, S).

    A series begins with its first `close`, whether or not a kernel reads that.
    """
    width, total, series = out.shape
    chunks = (total - lead) // length if length else 1
    starts = first_rows(close, chunks, length)
    begin = {int(t): np.flatnonzero(starts == t) for t in np.unique(starts[starts > 0])}
    state = engine.empty(chunks * series)
    later = out[:, lead:].reshape(width, chunks, length, series)
    load = loader(state, columns, lead, length)
    with np.errstate(divide="ignore", invalid="ignore"):
        for t in stepped(state, lead + length, load):
            if t + 1 in begin:
                engine.start(state, begin[t + 1])
            if t < lead:
                out[:, t] = state.columns[:, :series]
            else:
                later[:, :, t - lead] = state.columns.reshape(width, chunks, series)


def loader(state: State, columns: dict[int, Floats], lead: int, length: int) -> Load:
    """Loads columns (T, S) into lanes laid out as (chunks, S)."""
    feed = [
        (i, overlapping(column, state.lanes // column.shape[1], lead, length))
        for i, column in columns.items()
    ]

    def load(first: int, rows: slice) -> None:
        for i, column in feed:
            new = column[first : first + rows.stop - rows.start]
            state.buffer[i, rows, : state.lanes].reshape(new.shape)[...] = new

    return load


def overlapping(column: Floats, chunks: int, lead: int, length: int) -> Floats:
    """(T, S) as chunks of lead + length rows, `length` apart: (lead + length, chunks, S), a view."""
    step, across = column.strides
    shape = (lead + length, chunks, column.shape[1])
    return np.lib.stride_tricks.as_strided(column, shape, (step, step * length, across), writeable=False)


def first_rows(close: Floats, chunks: int, length: int) -> Ints:
    """Row of its chunk at which each lane sees its first bar, lanes as (chunks, S) laid out flat."""
    known = ~np.isnan(close)
    first = np.where(known.any(axis=0), known.argmax(axis=0), len(close))
    if not np.array_equal(known.sum(axis=0), len(close) - first):
        raise Invalid("a series has gaps: only its first rows may be NaN", field="close")
    rows: Ints = np.maximum(first - np.arange(chunks)[:, None] * length, 0).ravel()
    return rows
