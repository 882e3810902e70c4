"""Calibrations: from raw score to probability, one row a fit, and which are due for the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from shared.models import LATEST
from shared.platform.d1 import D1Database, D1PreparedStatement

Key = tuple[str, int, int]  # type, step, horizon

SQL_ADD = """INSERT OR IGNORE INTO calibrations (fitted_at, type, step, horizon, n, hits, base_rate, model,
judged, brier, brier_base, ece, ece_low, ece_high, reliability)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
SQL_NEWEST = """SELECT c.id, c.fitted_at, c.type, c.step, c.horizon, c.n, c.hits, c.base_rate, c.model,
c.judged, c.brier, c.brier_base, c.ece, c.ece_low, c.ece_high, c.reliability
FROM json_each(?1) k JOIN calibrations c ON c.id = (SELECT id FROM calibrations
WHERE type = k.value ->> 0 AND step = k.value ->> 1 AND horizon = k.value ->> 2 AND fitted_at <= ?2
ORDER BY fitted_at DESC LIMIT 1)"""
SQL_DUE = "SELECT type, step, horizon, fresh FROM calibration_due WHERE fresh >= ? ORDER BY fresh DESC"
SQL_FITTED = (
    "UPDATE calibration_due SET fresh = max(fresh - ?4, 0) WHERE type = ?1 AND step = ?2 AND horizon = ?3"
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """One fit. `judged` outcomes were predicted by models that had not seen them; `brier`, that of the base
    rate, and the calibration error with its interval are of those, None where they are too few.

    `id` is 0 before it is stored. `reliability`: {"from", "to", "n", "predicted", "observed"} of each bin.
    """

    id: int
    fitted_at: int
    type: str
    step: int
    horizon: int
    n: int
    hits: int
    base_rate: float
    model: dict[str, Any]
    judged: int
    brier: float | None
    brier_base: float | None
    ece: float | None
    ece_low: float | None
    ece_high: float | None
    reliability: list[dict[str, Any]]

    @property
    def key(self) -> Key:
        return self.type, self.step, self.horizon

    @property
    def brier_skill(self) -> float | None:
        """What the probabilities are better than the base rate: 1 is perfect, 0 and less no better."""
        return 1 - self.brier / self.brier_base if self.brier is not None and self.brier_base else None


def add_statements(db: D1Database, fit: Calibration, counted: int) -> list[D1PreparedStatement]:
    """Store a fit and take the outcomes that were `counted` for it off what is due."""
    f, model, reliability = fit, orjson.dumps(fit.model).decode(), orjson.dumps(fit.reliability).decode()
    judged = (f.judged, f.brier, f.brier_base, f.ece, f.ece_low, f.ece_high, reliability)
    row = (f.fitted_at, *f.key, f.n, f.hits, f.base_rate, model, *judged)
    return [db.prepare(SQL_ADD).bind(*row), db.prepare(SQL_FITTED).bind(*f.key, counted)]


async def newest(db: D1Database, keys: Iterable[Key], as_of: int = LATEST) -> dict[Key, Calibration]:
    """The newest fit of each key that was made by `as_of`; keys without one are absent."""
    asked = orjson.dumps([list(key) for key in keys]).decode()
    found = [read(row) for row in await db.prepare(SQL_NEWEST).bind(asked, as_of).raw()]
    return {one.key: one for one in found}


async def due(db: D1Database, least: int) -> dict[Key, int]:
    """Keys with at least so many outcomes since their last fit, and how many those are."""
    rows = await db.prepare(SQL_DUE).bind(least).raw()
    return {(type, step, horizon): fresh for type, step, horizon, fresh in rows}


def read(row: tuple[Any, ...]) -> Calibration:
    columns = list(row)
    columns[8], columns[15] = orjson.loads(columns[8]), orjson.loads(columns[15])
    return Calibration(*columns)
