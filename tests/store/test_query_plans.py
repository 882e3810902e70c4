"""Every statement of the store is served by an index: no full scan of a table that grows."""

from __future__ import annotations

import ast
import importlib
import re
import sqlite3
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORE = sorted((ROOT / "shared" / "store").glob("*.py"))
# Read whole on purpose: these hold a few hundred rows at most, whatever the age of the database.
SMALL = {"crypto_assets", "asset_aliases", "sources", "job_schedule", "latest_quotes", "candle_series"}
SMALL |= {"fetch_hosts", "users", "detector_state"}
STATEMENT = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\b", re.I)


def statements() -> list[tuple[str, str]]:
    """Every SQL_… constant of every store module."""
    found = []
    for path in STORE:
        module = importlib.import_module(f"shared.store.{path.stem}")
        for name, value in vars(module).items():
            if name.startswith("SQL_") and isinstance(value, str):
                found.append((f"{path.stem}.{name}", value))
    return found


@pytest.fixture(scope="module")
def schema() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    for migration in sorted((ROOT / "migrations").glob("*.sql")):
        connection.executescript(migration.read_text())
    return connection


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    count = 0
    for number in re.findall(r"\?(\d*)", sql):
        count = max(count, int(number)) if number else count + 1
    rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * count)
    return [row[3] for row in rows]


@pytest.mark.parametrize(("name", "sql"), statements(), ids=lambda value: value if "." in value[:40] else "")
def test_no_statement_scans_a_growing_table(schema: sqlite3.Connection, name: str, sql: str) -> None:
    pairs = re.findall(r"(?:FROM|JOIN|,|INTO|UPDATE)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?", sql)
    aliases = {alias or table: table for table, alias in pairs}
    for step in plan(schema, sql):
        scanned = re.match(r"SCAN (\w+)(?!.*USING (?:COVERING )?INDEX)", step)
        if scanned and aliases.get(scanned[1], scanned[1]) not in SMALL | {"json_each"}:
            table = aliases.get(scanned[1], scanned[1])
            virtual = "VIRTUAL TABLE" in step or "CONSTANT ROW" in step or "SUBQUERY" in step.upper()
            known = schema.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            assert virtual or not known, f"{name}: {step}"


def test_the_store_has_no_other_sql() -> None:
    """SQL is a named constant: what has no name has no plan test."""
    wrong = []
    for path in STORE:
        tree = ast.parse(path.read_text())
        named = {
            id(child)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr)
            or (isinstance(node, ast.Assign | ast.AnnAssign) and node in tree.body)
            for child in ast.walk(node)
        }
        wrong += [
            f"{path.name}: {node.value[:50]}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if STATEMENT.match(node.value) and id(node) not in named
        ]
    assert wrong == []


def test_there_is_something_to_check() -> None:
    assert len(statements()) > 40
