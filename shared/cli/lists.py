"""sources, jobs, signals: what there is, for people and scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from shared.cli.session import as_json, brief, instant, opened, run, show, table

if TYPE_CHECKING:
    from shared.models import Asset


@click.command()
@as_json
def sources(as_json: bool) -> None:
    """List the sources with what each delivered last."""

    async def work() -> list[dict[str, Any]]:
        from shared.ops.health import source_states

        async with opened() as env:
            return await source_states(env)

    found = run(work())
    head = ("source", "job", "status", "last stored", "last error")
    rows = [
        (s["name"], s["job"], s["status"], instant(s["last_stored"]), brief(s["last_error"])) for s in found
    ]
    show(found, as_json, table(head, rows))


@click.command()
@as_json
def jobs(as_json: bool) -> None:
    """List the jobs of the schedule and when they run."""

    async def work() -> list[dict[str, Any]]:
        from shared.ops.health import job_states

        async with opened() as env:
            return await job_states(env)

    found = run(work())
    head = ("job", "status", "every", "last run", "next run")
    rows = [
        (
            j["job"],
            j["status"],
            f"{j['interval_ms'] // 1000} s",
            instant(j["last_run"]),
            instant(j["next_run"]),
        )
        for j in found
    ]
    show(found, as_json, table(head, rows))


@click.command()
@click.option("--symbol", help="Only this asset: BTC, bitcoin, BTCUSDT.")
@click.option("--type", "kind", help="Only this type, such as price_anomaly.")
@click.option("--since", help="Only signals at or after this time: 2022-11-01 or 2022-11-01T12:00:00Z.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@as_json
def signals(symbol: str | None, kind: str | None, since: str | None, limit: int, as_json: bool) -> None:
    """List detected signals, newest first."""

    async def work() -> list[dict[str, Any]]:
        from shared.store import signals as store

        async with opened() as env:
            ticker = await ticker_of(env, symbol) if symbol else None
            start = parse_instant(since) if since else 0
            page = await store.page(
                env.db, types=(kind,) if kind else (), symbol=ticker, since=start, limit=limit
            )
            return [asdict(signal) for signal in page]

    found = run(work())
    head = ("at", "type", "symbol", "direction", "score", "confidence", "state", "id")
    rows = [
        (
            instant(s["at"]),
            s["type"],
            s["symbol"],
            s["direction"],
            f"{s['raw_score']:.1f}",
            "insufficient data" if s["confidence_score"] is None else f"{s['confidence_score']:.0%}",
            s["state"],
            s["id"],
        )
        for s in found
    ]
    show(found, as_json, table(head, rows))


async def ticker_of(env: Any, symbol: str) -> str:
    """The ticker of what the user typed."""
    return (await asset_of(env, symbol)).symbol


async def asset_of(env: Any, symbol: str) -> Asset:
    """Resolve what the user typed; an unknown name is told with the nearest ones."""
    from shared.store import assets

    known = await assets.load(env.db)
    asset = known.resolve(symbol)
    if asset is None:
        near = ", ".join(known.near(symbol))
        raise click.ClickException(
            f"no asset is called {symbol!r}" + (f"; did you mean {near}?" if near else "")
        )
    return asset


def parse_instant(text: str, option: str = "--since") -> int:
    """Read a date or an ISO time (UTC where it names no zone) as ms."""
    from datetime import UTC, datetime

    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a date or an ISO time", param_hint=option) from None
    return round((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)
