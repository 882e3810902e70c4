"""What detectors on tables have in common: scales, and the figures of a row as evidence."""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import HOUR
from shared.signals.bars import Bools, Floats
from shared.signals.chance import Expected, expected
from shared.signals.families.family import Rows
from shared.signals.families.usual import LEAST

NORMAL = 1.4826  # makes the MAD of normal values their standard deviation


def known(rows: Rows, *names: str) -> Bools:
    """Rows whose window has enough values and whose columns are numbers (N,)."""
    finite = [np.isfinite(rows[name]) for name in names]
    enough: Bools = np.logical_and.reduce([rows["n"] >= LEAST, *finite])
    return enough


def level_scale(rows: Rows, floor: float) -> Floats:
    """How much the values of a window usually differ, at least `floor` (N,)."""
    return np.maximum(NORMAL * rows["mad"], floor)


def move_scale(rows: Rows, floor: float) -> Floats:
    """How much a value usually moves in the time since `before`; `floor` is for an hour (N,)."""
    hours = (rows["at"] - rows["before_at"]) / HOUR
    scale: Floats = np.maximum(NORMAL * rows["move_mad"], floor) * np.sqrt(hours)
    return scale


def usual_count(rows: Rows, unsteady: tuple[float, float]) -> Expected:
    """What count was to be expected of each row, the unsteadiness of its rate kept between two bounds."""
    return expected(rows["events"], rows["slots"], rows["variance"], *unsteady)


def figures(rows: Rows, row: int, *names: str) -> dict[str, Any]:
    """The named columns of a row as plain numbers; None for what is not known."""
    found = {name: float(rows[name][row]) for name in names}
    return {name: value if np.isfinite(value) else None for name, value in found.items()}


def window(rows: Rows, row: int) -> dict[str, Any]:
    """How many values the row was compared with, and the instants of the first and the last of them."""
    ends: dict[str, Any] = {n: int(rows[n][row]) for n in ("first", "last") if n in rows.columns}
    return {**ends, "n": int(rows["n"][row])}


def level_evidence(rows: Rows, row: int, floor: float) -> dict[str, Any]:
    """A value, what was usual, and how much it varied."""
    scale = float(level_scale(rows, floor)[row])
    return {
        **figures(rows, row, "value", "median", "mad"),
        "scale": scale,
        "window": window(rows, row),
        **rows.told(row),
    }


def move_evidence(rows: Rows, row: int, floor: float) -> dict[str, Any]:
    """A logarithm, the one a span before, `change` as a fraction of it, and how much it usually moves."""
    return {
        **figures(rows, row, "value", "before", "move_mad", "moves"),
        "before_at": int(rows["before_at"][row]),
        "change": float(np.expm1(rows["value"][row] - rows["before"][row])),
        "scale": float(move_scale(rows, floor)[row]),
        "window": window(rows, row),
        **rows.told(row),
    }


def count_evidence(rows: Rows, row: int, unsteady: tuple[float, float]) -> dict[str, Any]:
    """A count, the counts before it, and the law they make likely."""
    mean, dispersion = (float(column[row]) for column in usual_count(rows, unsteady))
    return {
        **figures(rows, row, "count", "feeds", "events", "slots", "variance"),
        "mean": mean,
        "dispersion": dispersion,
        **rows.told(row),
    }
