"""The page on the schema says what the migrations do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from shared.ops.schema_page import page, read

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_current() -> None:
    """If not: python -m shared.ops.schema_page"""
    assert (ROOT / "docs" / "DATABASE_SCHEMA.md").read_text() == page(ROOT / "migrations")


def test_every_table_and_column_is_on_it() -> None:
    database = sqlite3.connect(":memory:")
    for file in sorted((ROOT / "migrations").glob("*.sql")):
        database.executescript(file.read_text())
    kinds = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
    described = read(ROOT / "migrations")
    assert set(described) == {name for (name,) in database.execute(kinds)}
    for name, table in described.items():
        if table.kind == "table":
            columns = [row[1] for row in database.execute(f"PRAGMA table_xinfo({name})")]
            assert [column for column, _, _ in table.columns] == columns
