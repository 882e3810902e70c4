"""NAB's series and labels as they lie in a folder: <set>/<name>.csv[.gz] and combined_windows.json."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from shared.dev.nab.scoring import Floats, Ints, Rows


@dataclass(frozen=True)
class Series:
    """One labelled series; `at` in ms of its own clock, taken as UTC."""

    name: str
    at: Ints
    values: Floats
    windows: tuple[Rows, ...]


def milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def read(folder: Path, labels: Path | None = None) -> list[Series]:
    """All series that the label file names, in its order of names."""
    file = labels or folder / "combined_windows.json"
    return [one(folder, name, limits) for name, limits in sorted(json.loads(file.read_text()).items())]


def one(folder: Path, name: str, limits: list[list[str]]) -> Series:
    """A series with its windows as rows: the first rows that carry the window's two times."""
    path = folder / name
    packed = path.with_name(path.name + ".gz")
    text = gzip.decompress(packed.read_bytes()).decode() if packed.exists() else path.read_text()
    rows = list(csv.DictReader(text.splitlines()))
    at = [milliseconds(row["timestamp"]) for row in rows]
    windows = tuple((at.index(milliseconds(first)), at.index(milliseconds(last))) for first, last in limits)
    return Series(name, np.array(at), np.array([float(row["value"]) for row in rows]), windows)
