"""What is in a file or a folder: symbol, bar length, columns, time format; questions before work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from typing import Any

from shared.errors import Invalid
from shared.market.imports import table as tables
from shared.market.imports.bars import Reader
from shared.market.imports.errors import AmbiguousImport, NotCandles
from shared.market.imports.layout import Layout, by_name, by_numbers
from shared.market.imports.names import STEPS, named_steps, source_of, spelt, step_of, symbol_of
from shared.market.imports.table import SUFFIXES, Table
from shared.market.imports.times import clock_for, guessed_time
from shared.models import MINUTE

SAMPLE = 2000
NEAR = 0.02  # how far the usual distance of two bars may lie from the length of one


@dataclass(frozen=True, slots=True)
class FilePlan:
    """How one file will be read; `step` in milliseconds, `source` the exchange its name tells or import."""

    path: Path
    symbol: str
    step: int
    source: str
    table: Table
    reader: Reader
    bytes: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a folder that is not imported, and why or what to pass."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    files: tuple[FilePlan, ...]
    skipped: tuple[Skipped, ...]

    @property
    def bytes(self) -> int:
        """Bytes on disk that will be read, the total of the progress that batches tell."""
        return sum(file.bytes for file in self.files)


def nobody(_: str) -> None:
    """Knows no symbol by its name alone."""


def plan(
    path: Path | str,
    symbol: str | None = None,
    interval: str | None = None,
    known: Callable[[str], object] = nobody,
) -> ImportPlan:
    """Look at a file, or at every table in a folder and below.

    `known` answers not None for a word that is a symbol: `assets.resolve`. Of one file NotCandles and
    AmbiguousImport are raised; of a folder such files are listed as skipped.
    """
    path = Path(path)
    step = None if interval is None else step_of(interval)
    if interval is not None and step is None:
        raise Invalid(f"{interval!r} is not an interval like 1m, 5m, 1h or 1d", field="interval")
    if path.is_file():
        return ImportPlan((plan_file(path, symbol, step, known),), ())
    if not path.is_dir():
        raise Invalid(f"{path}: no such file or folder", field="path")
    files, skipped = list[FilePlan](), list[Skipped]()
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.name.lower().endswith(SUFFIXES):
            try:
                files.append(plan_file(file, symbol, step, known))
            except (NotCandles, AmbiguousImport) as problem:
                skipped.append(Skipped(file, str(problem)))
    if not files and not skipped:
        raise NotCandles(f"{path}: no {', '.join(SUFFIXES[:5])} file in it")
    return ImportPlan(tuple(files), tuple(skipped))


def plan_file(path: Path, symbol: str | None, step: int | None, known: Callable[[str], object]) -> FilePlan:
    table = tables.look(path)
    samples = [cells for _, (_, cells) in islice(tables.lines(table), SAMPLE)]
    if not samples:
        raise NotCandles(f"{path.name}: has no rows")
    try:
        layout = by_name(table.names, samples) if table.names else by_numbers(samples, guessed_time)
        clock = clock_for([row[layout.time] for row in samples if layout.time < len(row)])
    except (NotCandles, AmbiguousImport) as problem:
        raise type(problem)(f"{path.name}: {problem}") from problem
    decimal_comma = table.delimiter == ";"  # what it is there for
    first = Reader(layout, clock, symbol, 0, decimal_comma)
    times = valid_times(path, first, samples)
    named = symbol or named_inside(path, layout, samples) or symbol_of(path, table.title, known)
    if named is None:
        raise AmbiguousImport(f"{path.name}: its name tells no symbol: pass --symbol, as in --symbol BTC")
    length = step or measured_step(path, times)
    reader = Reader(layout, clock, symbol, length, decimal_comma)
    return FilePlan(path, named, length, source_of(path), table, reader, path.stat().st_size)


def valid_times(path: Path, reader: Reader, samples: Sequence[Sequence[Any]]) -> list[int]:
    """Open times of the good rows of the sample; NotCandles where there is none."""
    times, reason = list[int](), ""
    for number, cells in enumerate(samples, 1):
        try:
            times.append(reader.bar(cells)[0])
        except ValueError as error:
            reason = reason or f"row {number}: {error}"
    if not times:
        raise NotCandles(f"{path.name}: not candles: no row is a valid bar ({reason})")
    return times


def named_inside(path: Path, layout: Layout, samples: Sequence[Sequence[Any]]) -> str | None:
    """The one symbol of the symbol column, if there is one."""
    if layout.symbol is None:
        return None
    found = sorted({str(row[layout.symbol]).strip() for row in samples if layout.symbol < len(row)})
    if len(found) > 1:
        raise AmbiguousImport(f"{path.name}: holds {', '.join(found[:5])}: pass --symbol for one of them")
    return found[0] or None


def measured_step(path: Path, times: Sequence[int]) -> int:
    """The usual distance of two bars, holes notwithstanding; asks where the name says otherwise."""
    gaps = [later - earlier for earlier, later in pairwise(sorted(set(times)))]
    told = named_steps(path)
    if not gaps:
        if len(told) == 1:
            return told.pop()
        raise AmbiguousImport(f"{path.name}: one bar has no interval: pass --interval, as in --interval 1h")
    usual = median(gaps)
    step = min(STEPS, key=lambda one: abs(one - usual))
    if abs(step - usual) > NEAR * step:
        raise AmbiguousImport(
            f"{path.name}: bars are usually {usual / MINUTE:g} minutes apart, which is no interval: "
            "pass --interval, as in --interval 1h"
        )
    if told and step not in told:
        names = ", ".join(spelt(one) for one in sorted(told))
        raise AmbiguousImport(
            f"{path.name}: its name says {names}, its bars are {spelt(step)} apart: pass --interval"
        )
    return step
