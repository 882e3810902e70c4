"""Store candles from files, as `cryptointel import` does, with the longer bars that minutes make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shared.env import Env
from shared.market.imports import Batch, ImportPlan, RefusedRow, plan, rows
from shared.market.imports.names import spelt
from shared.market.rollup import roll_up
from shared.models import LATEST, MINUTE
from shared.store import assets, candles

NAMED = 20  # refused rows that a report names; it counts all


@dataclass(slots=True)
class Report:
    """What became of one file: rows read, bars stored (new or corrected), rows refused and which."""

    file: str
    symbol: str
    interval: str
    rows: int = 0
    stored: int = 0
    duplicates: int = 0
    refused: int = 0
    refusals: list[RefusedRow] = field(default_factory=list)


async def plan_import(env: Env, path: Path, symbol: str | None, interval: str | None) -> ImportPlan:
    """Look at a file or folder; raises what `shared.market.imports.plan` does."""
    known = await assets.load(env.db)
    return plan(path, symbol, interval, known=known.resolve)


async def import_planned(
    env: Env, planned: ImportPlan, progress: Callable[[int], None] | None = None
) -> list[Report]:
    """Store every file of a plan, batch by batch; `progress` is told the bytes done of `planned.bytes`."""
    reports: dict[Path, Report] = {}
    minutes: dict[int, int] = {}  # oldest by asset
    for batch in rows(planned, env.now()):
        file = batch.file
        report = reports.setdefault(file.path, Report(str(file.path), file.symbol, spelt(file.step)))
        asset = await store_batch(env, batch, report)
        if asset and file.step == MINUTE:
            minutes[asset] = min(minutes.get(asset, LATEST), batch.rows[0][0])
        if progress:
            progress(batch.done)
    for asset, oldest in minutes.items():
        await roll_up(env.db, asset, env.now(), oldest)
    return list(reports.values())


async def store_batch(env: Env, batch: Batch, report: Report) -> int | None:
    """The asset, where there was a bar.

    One transaction a batch: what was imported before a break stays, and importing again adds nothing.
    """
    report.rows += len(batch.rows) + batch.duplicates + len(batch.refused)
    report.duplicates += batch.duplicates
    report.refused += len(batch.refused)
    report.refusals += batch.refused[: NAMED - len(report.refusals)]
    if not batch.rows:
        return None
    asset = await assets.ensure(env.db, batch.file.symbol)
    step, now = batch.file.step, env.now()
    report.stored += await candles.add_rows(env.db, asset.id, batch.file.source, step, batch.rows, now)
    return asset.id
