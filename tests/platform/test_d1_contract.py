"""What both drivers promise: a SQLite file, and a real sqld over HTTP."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import random
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import numpy
import pytest

from shared.platform import d1
from shared.platform.d1 import D1Database, D1Error


@pytest.fixture(params=["sqlite", "hrana"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[D1Database]:
    hrana = request.param == "hrana"
    url = request.getfixturevalue("sqld_server") if hrana else f"file:{tmp_path / 'store.db'}"
    database = await d1.connect(url)
    yield database
    await database.close()


@pytest.fixture
async def t(store: D1Database) -> AsyncIterator[str]:
    """A table of this test alone: (id INTEGER PRIMARY KEY, name TEXT UNIQUE, v)."""
    name = f"t_{uuid.uuid4().hex}"
    await store.exec(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, name TEXT UNIQUE, v)")
    yield name
    await store.exec(f"DROP TABLE {name}")


async def failure(coroutine: object) -> D1Error:
    with pytest.raises(D1Error) as caught:
        await coroutine  # type: ignore[misc]
    return caught.value


async def test_first_all_raw_run(store: D1Database, t: str) -> None:
    insert = store.prepare(f"INSERT INTO {t} (name, v) VALUES (?, ?)")
    written = await insert.bind("a", 1.5).run()
    assert (written.success, written.results, written.meta.changes) == (True, [], 1)
    assert written.meta.last_row_id == 1
    assert written.meta.changed_db
    assert written.meta.size_after > 0
    await insert.bind("b", None).run()
    read = store.prepare(f"SELECT * FROM {t} ORDER BY id")
    assert (await read.all()).results == [{"id": 1, "name": "a", "v": 1.5}, {"id": 2, "name": "b", "v": None}]
    assert (await read.run()).results == (await read.all()).results
    assert (await read.all()).meta.changes == 0
    assert not (await read.all()).meta.changed_db
    assert await read.raw() == [(1, "a", 1.5), (2, "b", None)]
    assert await read.raw(column_names=True) == [["id", "name", "v"], (1, "a", 1.5), (2, "b", None)]
    assert await read.first() == {"id": 1, "name": "a", "v": 1.5}
    assert await read.first("name") == "a"


async def test_without_rows(store: D1Database, t: str) -> None:
    none = store.prepare(f"SELECT id, name FROM {t} WHERE id = ?").bind(9)
    assert await none.raw(column_names=True) == [["id", "name"]]
    assert await none.first() is None
    assert await none.first("absent") is None
    await store.prepare(f"INSERT INTO {t} (id) VALUES (9)").run()
    error = await failure(none.first("absent"))
    assert isinstance(error, d1.D1ColumnNotFound)
    assert str(error) == "D1_COLUMN_NOTFOUND: Column not found (absent)"


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (None, (None, "null")),
        (0, (0, "integer")),
        (2**53 + 1, (2**53 + 1, "integer")),
        (2**63 - 1, (2**63 - 1, "integer")),
        (-(2**63), (-(2**63), "integer")),
        (1.0, (1.0, "real")),
        (float("inf"), (None, "null")),
        (float("nan"), (None, "null")),
        (True, (1, "integer")),
        ("", ("", "text")),
        ("naïve 🙈 \x00 nul", ("naïve 🙈 \x00 nul", "text")),
        ("\ud800", ("\ufffd\ufffd\ufffd", "text")),
        (b"", (b"", "blob")),
        (b"\x00\xff", (b"\x00\xff", "blob")),
        (bytearray(b"x"), (b"x", "blob")),
    ],
)
async def test_values(store: D1Database, t: str, value: object, stored: tuple[object, str]) -> None:
    await store.prepare(f"INSERT INTO {t} (v) VALUES (?)").bind(value).run()
    rows = await store.prepare(f"SELECT v, typeof(v) FROM {t}").raw()
    assert rows == [stored]
    assert type(rows[0][0]) is type(stored[0])


async def test_doubles_come_back_to_the_last_bit(store: D1Database, t: str) -> None:
    chance = random.Random(1)
    doubles = [chance.random() * 10.0 ** chance.randint(-12, 12) for _ in range(2_000)]
    await store.execute_many(f"INSERT INTO {t} (v) VALUES (?)", [(value,) for value in doubles])
    assert await store.prepare(f"SELECT v FROM {t} ORDER BY id").raw() == [(value,) for value in doubles]


@pytest.mark.parametrize(
    "value",
    [
        datetime.datetime(2020, 1, 1),
        decimal.Decimal(1),
        numpy.int64(1),
        numpy.float64(1),
        [1],
        {"a": 1},
        2**63,
        object,
    ],
)
async def test_refused_values(store: D1Database, t: str, value: object) -> None:
    with pytest.raises(d1.D1TypeError, match=r"^D1_TYPE_ERROR: Type '.*' not supported for value '"):
        store.prepare("SELECT ?").bind(value)
    error = await failure(store.execute_many(f"INSERT INTO {t} (v) VALUES (?)", [(1,), (value,)]))
    assert isinstance(error, d1.D1TypeError)
    assert await store.prepare(f"SELECT count(*) AS n FROM {t}").first("n") == 0


async def test_named_parameters_bind_in_order(store: D1Database) -> None:
    statement = store.prepare("SELECT :b AS x, @a AS y, :b AS z")
    assert await statement.bind(1, "two").raw() == [(1, "two", 1)]
    assert "Wrong number" in str(await failure(statement.bind(1).raw()))


@pytest.mark.parametrize(
    ("sql", "values", "message"),
    [
        ("SELECT ?, ?", (1,), "Wrong number of parameter bindings for SQL query."),
        ("SELECT ?", (1, 2), "Wrong number of parameter bindings for SQL query."),
        ("SELECT ?; SELECT ?", (1, 2), "Wrong number of parameter bindings for SQL query."),
        ("SELECT nope", (), "no such column: nope at offset 7: SQLITE_ERROR"),
        ("", (), "No SQL statements detected."),
        (" -- nothing", (), "SQL code did not contain a statement."),
        ("SELECT 1;;", (), "SQL code did not contain a statement."),
        ("ATTACH 'x' AS y", (), "not authorized: SQLITE_AUTH"),
        ("PRAGMA journal_mode = delete", (), "not authorized: SQLITE_AUTH"),
        ("pragma main.user_version", (), "not authorized: SQLITE_AUTH"),
        ("VACUUM", (), "cannot VACUUM from within a transaction: SQLITE_ERROR"),
        (f"SELECT '{'x' * 100_000}'", (), "statement too long: SQLITE_TOOBIG"),
        (f"SELECT {','.join('?' * 101)}", (1,) * 101, "too many SQL variables"),
        ("SELECT ?", ("x" * 2_300_000,), "string or blob too big: SQLITE_TOOBIG"),
        ("SELECT ?", (b"x" * 2_300_000,), "string or blob too big: SQLITE_TOOBIG"),
    ],
)
async def test_refused_statements(
    store: D1Database, sql: str, values: tuple[object, ...], message: str
) -> None:
    error = await failure(store.prepare(sql).bind(*values).all())
    assert str(error).startswith(f"D1_ERROR: {message}")


@pytest.mark.parametrize("sql", ["BEGIN", "commit", "ROLLBACK", "SAVEPOINT s", "RELEASE s", "/* x */ END"])
async def test_transactions_are_batches_only(store: D1Database, sql: str) -> None:
    assert "To execute a transaction" in str(await failure(store.prepare(sql).run()))
    assert "To execute a transaction" in str(await failure(store.exec(sql)))


async def test_constraints(store: D1Database, t: str) -> None:
    await store.prepare(f"INSERT INTO {t} (name) VALUES ('a')").run()
    error = await failure(store.prepare(f"INSERT INTO {t} (name) VALUES ('a')").run())
    assert (error.code, error.extended) == ("SQLITE_CONSTRAINT", "SQLITE_CONSTRAINT_UNIQUE")
    assert error.cause == (
        f"UNIQUE constraint failed: {t}.name: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)"
    )


async def test_batch_is_whole(store: D1Database, t: str) -> None:
    insert = store.prepare(f"INSERT INTO {t} (name) VALUES (?)")
    count = store.prepare(f"SELECT count(*) AS n FROM {t}")
    results = await store.batch([insert.bind("a"), insert.bind("b"), count, insert.bind("c")])
    assert [result.meta.changes for result in results] == [1, 1, 0, 1]
    assert [result.meta.last_row_id for result in results] == [1, 2, 2, 3]
    assert results[2].results == [{"n": 2}]
    error = await failure(store.batch([insert.bind("d"), count, insert.bind("a"), insert.bind("e")]))
    assert error.code == "SQLITE_CONSTRAINT"
    assert error.position == 2
    assert await count.first("n") == 3
    assert str(await failure(store.batch([]))) == "D1_ERROR: No SQL statements detected."


async def test_a_failing_statement_leaves_nothing(store: D1Database, t: str) -> None:
    await failure(store.prepare(f"INSERT OR FAIL INTO {t} (name) VALUES ('a'), ('a')").run())
    assert await store.prepare(f"SELECT count(*) AS n FROM {t}").first("n") == 0


async def test_several_statements_in_one(store: D1Database, t: str) -> None:
    sql = f"INSERT INTO {t} (name) VALUES ('a;b'); /* ; */ SELECT name FROM {t} WHERE name = ?"
    assert (await store.prepare(sql).bind("a;b").all()).results == [{"name": "a;b"}]
    assert (await store.prepare("SELECT 1 AS a; SELECT 2 AS b").all()).results == [{"b": 2}]
    await failure(store.prepare(f"INSERT INTO {t} (name) VALUES ('c'); SELECT nope").all())
    assert await store.prepare(f"SELECT count(*) AS n FROM {t}").first("n") == 1


async def test_exec_takes_a_line_as_a_statement(store: D1Database, t: str) -> None:
    done = await store.exec(f"INSERT INTO {t} (name) VALUES ('a');\n\nINSERT INTO {t} (name) VALUES ('b')\n")
    assert done.count == 2
    error = await failure(store.exec(f"INSERT INTO {t} (name) VALUES ('c')\nINSERT INTO nope VALUES (1)"))
    assert isinstance(error, d1.D1ExecError)
    assert "Error in line 1: " in str(error)
    assert "no such table: nope" in str(error)
    assert await store.prepare(f"SELECT count(*) AS n FROM {t}").first("n") == 2


async def test_triggers_and_cascades_count_as_changes(store: D1Database, t: str) -> None:
    await store.exec(f"CREATE TABLE log_{t} (x)")
    await store.exec(
        f"CREATE TRIGGER tr_{t} AFTER INSERT ON {t} BEGIN"
        f" INSERT INTO log_{t} VALUES (new.id); INSERT INTO log_{t} VALUES (new.name); END"
    )
    one = await store.prepare(f"INSERT INTO {t} (name) VALUES ('a')").run()
    many = await store.execute_many(f"INSERT INTO {t} (name) VALUES (?)", [("b",), ("c",)])
    assert (one.meta.changes, many.meta.changes) == (3, 6)
    await store.exec(f"DROP TABLE log_{t}")


async def test_foreign_keys_hold_and_can_wait_for_the_commit(store: D1Database, t: str) -> None:
    await store.exec(f"CREATE TABLE c_{t} (p REFERENCES {t} (id) ON DELETE CASCADE)")
    child = store.prepare(f"INSERT INTO c_{t} VALUES (7)")
    parent = store.prepare(f"INSERT INTO {t} (id) VALUES (7)")
    assert "FOREIGN KEY constraint failed" in str(await failure(child.run()))
    assert "FOREIGN KEY constraint failed" in str(await failure(store.batch([child, parent])))
    await store.prepare("PRAGMA foreign_keys = off").run()
    assert "FOREIGN KEY constraint failed" in str(await failure(child.run()))
    await store.batch([store.prepare("PRAGMA defer_foreign_keys = on"), child, parent])
    assert (await store.prepare(f"DELETE FROM {t} WHERE id = 7").run()).meta.changes == 2
    await store.exec(f"DROP TABLE c_{t}")


async def test_writes_that_look_like_reads(store: D1Database, t: str) -> None:
    await store.prepare(f"INSERT INTO {t} (name) VALUES ('a'), ('b')").run()
    deleted = await store.prepare(
        f"WITH gone (n) AS (VALUES ('a')) DELETE FROM {t} WHERE name IN (SELECT n FROM gone) RETURNING name"
    ).all()
    assert deleted.results == [{"name": "a"}]
    assert deleted.meta.changes == 1
    returned = await store.prepare(f"INSERT INTO {t} (name) VALUES ('c') RETURNING name, v").first()
    assert returned == {"name": "c", "v": None}


async def test_execute_many(store: D1Database, t: str) -> None:
    rows = [(f"n{i}", i * 0.5 if i % 2 else None) for i in range(5_000)]
    assert (await store.execute_many(f"INSERT INTO {t} (name, v) VALUES (?, ?)", rows)).meta.changes == 5_000
    assert await store.prepare(f"SELECT name, v FROM {t} ORDER BY id").raw() == rows
    upsert = (
        f"INSERT INTO {t} (name, v) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET v = excluded.v"
        " WHERE v IS NOT excluded.v"
    )
    again = await store.execute_many(upsert, (row for row in [*rows[:10], ("n0", 9), ("new", b"x")]))
    assert again.meta.changes == 2
    update = await store.execute_many(f"UPDATE {t} SET v = ? WHERE name = ?", [(1, "n1"), (2, "n2")])
    assert update.meta.changes == 2
    assert (await store.execute_many(f"DELETE FROM {t} WHERE name = ?", [])).meta.changes == 0


async def test_execute_many_and_then_others(store: D1Database, t: str) -> None:
    """One transaction; the figures are of the rows."""
    insert = f"INSERT INTO {t} (name) VALUES (?)"
    rename = store.prepare(f"UPDATE {t} SET v = ?")
    done = await store.execute_many(insert, [("a",), ("b",)], [rename.bind(1), rename.bind(2)])
    assert (done.meta.changes, done.results) == (2, [])
    assert await store.prepare(f"SELECT name, v FROM {t}").raw() == [("a", 2), ("b", 2)]
    twice = store.prepare(insert).bind("a")
    assert "UNIQUE" in str(await failure(store.execute_many(insert, [("c",)], [rename.bind(3), twice])))
    assert await store.prepare(f"SELECT name, v FROM {t}").raw() == [("a", 2), ("b", 2)]


async def test_execute_many_is_whole(store: D1Database, t: str) -> None:
    insert = f"INSERT INTO {t} (name) VALUES (?)"
    await failure(store.execute_many(insert, [("a",), ("b",), ("a",)]))
    assert "Wrong number" in str(await failure(store.execute_many(insert, [("a",), ("b", "c")])))
    assert "Wrong number" in str(await failure(store.execute_many(insert, [("b", "c"), ("b", "c")])))
    assert await store.prepare(f"SELECT count(*) AS n FROM {t}").first("n") == 0


async def test_a_statement_is_reused_by_many_at_once(store: D1Database, t: str) -> None:
    await store.execute_many(f"INSERT INTO {t} (id, name) VALUES (?, ?)", [(i, f"n{i}") for i in range(50)])
    one = store.prepare(f"SELECT name FROM {t} WHERE id = ?")
    names = await asyncio.gather(*(one.bind(i).first("name") for i in range(50)))
    assert names == [f"n{i}" for i in range(50)]
    bump = store.prepare(f"UPDATE {t} SET v = coalesce(v, 0) + 1 WHERE id = 0")
    await asyncio.gather(*(bump.run() for _ in range(40)))
    assert await store.prepare(f"SELECT v FROM {t} WHERE id = 0").first("v") == 40


async def test_a_cancelled_write_is_whole_or_absent(store: D1Database, t: str) -> None:
    insert = f"INSERT INTO {t} (name) VALUES (?)"
    tasks = [
        asyncio.create_task(store.execute_many(insert, [(f"{k}-{i}",) for i in range(200)])) for k in range(8)
    ]
    await asyncio.sleep(0.005)
    for task in tasks[1:]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await store.prepare(insert).bind("after").run()
    groups = await store.prepare(
        f"SELECT substr(name, 1, 2) AS k, count(*) FROM {t} WHERE name LIKE '%-%' GROUP BY k"
    ).raw()
    assert all(count == 200 for _, count in groups)


@pytest.mark.parametrize("driver", ["sqlite", "hrana"])
async def test_close_twice_and_use_after_close(
    driver: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("sqld_server") if driver == "hrana" else f"file:{tmp_path / 'other.db'}"
    other = await d1.connect(url)
    assert await other.prepare("SELECT 1").raw() == [(1,)]
    await other.close()
    await other.close()
    assert "closed" in str(await failure(other.prepare("SELECT 1").raw()))
    assert "closed" in str(await failure(other.prepare("DELETE FROM t").run()))
