"""Files into tables: column names, if there are any, and rows of cells with the line they stand on."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from shared.market.imports.errors import NotCandles

SUFFIXES = (".csv", ".txt", ".tsv", ".json", ".csv.gz", ".txt.gz", ".tsv.gz", ".json.gz")
DELIMITERS = ",;\t|"
HEAD_LINES = 20
UNPRINTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")  # a picture, a database: no word of it is worth showing
NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?", re.I)

Cells = Sequence[Any]
Line = tuple[int, Cells]  # line (CSV) or element (JSON), counted from 1


@dataclass(frozen=True, slots=True)
class Table:
    """`names` is None where the file has no header; `title` is what a JSON file calls itself."""

    path: Path
    names: tuple[str, ...] | None
    delimiter: str
    skipped_lines: int
    title: str = ""


class Counting:
    """A file that knows how many of its bytes on disk were read: progress of compressed files too."""

    def __init__(self, path: Path) -> None:
        self.raw: BinaryIO = path.open("rb")
        packed = self.raw.read(2) == b"\x1f\x8b"
        self.raw.seek(0)
        self.plain: Any = gzip.GzipFile(fileobj=self.raw) if packed else self.raw

    def text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(self.plain, encoding="utf-8-sig", errors="replace", newline="")

    def close(self) -> None:
        self.plain.close()
        self.raw.close()


def is_json(path: Path) -> bool:
    return ".json" in "".join(path.suffixes[-2:]).lower()


def look(path: Path) -> Table:
    """What kind of table a file holds; NotCandles for none."""
    if is_json(path):
        title, names, _ = parsed(path)
        return Table(path, names, "", 0, title)
    source = Counting(path)
    try:
        head = [line.rstrip("\r\n") for _, line in zip(range(HEAD_LINES), source.text(), strict=False)]
    except (EOFError, OSError, zlib.error) as error:
        raise NotCandles(f"{path.name}: cannot be read: {error}") from error
    finally:
        source.close()
    if any(UNPRINTED.search(line) for line in head):
        raise NotCandles(f"{path.name}: is not text")
    delimiter = max(DELIMITERS, key=lambda mark: sum(line.count(mark) for line in head))
    try:
        cut = [next(csv.reader([line], delimiter=delimiter), []) for line in head]
    except csv.Error as error:
        raise NotCandles(f"{path.name}: cannot be read: {error}") from error
    widths = [max(0, len(cells) - 1) for cells in cut]
    if not any(widths):
        raise NotCandles(f"{path.name}: has no columns")
    # a line or two of advertising may stand before the header
    usual = Counter(width for width in widths if width).most_common(1)[0][0]
    first = widths.index(usual)
    cells = cut[first]
    names = None if NUMBER.fullmatch(cells[-1].strip()) else tuple(cell.strip() for cell in cells)
    return Table(path, names, delimiter, first + (names is not None))


def lines(table: Table) -> Iterator[tuple[int, Line]]:
    """Bytes of the file read so far, and each line with cells in the order of `names`."""
    if is_json(table.path):
        size = table.path.stat().st_size
        _, names, elements = parsed(table.path)
        for number, element in enumerate(elements, 1):
            yield size, (number, element if names is None else cells_of(element, names))
        return
    source = Counting(table.path)
    try:
        text = source.text()
        for _ in range(table.skipped_lines):
            text.readline()
        reader = csv.reader(text, delimiter=table.delimiter)
        for cells in reader:
            if cells:
                yield source.raw.tell(), (reader.line_num + table.skipped_lines, cells)
    finally:
        source.close()


def cells_of(element: Any, names: tuple[str, ...]) -> list[Any]:
    return [element.get(name, "") for name in names] if isinstance(element, dict) else [element]


def parsed(path: Path) -> tuple[str, tuple[str, ...] | None, list[Any]]:
    """Title, names and elements of the longest list in a JSON file."""
    source = Counting(path)
    try:
        found = json.loads(source.plain.read())
    except (ValueError, EOFError, OSError, zlib.error, RecursionError) as error:
        raise NotCandles(f"{path.name}: is not JSON: {error}") from error
    finally:
        source.close()
    elements = max(lists(found, 4), key=len, default=[])
    if not elements or not isinstance(elements[0], list | dict):
        raise NotCandles(f"{path.name}: holds no list of rows")
    names = tuple(elements[0]) if isinstance(elements[0], dict) else None
    return title(found), names, elements


def title(found: Any) -> str:
    """ETH/USD_PT5M@BinanceUS, or the pair Kraken files its candles under."""
    if not isinstance(found, dict):
        return ""
    named = found.get("name") or found.get("symbol") or found.get("pair")
    if isinstance(named, str):
        return named
    result = found.get("result")
    pairs = (
        [key for key, value in result.items() if isinstance(value, list)] if isinstance(result, dict) else []
    )
    return pairs[0] if len(pairs) == 1 else ""


def lists(found: Any, depth: int) -> Iterator[list[Any]]:
    if isinstance(found, list):
        yield found
    elif isinstance(found, dict) and depth:
        for value in found.values():
            yield from lists(value, depth - 1)
