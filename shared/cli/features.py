"""features: history for training, computed from the stored candles."""

from __future__ import annotations

import csv
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import nullcontext
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from shared.cli.history import move, progress_bar
from shared.cli.lists import asset_of, parse_instant
from shared.cli.session import opened, run

if TYPE_CHECKING:
    from shared.env import Env
    from shared.signals.feature_history import Table

STEPS = {"5m": 300_000, "1h": 3_600_000, "1d": 86_400_000}
HEAD = ("at", "known_at", "dictionary", "symbol", "source")
Write = Callable[[Iterable[list[Any]]], None]


@click.command()
@click.argument("symbol", metavar="SYMBOL|all")
@click.option("--step", default="1h", show_default=True, type=click.Choice(list(STEPS)), help="Bar length.")
@click.option(
    "--from", "start", help="First close: 2024-01-01 or 2024-01-01T12:00:00Z (default: 30 days back)."
)
@click.option("--to", "end", help="Closes before this time (default: now).")
@click.option("--format", "kind", default="csv", show_default=True, type=click.Choice(["csv", "ndjson"]))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file (default: standard output)."
)
def features(symbol: str, step: str, start: str | None, end: str | None, kind: str, out: Path | None) -> None:
    """Export features at the closes of bars, oldest first, for one asset or all.

    They are computed from the stored candles by the steps of live detection. What else was known is read
    as of each close: nothing in a row is from later. Every row has the close (at), when its bar was known
    (known_at) and the version of the dictionary; what is unknown is empty, or null.
    """
    first = parse_instant(start, "--from") if start else None
    last = parse_instant(end, "--to") if end else None
    count = run(export(symbol, STEPS[step], first, last, kind, out))
    click.echo(f"{count} rows", err=True)
    if not count:
        raise click.exceptions.Exit(1)


async def export(
    symbol: str, step: int, start: int | None, end: int | None, kind: str, out: Path | None
) -> int:
    """Write all rows, block by block; how many there were."""
    from shared.models import DAY

    async with opened() as env:
        until = env.now() if end is None else end
        since = until - 30 * DAY if start is None else start
        if since >= until:
            raise click.BadParameter("begins at or after --to", param_hint="--from")
        target: Any = out.open("w", newline="") if out else nullcontext(sys.stdout)
        with target as file, progress_bar(1000, "computing") as bar:
            write, count = writer(file, kind), 0
            async for rows in tables(env, symbol, step, since, until, lambda part: move(bar, part)):
                write(rows)
                count += len(rows)
        return count


async def tables(
    env: Env, symbol: str, step: int, start: int, end: int, progress: Callable[[float], None]
) -> AsyncIterator[list[list[Any]]]:
    """Rows [*HEAD, *values] of one block after the other."""
    from shared.signals.feature_history import history, span_of
    from shared.store import assets

    known = await assets.load(env.db)
    chosen = list(known) if symbol == "all" else [await asset_of(env, symbol)]
    span = await span_of(env.db, step, start, end, [asset.id for asset in chosen])
    symbols = {asset.id: asset.symbol for asset in chosen}
    sources = {id: one.name for id, one in span.series.items()}
    async for table in history(env.db, span, progress):
        yield rows_of(table, symbols, sources)


def rows_of(table: Table, symbols: dict[int, str], sources: dict[int, str]) -> list[list[Any]]:
    """Rows of a table; symbols and names of sources by asset."""
    from shared.market.features.feature import VERSION

    rows = table.rows
    heads = zip(rows.at.tolist(), rows.known_at.tolist(), rows.asset.tolist(), strict=True)
    values = [[None if isnan(value) else value for value in row] for row in table.values.tolist()]
    return [
        [at, known_at, VERSION, symbols[asset], sources[asset], *row]
        for (at, known_at, asset), row in zip(heads, values, strict=True)
    ]


def writer(file: TextIO, kind: str) -> Write:
    """What writes rows; a CSV file starts with the names."""
    import orjson

    from shared.market.features.dictionary import names

    columns = [*HEAD, *names()]
    if kind == "csv":
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(columns)
        return lines.writerows

    def write(rows: Iterable[list[Any]]) -> None:
        for row in rows:
            file.write(
                orjson.dumps(dict(zip(columns, row, strict=True)), option=orjson.OPT_APPEND_NEWLINE).decode()
            )

    return write
