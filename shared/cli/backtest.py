"""backtest: what the detectors would have been worth on recorded candles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shared.cli.history import FILE_OR_FOLDER, move, progress_bar, scratch_settings
from shared.cli.session import as_json, run, show, table

if TYPE_CHECKING:
    from shared.dev.backtest_report import Report

STEPS = {"5m": 300_000, "1h": 3_600_000, "1d": 86_400_000}


@click.command()
@click.argument("source", metavar="FOLDER", type=FILE_OR_FOLDER)
@click.option("--step", "steps", multiple=True, type=click.Choice([*STEPS]), help="Only bars of this length.")
@click.option("--types", help="Only these types of signals, comma separated.")
@click.option("--horizons", is_flag=True, help="Every horizon, not only the one that confidence is about.")
@as_json
def backtest(source: Path, steps: tuple[str, ...], types: str | None, horizons: bool, as_json: bool) -> None:
    """Measure the detectors on recorded candles, walk-forward, and say honestly where there is no edge.

    Every signal is settled at 1h, 4h, 24h and 7d beside random entries of the same asset, hour and
    volatility; intervals are of 95 % and count signals of one day as one. An edge is claimed only where both
    the lift over those entries and the lead of hits over moves the other way lie above zero. Works on a
    database of its own that goes away.
    """
    chosen = tuple(STEPS[name] for name in steps or STEPS)
    named = tuple(name.strip().replace("-", "_") for name in (types or "").split(",") if name.strip())
    check(named)
    report = run(measure(source, chosen, named))
    show(report.as_dict(), as_json, describe(report, horizons))
    if not report.rows:
        raise click.exceptions.Exit(1)


def check(named: tuple[str, ...]) -> None:
    from shared.signals.detectors import DETECTORS

    known = {detector.type for detector in DETECTORS}
    if unknown := [name for name in named if name not in known]:
        there = ", ".join(sorted(known))
        raise click.BadParameter(f"there is no {', '.join(unknown)}: there are {there}", param_hint="--types")


async def measure(source: Path, steps: tuple[int, ...], types: tuple[str, ...]) -> Report:
    from shared.dev.backtest import backtest as play

    with scratch_settings() as settings, progress_bar(1000, "backtesting") as bar:
        return await play(settings, source, steps=steps, types=types, progress=lambda share: move(bar, share))


def describe(report: Report, horizons: bool) -> list[str]:
    from shared.dev.backtest_report import HEAD

    return [*report.notes(), *table(HEAD, report.rows_told(horizons)), report.total()]
