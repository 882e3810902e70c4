"""What a statement answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.platform.d1.values import Value

Query = tuple[str, tuple[Value, ...]]
Rows = tuple[Sequence[str], list[tuple[Any, ...]]]  # column names, rows
NO_NAMES: tuple[str, ...] = ()


@dataclass(slots=True)
class D1Meta:
    """Figures of one statement: `duration` and `size_after` in milliseconds and bytes.

    `changes` counts rows changed by triggers and cascades too. `rows_read` and `rows_written` are sqld's
    count on the hrana driver; the sqlite driver knows only rows returned and rows changed.
    """

    duration: float = 0.0
    changes: int = 0
    last_row_id: int = 0
    changed_db: bool = False
    size_after: int = 0
    rows_read: int = 0
    rows_written: int = 0
    served_by: str = "sqlite"


@dataclass(slots=True)
class D1Result:
    """Rows as dicts; of columns with the same name the last wins."""

    results: list[dict[str, Any]]
    meta: D1Meta
    success: bool = True


@dataclass(frozen=True, slots=True)
class D1ExecResult:
    """`count` lines run in `duration` milliseconds."""

    count: int
    duration: float


@dataclass(slots=True)
class Answer:
    """What a driver gives back for one statement."""

    columns: Sequence[str]
    rows: list[tuple[Any, ...]]
    meta: D1Meta

    def result(self) -> D1Result:
        columns = self.columns
        return D1Result([dict(zip(columns, row, strict=True)) for row in self.rows], self.meta)
