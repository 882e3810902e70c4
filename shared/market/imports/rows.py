"""The bars of a plan, batch by batch, with what was refused and how far the work is."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.market.imports import table as tables
from shared.market.imports.plan import FilePlan, ImportPlan
from shared.store.candle_rows import CandleRow

BATCH = 20_000


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """`line`: of a CSV the line, of a JSON file the element, counted from 1."""

    line: int
    reason: str


@dataclass(slots=True)
class Batch:
    """Bars of one file, oldest first, each time once; `done` bytes of the plan's `bytes` are read."""

    file: FilePlan
    rows: list[CandleRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    duplicates: int = 0
    done: int = 0


def rows(plan: ImportPlan, until: int | None = None) -> Iterator[Batch]:
    """Read what was planned; a file is given in batches of at most 20,000 lines.

    The same bar twice in a batch is a duplicate; another bar for the same time is refused, and so is one
    that closes after `until` (ms): exports often end with the bar that is still open.
    """
    before = 0
    for file in plan.files:
        batch, seen, taken = Batch(file), dict[int, tuple[int, CandleRow]](), 0
        reading = tables.lines(file.table)
        while (found := following(reading, batch, taken)) is not None:
            read, (line, cells) = found
            take(batch, seen, line, cells, until)
            batch.done, taken = before + read, taken + 1
            if taken % BATCH == 0:
                yield finished(batch, seen)
                batch, seen = Batch(file, done=batch.done), {}
        before += file.bytes
        batch.done = before
        yield finished(batch, seen)


def following(
    reading: Iterator[tuple[int, tables.Line]], batch: Batch, taken: int
) -> tuple[int, tables.Line] | None:
    """The next line; a file that breaks off is told as one refused row."""
    try:
        return next(reading, None)
    except (EOFError, OSError, csv.Error, zlib.error) as error:
        batch.refused.append(RefusedRow(taken + 1, f"the file cannot be read on: {error}"))
        return None


def take(
    batch: Batch, seen: dict[int, tuple[int, CandleRow]], line: int, cells: tables.Cells, until: int | None
) -> None:
    reader = batch.file.reader
    try:
        if not reader.wanted(cells):
            return
        bar = reader.bar(cells)
        if until is not None and bar[0] + batch.file.step > until:
            raise ValueError(f"the bar of {cells[reader.layout.time]} has not closed yet")
    except (ValueError, IndexError, OverflowError) as error:
        batch.refused.append(RefusedRow(line, str(error)))
        return
    first, known = seen.setdefault(bar[0], (line, bar))
    if first == line:
        return
    if known == bar:
        batch.duplicates += 1
    else:
        batch.refused.append(RefusedRow(line, f"line {first} says otherwise for the same time"))


def finished(batch: Batch, seen: dict[int, tuple[int, CandleRow]]) -> Batch:
    batch.rows = [seen[at][1] for at in sorted(seen)]
    return batch
