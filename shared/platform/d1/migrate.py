"""Migrations in D1's own format and table, so that `wrangler d1 migrations` could apply the same folder."""

from __future__ import annotations

import re
from pathlib import Path

from shared.platform.d1.database import D1Database
from shared.platform.d1.errors import D1Error, D1Unavailable
from shared.platform.d1.statements import split

SQL_TABLE = (
    'CREATE TABLE IF NOT EXISTS "d1_migrations"(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, '
    "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)"
)
SQL_TABLE_EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'd1_migrations'"
SQL_APPLIED = 'SELECT name FROM "d1_migrations" ORDER BY id'
SQL_RECORD = 'INSERT INTO "d1_migrations" (name) VALUES (?)'


class MigrationError(D1Error):
    """Names the file and the statement; nothing of the file was kept."""

    prefix = "D1_MIGRATION_ERROR"


async def applied(db: D1Database) -> list[str]:
    """Names already applied, oldest first. Writes nothing."""
    if not await db.prepare(SQL_TABLE_EXISTS).raw():
        return []
    return [str(name) for (name,) in await db.prepare(SQL_APPLIED).raw()]


async def pending(db: D1Database, folder: Path) -> list[str]:
    """File names still to apply, in order. Writes nothing."""
    done = set(await applied(db))
    return [name for name in migration_files(folder) if name not in done]


async def migrate(db: D1Database, folder: Path, dry_run: bool = False) -> list[str]:
    """Apply what is pending, each file whole or not at all; the names applied (or that would be)."""
    names = await pending(db, folder)
    if dry_run or not names:
        return names
    await db.prepare(SQL_TABLE).run()
    return [name for name in names if await apply(db, folder / name)]


async def apply(db: D1Database, file: Path) -> bool:
    """One file and its record in one transaction; False if another process was first."""
    parts = [part.sql.strip() for part in split(file.read_text(encoding="utf-8")) if part.verb]
    # the record goes first: its UNIQUE stops the second of two processes before it changes anything
    record = db.prepare(SQL_RECORD).bind(file.name)
    try:
        await db.batch([record, *map(db.prepare, parts)])
    except D1Unavailable:
        raise
    except D1Error as error:
        if file.name in await applied(db):
            return False
        failed = shortened(parts[error.position - 1]) if error.position else SQL_RECORD
        raise MigrationError(
            f"{file.name}, statement {error.position}: {error.cause}: {failed}", error.code, error.extended
        ) from error
    return True


def shortened(sql: str) -> str:
    return sql if len(sql) <= 200 else f"{sql[:200]}…"


def migration_files(folder: Path) -> list[str]:
    """`NNNN_what.sql`, by number, then by text."""
    names = [file.name for file in folder.glob("*.sql") if file.is_file()]
    return sorted(names, key=lambda name: (leading_number(name), name))


def leading_number(name: str) -> float:
    digits = re.match(r"\d+", name)
    return int(digits.group()) if digits else float("inf")
