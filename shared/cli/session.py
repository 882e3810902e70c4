"""What every command shares: settings with their data folder, an opened Env, output."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson

from shared.env import ROOT, Env, Settings, read_settings
from shared.platform import d1
from shared.platform.bindings import open_env

T = TypeVar("T")


def settings_for(data: Path | None = None, **replace: Any) -> Settings:
    """Read the settings; a `data` folder that is named wins over other files, not over a server or S3."""
    environ = dict(os.environ)
    environ.setdefault("SECRETS_DIR", str(ROOT / ".secrets"))
    if data:
        files = {name for name in ("LIBSQL_URL", "LAKE_URL") if environ.get(name, "").startswith("file:")}
        environ = {name: text for name, text in environ.items() if name not in files}
    folder = data or ROOT / "data"
    environ.setdefault("LIBSQL_URL", f"file:{folder / 'cryptointel.db'}")
    environ.setdefault("LAKE_URL", f"file:{folder / 'lake'}")
    return read_settings(environ, **replace)


def make_folder(settings: Settings) -> None:
    """Make the folder of an embedded database; a server's needs none."""
    if settings.libsql_url.startswith("file:"):
        Path(settings.libsql_url.removeprefix("file:")).parent.mkdir(parents=True, exist_ok=True)


@asynccontextmanager
async def opened(
    settings: Settings | None = None, *, migrate: bool = True, **replace: Any
) -> AsyncIterator[Env]:
    """Open the Env a command works on, with the schema up to date."""
    settings = settings or settings_for()
    make_folder(settings)
    env = await open_env(settings, **replace)
    try:
        if migrate:
            await d1.migrate(env.db, ROOT / "migrations")
        yield env
    finally:
        await env.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def show(data: Any, as_json: bool, lines: list[str] | None = None) -> None:
    """Print data as JSON, or the lines meant for people."""
    if as_json or lines is None:
        click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
        return
    for line in lines:
        click.echo(line)


def table(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> list[str]:
    """Align columns for a terminal; an empty list says so."""
    if not rows:
        return ["(none)"]
    cells = [head, *[tuple("" if cell is None else str(cell) for cell in row) for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def brief(text: str | None, length: int = 100) -> str:
    """Cut a long error for a table; --json has all of it."""
    return text if text and len(text) <= length else f"{text[:length]}…" if text else ""


def instant(value: int | None) -> str:
    """Write an instant (ms) as UTC to the second."""
    from datetime import UTC, datetime, timedelta

    if value is None:
        return ""
    return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=value)).strftime("%Y-%m-%d %H:%M:%S")


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
