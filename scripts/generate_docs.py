"""Renew the parts of the docs that are made from code; with --check only say whether they are current."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent


def readme() -> str:
    """The README with the settings table between its marks."""
    from shared.env import settings_table

    text = (ROOT / "README.md").read_text()
    block = f"<!-- settings -->\n{settings_table()}\n<!-- /settings -->"
    return re.sub(r"<!-- settings -->.*<!-- /settings -->", lambda _: block, text, flags=re.S)


def cli_reference() -> str:
    """Every command with its own --help."""
    from shared.cli import cli

    parts = ["# Command line", "", "Made from the commands' own `--help` by `make docs`.", ""]
    for path, command in commands(cli, ("cryptointel",)):
        context = click.Context(command, info_name=" ".join(path), max_content_width=100, terminal_width=100)
        parts += [f"## {' '.join(path)}", "", "```", command.get_help(context).rstrip(), "```", ""]
    return "\n".join(parts)


def commands(command: click.Command, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            found += commands(child, (*path, name)) if child else []
    return found


def api_reference() -> str:
    from functions.api.docs_file import text

    return text()


def database_schema() -> str:
    from shared.ops.schema_page import page

    return page(ROOT / "migrations")


def features() -> str:
    from shared.ops.features_page import page

    return page()


def indicators() -> str:
    from shared.market.indicators.docs_page import page

    return page()


def rules() -> str:
    from shared.ops.rules_page import page

    return page()


DOCS = {
    "README.md": readme,
    "docs/CLI.md": cli_reference,
    "docs/API_REFERENCE.md": api_reference,
    "docs/DATABASE_SCHEMA.md": database_schema,
    "docs/INDICATORS.md": indicators,
    "docs/FEATURES.md": features,
    "docs/RULES.md": rules,
}


def stale(write: bool) -> list[str]:
    """Return the documents that differ from what the code says, and write them if asked."""
    found = []
    for name, make in DOCS.items():
        text, file = make(), ROOT / name
        if not file.is_file() or file.read_text() != text:
            found.append(name)
            if write:
                file.write_text(text)
    return found


if __name__ == "__main__":
    check = "--check" in sys.argv
    outdated = stale(write=not check)
    print("\n".join(outdated) or "docs are current")
    sys.exit(1 if check and outdated else 0)
