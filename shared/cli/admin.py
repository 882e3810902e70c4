"""migrate, secrets and login-link: set-up and access of the machine's owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from shared.cli.session import as_json, opened, run, settings_for, show
from shared.env import ROOT


@click.command()
@click.option("--dry-run", is_flag=True, help="List what would be applied and change nothing.")
@as_json
def migrate(dry_run: bool, as_json: bool) -> None:
    """Apply migrations/ to the database, each file whole or not at all."""

    async def work() -> list[str]:
        from shared.platform import d1

        async with opened(migrate=False) as env:
            return await d1.migrate(env.db, ROOT / "migrations", dry_run=dry_run)

    applied = run(work())
    verb = "would apply" if dry_run else "applied"
    show(
        {"dry_run": dry_run, "migrations": applied},
        as_json,
        [f"{verb} {n}" for n in applied] or ["up to date"],
    )


@click.command()
@as_json
def secrets(as_json: bool) -> None:
    """Generate the secrets that are missing (mode 600); existing ones are never touched."""
    from shared.access.secrets import make_secrets

    folder = Path(settings_for().secrets_dir)
    made = make_secrets(folder)
    show({"folder": str(folder), "made": made}, as_json, [f"made {folder / name}" for name in made])


@click.command("login-link")
@click.option("--user", default="admin", show_default=True)
@click.option("--base", help="Where the server is reached (default: PUBLIC_BASE_URL).")
@as_json
def login_link(user: str, base: str | None, as_json: bool) -> None:
    """Print a one-time link that logs a user into the dashboard (valid for ten minutes)."""

    async def work() -> dict[str, Any]:
        from shared.cli.welcome import make_login_link

        settings = settings_for(public_base_url=base.rstrip("/")) if base else settings_for()
        async with opened(settings) as env:
            return {"user": user, "link": await make_login_link(env, user)}

    made = run(work())
    show(made, as_json, [made["link"]])
