"""What a replay found: rows, speed, signals by type, Bitcoin's price anomalies, and what became of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.dev.recorded import Recorded
from shared.env import Env
from shared.models import LATEST
from shared.signals.view import horizon_label, label
from shared.store import outcomes, signals
from shared.store.signals import Signal

SHOWN = "BTC"  # whose anomalies are listed: the series that readers can check by heart
PAGE = 1000


@dataclass(slots=True)
class Summary:
    """`seconds` of work, `peak_memory` in bytes; `anomalies` lists the price anomalies of Bitcoin, oldest
    first; `outcomes` counts by horizon and status."""

    files: int
    rows: int
    refused: int
    seconds: float
    peak_memory: int
    first_bar: str
    last_bar: str
    signals: dict[str, int]
    outcomes: dict[str, dict[str, int]]
    anomalies: list[dict[str, Any]]
    skipped: list[str] = field(default_factory=list)

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.seconds if self.seconds else 0.0

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "rows_per_second": round(self.rows_per_second)}

    def lines(self) -> list[str]:
        """For a reader at a terminal."""
        mebibytes = self.peak_memory / 2**20
        told = [
            f"{self.rows:,} bars of {self.files} files, {self.first_bar} to {self.last_bar}"
            + (f"; {self.refused} rows refused" if self.refused else ""),
            f"{self.seconds:.1f} s, {self.rows_per_second:,.0f} rows/s, at most {mebibytes:.0f} MiB",
            *(f"not read: {reason}" for reason in self.skipped),
            "signals: " + (", ".join(f"{name} {n}" for name, n in self.signals.items()) or "none"),
        ]
        for horizon, counts in self.outcomes.items():
            told.append(f"outcomes {horizon:>3}: " + ", ".join(f"{name} {n}" for name, n in counts.items()))
        if self.anomalies:
            told.append(f"price anomalies on {SHOWN} (bar opened, raised at its close, direction, score):")
        for one in self.anomalies:
            times = f"{one['opened']}  {one['raised']}"
            peak = f", peak {one['peak']:.1f}" if one["peak"] else ""
            told.append(f"  {times}  {one['interval']:>3}  {one['direction']:4}  {one['score']:.1f}{peak}")
        return told


async def summarise(
    env: Env, recorded: Recorded, skipped: list[str], seconds: float, peak_memory: int
) -> Summary:
    found = await all_signals(env)
    settled: dict[str, Counter[str]] = {}
    for start in range(0, len(found), PAGE):
        ids = [one.id for one in found[start : start + PAGE]]
        for of_one in (await outcomes.of_signals(env.db, ids)).values():
            for outcome in of_one:
                settled.setdefault(horizon_label(outcome.horizon), Counter())[outcome.status] += 1
    anomalies = [one for one in found if one.type == "price_anomaly" and one.symbol == SHOWN]
    return Summary(
        files=recorded.files,
        rows=recorded.rows,
        refused=len(recorded.refused),
        seconds=seconds,
        peak_memory=peak_memory,
        first_bar=date(int(recorded.open_time[0])) if len(recorded) else "-",
        last_bar=date(int(recorded.open_time[-1])) if len(recorded) else "-",
        signals=dict(sorted(Counter(one.type for one in found).items())),
        outcomes={horizon: dict(sorted(counts.items())) for horizon, counts in settled.items()},
        anomalies=[anomaly(one) for one in anomalies],
        skipped=skipped,
    )


async def all_signals(env: Env) -> list[Signal]:
    """Oldest first."""
    found, before = list[Signal](), (LATEST, "")
    while part := await signals.page(env.db, since=-LATEST, before=before, limit=PAGE):
        found += part
        before = (part[-1].at, part[-1].id)
    return found[::-1]


def anomaly(signal: Signal) -> dict[str, Any]:
    peak = signal.metadata.get("peak", {}).get("raw_score")
    return {
        "opened": date(signal.metadata["open_time"]),
        "raised": date(signal.known_at),
        "interval": label(signal.step),
        "direction": signal.direction,
        "score": signal.raw_score,
        "peak": peak,
        "id": signal.id,
    }


def date(at: int) -> str:
    """2020-03-12T00:00Z"""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")
