"""What a backtest found, for people and as JSON: one line a type, bar length and horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.signals.confidence import PRIMARY
from shared.signals.intervals import Estimate
from shared.signals.performance import calibration_json, record_json
from shared.signals.track_record import BY_CHANCE, EDGE, NO_EDGE, Record
from shared.signals.view import horizon_label, label
from shared.store.calibrations import Calibration

HEAD = (
    "type",
    "bars",
    "after",
    "n",
    "assets",
    "hit",
    "matched",
    "lift",
    "direction",
    "opposite",
    "return",
    "model",
    "Brier skill",
    "ECE",
    "verdict",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of signal: its record, the calibration that walked over it, and on how many assets it was."""

    record: Record
    fit: Calibration | None
    assets: int

    @property
    def primary(self) -> bool:
        """Whether this is the horizon that the confidence of such a signal is about."""
        return self.record.horizon == PRIMARY[self.record.step]


@dataclass(frozen=True, slots=True)
class Report:
    """`skipped` says of each file that was not read why; `seconds` of work, `peak_memory` in bytes."""

    files: int
    rows: int
    refused: int
    skipped: list[str]
    lines: list[Line]
    seconds: float
    peak_memory: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "files": self.files,
            "rows": self.rows,
            "refused": self.refused,
            "skipped": self.skipped,
            "seconds": round(self.seconds, 1),
            "peak_memory": self.peak_memory,
            "data": [
                {
                    **record_json(line.record),
                    "primary": line.primary,
                    "assets": line.assets,
                    "calibration": calibration_json(line.fit),
                }
                for line in self.lines
            ],
        }

    def rows_told(self, everything: bool) -> list[tuple[str, ...]]:
        """The table: the primary horizon of each type and bar length, or all horizons."""
        return [cells(line) for line in self.lines if everything or line.primary]

    def total(self) -> str:
        """How many kinds could be judged, how many show an edge, and how many would by chance."""
        judged = [one.record for one in self.lines if one.primary and one.record.verdict in (EDGE, NO_EDGE)]
        edges = [f"{one.type} on {label(one.step)}" for one in judged if one.verdict == EDGE]
        told = f"an edge: {', '.join(edges)}" if edges else "no edge shown by any"
        chance = f"chance alone would show {BY_CHANCE * len(judged):.1f}"
        raised = sum(line.record.n for line in self.lines if line.primary)
        kinds = f"{len(judged)} kinds judged at their primary horizon"
        return f"{raised} signals measured; {kinds}, {told} ({chance})"

    def notes(self) -> list[str]:
        refused = f"; {self.refused} rows refused" if self.refused else ""
        cost = f"{self.seconds:.0f} s, at most {self.peak_memory / 2**20:.0f} MiB"
        return [
            *(f"not read: {reason}" for reason in self.skipped),
            f"{self.rows:,} bars of {self.files} files{refused}; {cost}",
        ]


def cells(line: Line) -> tuple[str, ...]:
    one, fit = line.record, line.fit
    skill = fit.brier_skill if fit else None
    error = f"{fit.ece:.3f} {span(fit.ece_low, fit.ece_high, 3)}" if fit and fit.ece is not None else ""
    return (
        one.type,
        label(one.step),
        horizon_label(one.horizon),
        str(one.n),
        str(line.assets),
        percent(one.hit_rate),
        percent(one.matched_hit_rate),
        points(one.lift),
        points(one.direction),
        percent(one.opposite_hit_rate),
        "" if one.mean_return is None else f"{one.mean_return:+.2%}",
        fit.model["kind"] if fit else "",
        "" if skill is None else f"{skill:+.3f}",
        error,
        one.verdict,
    )


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def points(found: Estimate | None) -> str:
    """Percentage points with their interval."""
    return "" if found is None else f"{100 * found.mean:+.1f} {span(100 * found.low, 100 * found.high, 1)}"


def span(low: float | None, high: float | None, digits: int) -> str:
    return f"[{low:.{digits}f}, {high:.{digits}f}]"
