"""Candle files of any shape into rows: CSV or JSON, plain or gzip.

`plan` looks at a file or folder and says what is in it, asks (AmbiguousImport) or refuses (NotCandles);
`rows` reads it. Nothing here writes.
"""

from __future__ import annotations

from shared.market.imports.errors import AmbiguousImport, NotCandles
from shared.market.imports.plan import FilePlan, ImportPlan, Skipped, plan
from shared.market.imports.rows import Batch, RefusedRow, rows

__all__ = [
    "AmbiguousImport",
    "Batch",
    "FilePlan",
    "ImportPlan",
    "NotCandles",
    "RefusedRow",
    "Skipped",
    "plan",
    "rows",
]
