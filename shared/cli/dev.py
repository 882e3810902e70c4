"""`cryptointel dev`: the whole product in one process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import click

from shared.env import ROOT, Env, Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of database and lake.")
@click.option("--demo", is_flag=True, help="Generated market history, faster than real time.")
@click.option("--no-schedule", is_flag=True, help="Do not fire the schedules of stack.yml.")
def dev(host: str, port: int, data: Path | None, demo: bool, no_schedule: bool) -> None:
    """Serve every function of stack.yml with its schedules until Ctrl-C."""
    import uvloop

    from shared.cli.session import settings_for
    from shared.dev.server import check_port
    from shared.platform import log

    folder = data or ROOT / "data" / ("demo" if demo else "")
    named = folder if data or demo else None
    address = f"http://{host}:{port}"
    settings = settings_for(named, demo=demo, public_base_url=public_url(address))
    log.configure("gateway", settings.log_level, log_stream(folder))
    try:
        check_port(host, port)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {address}: {error.strerror}; --port takes another"
        ) from None
    uvloop.run(start(settings, host, port, schedule=not no_schedule))


def log_stream(folder: Path) -> TextIO:
    """Log to a file where somebody watches the terminal, else to standard error as in a container."""
    if not sys.stderr.isatty():
        return sys.stderr
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "cryptointel.log"
    click.echo(f"Log: {file}")
    return file.open("a", encoding="utf-8")


def public_url(address: str) -> str:
    import os

    return os.environ.get("PUBLIC_BASE_URL") or address


async def start(settings: Settings, host: str, port: int, *, schedule: bool) -> None:
    """Open, migrate, welcome, serve."""
    from shared.cli.session import make_folder, opened
    from shared.dev.server import serve

    if settings.demo:
        from shared.dev.demo import prepare_demo

        make_folder(settings)
        click.echo("Preparing the demo: generating and replaying market history …")
        env, _world = await prepare_demo(settings, progress=progress_printer())
        try:
            await serve(env, host, port, schedule=schedule, ready=lambda: welcome(env))
        finally:
            await env.close()
        return
    async with opened(settings) as env:

        async def ready() -> None:
            await welcome(env)
            if schedule:
                await first_collection(env)

        await serve(env, host, port, schedule=schedule, ready=ready)


async def first_collection(env: Env) -> None:
    """Collect at once instead of at the next minute, and say early where there is no network."""
    await env.trigger("collect")
    loop = asyncio.get_running_loop()
    hosts = [urlsplit(url).hostname for url in (env.settings.coingecko_url, env.settings.binance_url)]
    found = await asyncio.gather(*(loop.getaddrinfo(host, 443) for host in hosts), return_exceptions=True)
    if all(isinstance(answer, OSError) for answer in found):
        click.echo(f"\nNo network: {' and '.join(map(str, hosts))} cannot be found, so nothing is collected.")
        click.echo("`make demo` shows the product on generated market history.")


def progress_printer() -> Callable[[int, int, str], None]:
    """Print each step of a preparation once, in place on a terminal, at its end elsewhere."""
    shown: set[tuple[str, int]] = set()

    def show(done: int, total: int, what: str) -> None:
        percent = done * 100 // max(total, 1)
        if (what, percent) in shown or not (percent >= 100 or sys.stdout.isatty()):
            return
        shown.add((what, percent))
        click.echo(f"\r  {what}: {percent:3d} %", nl=percent >= 100)

    return show


async def welcome(env: Env) -> None:
    """Print where the product is and how to get in."""
    from shared.cli.welcome import ADMIN, first_key, make_login_link

    base = env.settings.public_base_url
    key = await first_key(env)
    click.echo(f"\ncryptointel serves {base}\n")
    if env.settings.demo:
        click.echo("  DEMO: the market data is generated, not real. No login is needed on this machine.")
    click.echo(f"  dashboard, one-time link: {await make_login_link(env, ADMIN)}")
    if key:
        click.echo(f"  API key, shown only now:  {key}")
        click.echo(f'  try: curl -H "Authorization: Bearer {key}" {base}/api/v1/market-data/BTC')
    click.echo(f"  documentation:            {base}/docs\n\nCtrl-C stops it.")
