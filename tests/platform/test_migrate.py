"""Migrations: D1's format and table, a file whole or not at all, on both drivers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.platform import d1
from shared.platform.d1 import D1Database
from shared.platform.d1.migrate import MigrationError, applied, pending

ROOT = Path(__file__).resolve().parents[2]
NAMES = "SELECT name FROM sqlite_schema WHERE name IN ('m_one', 'm_two', 'm_log', 'm_trigger') ORDER BY name"


@pytest.fixture(params=["sqlite", "hrana"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[D1Database]:
    """An empty database of this test alone."""
    remote = request.param == "hrana"
    url = request.getfixturevalue("empty_sqld") if remote else f"file:{tmp_path / 'store.db'}"
    database = await d1.connect(url)
    yield database
    await database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "migrations"
    made.mkdir()
    (made / "0002_two.sql").write_text("CREATE TABLE m_two (a);\n")
    (made / "0001_one.sql").write_text(
        "-- a comment; with a semicolon\nCREATE TABLE m_one (a TEXT DEFAULT ';');\nCREATE TABLE m_log (a);\n"
        "CREATE TRIGGER m_trigger AFTER INSERT ON m_one BEGIN\n"
        "  INSERT INTO m_log VALUES (CASE WHEN new.a IS NULL THEN 'END;' ELSE new.a END);\n"
        "  INSERT INTO m_log VALUES ('again');\nEND;\nINSERT INTO m_one VALUES ('seed');\n-- the end\n"
    )
    (made / "README.md").write_text("not a migration")
    return made


async def test_applies_in_order_and_once(store: D1Database, folder: Path) -> None:
    assert await pending(store, folder) == ["0001_one.sql", "0002_two.sql"]
    assert await d1.migrate(store, folder, dry_run=True) == ["0001_one.sql", "0002_two.sql"]
    assert await store.prepare(NAMES).raw() == []
    assert await applied(store) == []
    assert await d1.migrate(store, folder) == ["0001_one.sql", "0002_two.sql"]
    assert await d1.migrate(store, folder) == []
    assert await applied(store) == ["0001_one.sql", "0002_two.sql"]
    assert [name for (name,) in await store.prepare(NAMES).raw()] == ["m_log", "m_one", "m_trigger", "m_two"]
    assert await store.prepare("SELECT a FROM m_log").raw() == [("seed",), ("again",)]


async def test_the_table_is_d1s(store: D1Database, folder: Path) -> None:
    await d1.migrate(store, folder)
    sql = await store.prepare("SELECT sql FROM sqlite_schema WHERE name = 'd1_migrations'").first("sql")
    assert sql == (
        'CREATE TABLE "d1_migrations"(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,'
        " applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)"
    )
    rows = await store.prepare(
        "SELECT id, name, applied_at LIKE '20__-__-__ __:__:__' FROM d1_migrations"
    ).raw()
    assert rows == [(1, "0001_one.sql", 1), (2, "0002_two.sql", 1)]


async def test_a_failing_file_leaves_nothing(store: D1Database, folder: Path) -> None:
    (folder / "0002_two.sql").write_text("CREATE TABLE m_two (a);\nINSERT INTO m_two VALUES (1, 2);\n")
    with pytest.raises(MigrationError) as caught:
        await d1.migrate(store, folder)
    assert "0002_two.sql, statement 2" in str(caught.value)
    assert "INSERT INTO m_two VALUES (1, 2)" in str(caught.value)
    assert "2 values" in str(caught.value)
    assert await applied(store) == ["0001_one.sql"]
    assert [name for (name,) in await store.prepare(NAMES).raw()] == ["m_log", "m_one", "m_trigger"]
    (folder / "0002_two.sql").write_text("CREATE TABLE m_two (a)")
    assert await d1.migrate(store, folder) == ["0002_two.sql"]


async def test_two_at_once(store: D1Database, folder: Path) -> None:
    lists = await asyncio.gather(*(d1.migrate(store, folder) for _ in range(4)))
    assert sorted(name for names in lists for name in names) == ["0001_one.sql", "0002_two.sql"]
    assert await store.prepare("SELECT a FROM m_log").raw() == [("seed",), ("again",)]


async def test_files_sort_by_number_then_text(tmp_path: Path) -> None:
    for name in ("10_a.sql", "9_b.sql", "0009_a.sql", "2_z.sql", "last.sql"):
        (tmp_path / name).write_text("SELECT 1")
    database = await d1.connect("file::memory:")
    expected = ["2_z.sql", "0009_a.sql", "9_b.sql", "10_a.sql", "last.sql"]
    assert await pending(database, tmp_path) == expected
    assert await d1.migrate(database, tmp_path) == expected
    await database.close()


MIGRATE = """
import asyncio, sys, pathlib
from shared.platform import d1
async def main():
    db = await d1.connect("file:" + sys.argv[1])
    print(",".join(await d1.migrate(db, pathlib.Path(sys.argv[2]))))
    await db.close()
asyncio.run(main())
"""


async def test_two_processes_on_a_new_file(tmp_path: Path) -> None:
    """The product's own migrations: one process applies each, the other sees it applied."""
    command = [sys.executable, "-c", MIGRATE, str(tmp_path / "new.db"), str(ROOT / "migrations")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    names = sorted(name for output in outputs for name in output.strip().split(",") if name)
    assert names == sorted(file.name for file in (ROOT / "migrations").glob("*.sql"))
