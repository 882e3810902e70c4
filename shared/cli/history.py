"""import and replay: candles that somebody recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shared.cli.session import as_json, opened, run, settings_for, show

if TYPE_CHECKING:
    from shared.dev.replay import Summary

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
    reports = run(import_all(source, symbol, interval))
    lines = [line for report in reports for line in describe(report)]
    show(reports, as_json, lines or ["no candle files here"])
    if any(report.get("error") for report in reports) or not reports:
        raise click.exceptions.Exit(1)


async def import_all(source: Path, symbol: str | None, interval: str | None) -> list[dict[str, Any]]:
    """Import every file; a file that cannot be read costs a file."""
    from shared.market.imports import candle_files, import_file

    async with opened() as env:
        reports = []
        for file in candle_files(source):
            with click.progressbar(length=1000, label=file.name, file=click.get_text_stream("stderr")) as bar:
                reports.append(
                    await import_file(env, file, symbol, interval, progress=lambda part, b=bar: move(b, part))
                )
        return reports


def move(bar: Any, part: float) -> None:
    """Move a bar of 1000 steps to a part between 0 and 1."""
    bar.update(max(0, round(part * 1000) - bar.pos))


def describe(report: dict[str, Any]) -> list[str]:
    if report.get("error"):
        return [f"{report['file']}: {report['error']}"]
    said = f"{report['file']}: {report['symbol']} {report['interval']}, {report['rows']} rows, "
    lines = [said + f"{report['stored']} stored, {report['refused']} refused"]
    return lines + [f"  line {line}: {why}" for line, why in report["refusals"]]


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


def parse_speed(text: str) -> float | None:
    """Read N or max (None: no waiting)."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if speed <= 0:
        raise click.BadParameter(f"{text!r} is neither a positive number nor max", param_hint="--speed")
    return speed


async def replay_all(source: Path, speed: float | None, data: Path | None) -> Summary:
    from tempfile import TemporaryDirectory

    from shared.dev.replay import replay as play

    with TemporaryDirectory(prefix="cryptointel-replay-") as scratch:
        folder = data or Path(scratch)
        settings = settings_for(folder)
        stream = click.get_text_stream("stderr")
        with click.progressbar(length=1000, label="replaying", file=stream) as bar:
            return await play(settings, source, speed=speed, progress=lambda part: move(bar, part))
