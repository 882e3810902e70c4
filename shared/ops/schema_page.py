"""docs/DATABASE_SCHEMA.md from the migrations: `python -m shared.ops.schema_page` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shared.env import ROOT
from shared.platform.d1.statements import split

PAGE = ROOT / "docs" / "DATABASE_SCHEMA.md"
HEAD = """# Database schema

Generated from `migrations/` by `python -m shared.ops.schema_page`; a test checks that it is current.

Instants are INTEGER milliseconds UTC: `at` is when it was true, `known_at` when we learned it. Migrations
are in the format of D1, and `cryptointel migrate` keeps D1's own table `d1_migrations` of what was applied.
"""
CREATED = re.compile(r"CREATE\s+(UNIQUE\s+)?(TABLE|INDEX|VIEW|TRIGGER)\s+(\w+)\s*(.*)", re.I | re.S)
ADDED = re.compile(r"ALTER\s+TABLE\s+(\w+)\s+ADD\s+(?:COLUMN\s+)?(.*)", re.I | re.S)
OF_TABLE = re.compile(r"\bON\s+(\w+)", re.I)
CONSTRAINT = re.compile(r"(PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK)\b", re.I)


@dataclass(slots=True)
class Table:
    """One table or view, with what the migrations say about it."""

    name: str
    kind: str
    about: str
    columns: list[tuple[str, str, str]] = field(default_factory=list)  # name, type and rules, comment
    rules: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)


def page(folder: Path) -> str:
    """The whole page in Markdown."""
    return HEAD + "".join(section(table) for table in read(folder).values())


def read(folder: Path) -> dict[str, Table]:
    """Tables and views by name, in the order they were created."""
    tables: dict[str, Table] = {}
    for file in sorted(folder.glob("*.sql")):
        for part in split(file.read_text(encoding="utf-8")):
            about, sql = comment_and_code(part.sql)
            if created := CREATED.match(sql):
                note(tables, about, *created.groups())
            elif added := ADDED.match(sql):
                tables[added[1]].columns += columns(added[2].rstrip(";"))
    return tables


def note(tables: dict[str, Table], about: str, unique: str | None, kind: str, name: str, rest: str) -> None:
    kind = kind.lower()
    if kind in ("table", "view"):
        table = tables[name] = Table(name, kind, about)
        if kind == "view":
            table.rules.append(" ".join(rest.rstrip(";").split()))
            return
        body, _, options = rest.rpartition(")")
        for line in columns(body.partition("(")[2]):
            if CONSTRAINT.match(f"{line[0]} {line[1]}"):
                table.rules.append(f"{line[0]} {line[1]}")
            else:
                table.columns.append(line)
        table.rules += [option for option in (options.strip(" \n;"),) if option]
    elif (on := OF_TABLE.search(rest)) and on[1] in tables:
        how = " ".join(rest.partition(on[0])[2].rstrip(";").split())
        shown = f"{kind} `{name}`" + (
            f" on {'unique ' if unique else ''}{how}" if kind == "index" else f": {about}"
        )
        tables[on[1]].indexes.append(shown)


def comment_and_code(sql: str) -> tuple[str, str]:
    """Comments in front of a statement as one text, and the statement."""
    lines = sql.strip().splitlines()
    code = next((n for n, line in enumerate(lines) if not line.startswith("--") and line.strip()), len(lines))
    # a comment above an empty line is about the file, not the statement
    last = max((n for n in range(code) if not lines[n].strip()), default=-1)
    about = " ".join(line.removeprefix("--").strip() for line in lines[last + 1 : code])
    return about, "\n".join(lines[code:])


def columns(body: str) -> Iterator[tuple[str, str, str]]:
    """Name, type with its rules, and comment of each column or rule of a table."""
    for line in body.strip().splitlines():
        text, _, comment = line.partition("--")
        name, _, rest = text.strip().rstrip(",").partition(" ")
        if name:
            yield name, rest.strip(), comment.strip()


def section(table: Table) -> str:
    lines = [f"\n## {table.name}", ""]
    lines += [table.about, ""] if table.about else []
    if table.columns:
        lines += ["| column | type | meaning |", "|---|---|---|"]
        lines += [
            f"| `{name}` | {rule.replace('|', '&#124;')} | {about} |" for name, rule, about in table.columns
        ]
        lines.append("")
    lines += [f"- `{rule}`" for rule in table.rules]
    lines += [f"- {index}" for index in table.indexes]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(ROOT / "migrations"), encoding="utf-8")
