"""import and replay: candles that somebody recorded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shared.cli.session import as_json, make_folder, opened, run, settings_for, show

if TYPE_CHECKING:
    from shared.collect.history import Report
    from shared.dev.replay_summary import Summary
    from shared.env import Settings
    from shared.market.imports import Skipped

FILE_OR_FOLDER = click.Path(exists=True, path_type=Path)


@click.command("import")
@click.argument("source", metavar="FILE|DIR", type=FILE_OR_FOLDER)
@click.option("--symbol", help="The asset, where the file name does not say: BTC, bitcoin, BTCUSDT.")
@click.option("--interval", help="The bar length, where the times do not say: 1m, 5m, 1h, 1d.")
@as_json
def import_candles(source: Path, symbol: str | None, interval: str | None, as_json: bool) -> None:
    """Store candles from CSV or JSON, also gzipped.

    Column names, order, time unit and direction are recognised; what is ambiguous is asked for, bad rows
    are counted and named.
    """
    reports, skipped = run(import_all(source, symbol, interval))
    lines = [line for report in reports for line in describe(report)]
    lines += [f"not imported: {one.reason}" for one in skipped]
    left = [{"file": str(one.path), "reason": one.reason} for one in skipped]
    show({"files": [asdict(report) for report in reports], "skipped": left}, as_json, lines)
    if not reports:
        raise click.exceptions.Exit(1)


async def import_all(
    source: Path, symbol: str | None, interval: str | None
) -> tuple[list[Report], tuple[Skipped, ...]]:
    from shared.collect.history import import_planned, plan_import

    async with opened() as env:
        planned = await plan_import(env, source, symbol, interval)
        with progress_bar(planned.bytes, "importing") as bar:
            reports = await import_planned(env, planned, lambda done: bar.update(done - bar.pos))
        return reports, planned.skipped


def progress_bar(length: int, label: str) -> Any:
    """Show progress on standard error, so that the output stays clean."""
    return click.progressbar(length=max(length, 1), label=label, file=sys.stderr)


def move(bar: Any, part: float) -> None:
    """Move a bar of 1000 steps to a part between 0 and 1."""
    bar.update(max(0, round(part * 1000) - bar.pos))


def describe(report: Report) -> list[str]:
    """Lines for people: one a file, then the rows that were refused."""
    counts = f"{report.rows} rows, {report.stored} stored, {report.refused} refused"
    same = f", {report.duplicates} twice" if report.duplicates else ""
    lines = [f"{report.file}: {report.symbol} {report.interval}, {counts}{same}"]
    lines += [f"  line {row.line}: {row.reason}" for row in report.refusals]
    more = report.refused - len(report.refusals)
    return [*lines, f"  … and {more} more"] if more else lines


@click.command()
@click.argument("source", metavar="DIR", type=FILE_OR_FOLDER)
@click.option("--speed", default="max", show_default=True, help="Times as fast as it happened, or max.")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Keep the result in this folder."
)
@as_json
def replay(source: Path, speed: str, data: Path | None, as_json: bool) -> None:
    """Replay recorded candles in time order, with collection, detection and outcomes as they would have run.

    Works on a database of its own, so that history does not mix with what is collected; --data keeps it.
    """
    factor = parse_speed(speed)
    summary = run(replay_all(source, factor, data))
    show(summary.as_dict(), as_json, summary.lines())
    if not summary.rows:
        raise click.exceptions.Exit(1)


def parse_speed(text: str) -> float | None:
    """Read N or max (None: no waiting)."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 0 < speed < inf:
        raise click.BadParameter(f"{text!r} is neither a positive number nor max", param_hint="--speed")
    return speed


async def replay_all(source: Path, speed: float | None, data: Path | None) -> Summary:
    from shared.dev.replay import replay as play

    with scratch_settings(data) as settings, progress_bar(1000, "replaying") as bar:
        return await play(settings, source, speed=speed, progress=lambda part: move(bar, part))


@contextmanager
def scratch_settings(data: Path | None = None) -> Iterator[Settings]:
    """Settings of a database of its own, in `data` or a folder that goes away.

    Whatever the environment names: history must not mix with what is collected.
    """
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="cryptointel-") as scratch:
        folder = data or Path(scratch)
        own = {"libsql_url": f"file:{folder / 'cryptointel.db'}", "lake_url": f"file:{folder / 'lake'}"}
        settings = settings_for(folder, **own, redis_url="")
        make_folder(settings)
        yield settings
