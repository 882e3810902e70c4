"""`cryptointel doctor`: what is configured, reachable, stale, and what to do about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from shared.cli.session import as_json, brief, make_folder, run, settings_for, show
from shared.env import ROOT, SECRET_SETTINGS, Env, Settings

REQUIRED_SECRETS = ("jwt-signing-key", "field-key", "session-key")
MARKS = {"ok": "ok  ", "warn": "warn", "bad": "BAD "}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `state` is ok, warn or bad; `advice` says what to do where it is not ok."""

    what: str
    state: str
    found: str
    advice: str = ""


@click.command()
@as_json
def doctor(as_json: bool) -> None:
    """Check settings, secrets, database, key-value store, lake, dashboard and sources."""
    settings = settings_for()
    findings = run(examine(settings))
    width = max(len(finding.what) for finding in findings)
    lines = [
        f"{MARKS[f.state]}  {f.what.ljust(width)}  {f.found}" + (f"\n      → {f.advice}" if f.advice else "")
        for f in findings
    ]
    show([asdict(finding) for finding in findings], as_json, lines)
    if any(finding.state == "bad" for finding in findings):
        raise click.exceptions.Exit(1)


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; what cannot be reached is a finding, not an error."""
    from shared.platform.bindings import open_env

    findings = [*check_secrets(settings), check_dashboard(), check_keys(settings)]
    try:
        make_folder(settings)
        env = await open_env(settings)
    except Exception as error:
        advice = "check LIBSQL_URL and LIBSQL_AUTH_TOKEN, and that the server runs"
        return [*findings, Finding("database", "bad", f"{settings.libsql_url}: {error}", advice)]
    try:
        return findings + [finding async for finding in examine_bindings(env)]
    finally:
        await env.close()


async def examine_bindings(env: Env) -> AsyncIterator[Finding]:
    from shared.platform import d1

    try:
        pending = await d1.migrate(env.db, ROOT / "migrations", dry_run=True)
    except Exception as error:
        yield Finding("database", "bad", f"{env.settings.libsql_url}: {error}", "check LIBSQL_URL")
        return
    found = f"{env.settings.libsql_url}, {len(pending)} migrations to apply"
    advice = "run `cryptointel migrate`" if pending else ""
    yield Finding("database", "warn" if pending else "ok", found, advice)
    yield await check_kv(env)
    yield await check_lake(env)
    if not pending:
        async for finding in check_sources(env):
            yield finding


async def check_kv(env: Env) -> Finding:
    where = env.settings.redis_url or "in this process"
    if await env.kv.ping():
        return Finding("key-value store", "ok", where)
    return Finding("key-value store", "bad", f"{where} does not answer", "start Redis or unset REDIS_URL")


async def check_lake(env: Env) -> Finding:
    where = env.settings.lake_url
    try:
        await env.lake.put(".doctor", b"ok")
        await env.lake.delete(".doctor")
    except Exception as error:
        return Finding("lake", "bad", f"{where}: {error}", "check LAKE_URL and its rights")
    return Finding("lake", "ok", where)


async def check_sources(env: Env) -> AsyncIterator[Finding]:
    from shared.ops.health import source_states

    advice = {
        "never run": "run `cryptointel collect`, or `make up`, which does so every minute",
        "stale": "is `cryptointel dev` or the cluster's cron-connector running?",
        "failing": "see the error; no network at all? `make demo` shows the product without",
    }
    for source in await source_states(env):
        state = "ok" if source["status"] in ("healthy", "disabled") else "warn"
        found = source["status"] + (f": {brief(source['last_error'])}" if source["last_error"] else "")
        yield Finding(f"source {source['name']}", state, found, advice.get(source["status"], ""))


def check_secrets(settings: Settings) -> list[Finding]:
    folder = Path(settings.secrets_dir)
    missing = [name for name in REQUIRED_SECRETS if not (folder / name).is_file()]
    if missing:
        return [Finding("secrets", "bad", f"{', '.join(missing)} not in {folder}", "run `make secrets`")]
    open_files = [n for n in REQUIRED_SECRETS if (folder / n).stat().st_mode & 0o077]
    if open_files and str(folder) != "/var/openfaas/secrets":
        return [Finding("secrets", "warn", f"others can read {', '.join(open_files)}", "chmod 600 them")]
    return [Finding("secrets", "ok", str(folder))]


def check_dashboard() -> Finding:
    if (ROOT / "dashboard" / "dist" / "index.html").is_file():
        return Finding("dashboard", "ok", "built")
    return Finding("dashboard", "warn", "not built", "run `make dashboard/dist/index.html`")


def check_keys(settings: Settings) -> Finding:
    given = [name.upper() for name in SECRET_SETTINGS if name.endswith("api_key") and getattr(settings, name)]
    return Finding("provider keys", "ok", ", ".join(given) or "none: collecting from keyless providers")
