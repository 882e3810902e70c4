"""Materialised features and what is read for them: versions, retention, points in time."""

from __future__ import annotations

import pytest

from shared.env import ROOT, Env
from shared.models import DAY, HOUR, MINUTE
from shared.ops.maintain import maintain
from shared.platform import d1
from shared.platform.d1 import D1Database
from shared.store import context, features
from shared.store.features import KEEP

T = 1_763_683_200_000  # 2025-11-21T00:00Z
Row = tuple[int, int, bytes]  # at, asset, data


async def put(db: D1Database, step: int, known_at: int, *rows: Row, source: int = 1) -> int:
    told = [(at, asset, source, data) for at, asset, data in rows]
    results = await db.batch(features.add_statements(db, step, 1, known_at, told))
    return sum(one.meta.changes for one in results)


async def test_rows_come_back_newest_first_each_in_the_version_known_then(db: D1Database) -> None:
    assert await put(db, HOUR, T, (T, 1, b"a"), (T, 2, b"b"), (T - HOUR, 1, b"c")) == 3
    assert await put(db, HOUR, T + 5, (T, 1, b"A"), (T - HOUR, 1, b"c")) == 1
    found = await features.of_asset(db, 1, HOUR)
    assert [(row.at, row.known_at, row.data) for row in found] == [(T, T + 5, b"A"), (T - HOUR, T, b"c")]
    then = await features.of_asset(db, 1, HOUR, as_of=T + 4, limit=1)
    assert [(row.known_at, row.data) for row in then] == [(T, b"a")]
    assert await features.of_asset(db, 1, HOUR, as_of=T - 1) == []
    assert [row.at for row in await features.of_asset(db, 1, HOUR, until=T - 1)] == [T - HOUR]
    assert [row.at for row in await features.of_asset(db, 1, HOUR, since=T)] == [T]
    assert await features.of_asset(db, 1, DAY) == await features.of_asset(db, 3, HOUR) == []


async def test_an_asset_is_found_among_many_that_have_other_closes(db: D1Database) -> None:
    await put(db, HOUR, T, *((T - i * HOUR, 2, b"x") for i in range(40)), (T - 39 * HOUR, 1, b"far"))
    assert [row.data for row in await features.of_asset(db, 1, HOUR, limit=1)] == [b"far"]


async def test_rows_of_all_assets_at_closes(db: D1Database) -> None:
    await put(db, HOUR, T, (T, 1, b"a"), (T, 2, b"b"), (T - HOUR, 1, b"c"))
    await put(db, HOUR, T + 9, (T, 2, b"B"))
    now = await features.at_closes(db, HOUR, [T])
    assert sorted((row.asset, row.data) for row in now) == [(1, b"a"), (2, b"B")]
    then = await features.at_closes(db, HOUR, [T, T - HOUR], as_of=T)
    assert sorted((row.at, row.asset, row.data) for row in then) == [
        (T - HOUR, 1, b"c"), (T, 1, b"a"), (T, 2, b"b"),
    ]  # fmt: skip
    assert await features.newest_closes(db, HOUR, 5) == [T, T - HOUR]
    assert await features.newest_closes(db, HOUR, 1, until=T - 1) == [T - HOUR]
    assert await features.newest_closes(db, DAY, 5) == []


async def test_rows_are_forgotten_by_the_length_of_their_bars(env: Env) -> None:
    now = env.now()
    for step, age in KEEP.items():
        keep = age or 2000 * DAY
        await put(env.db, step, now, (now - keep - 1, 1, b"old"), (now - keep + MINUTE, 1, b"new"))
    done = await maintain(env, ["prune"])
    assert done["tasks"]["prune"]["ml_features_materialized"] == 2
    left = {step: [row.data for row in await features.of_asset(env.db, 1, step)] for step in KEEP}
    assert left == {5 * MINUTE: [b"new"], HOUR: [b"new"], DAY: [b"new", b"old"]}


async def test_metrics_as_of_many_points_in_one_read(db: D1Database) -> None:
    add = db.prepare("INSERT INTO metrics (name, at, source, known_at, value) VALUES (?, ?, ?, ?, ?)")
    rows = [("a:x", 10, 1, 10, 1.0), ("a:x", 10, 2, 10, 2.0), ("a:x", 20, 1, 50, 3.0), ("b:y", 5, 1, 5, 4.0)]
    await db.batch([add.bind(*row) for row in rows])
    wanted = [("a:", False, 0, 15), ("a:", False, 5, 9), ("b:", True, 0, 99), ("c:", False, 0, 99)]
    subjects, moments = [("x", "?"), ("?", "y")], [(15, 99), (25, 40), (25, 50)]
    told = await context.metric_values(db, wanted, subjects, moments)
    assert sorted(told) == [
        (0, 0, 0, 2.0),  # of two sources the last
        (0, 0, 2, 3.0),  # at 20, known from 50 on; what was before is too old by then
        (1, 0, 0, 2.0),
        (1, 0, 2, 3.0),
        *((2, 1, moment, 4.0) for moment in range(3)),
    ]
    assert await context.metric_values(db, [], subjects, moments) == []
    ranges = [("a:", "a;"), ("b:y", "b:y\0"), ("b:", "b:\0"), ("c:", "c;")]
    assert await context.metrics_there(db, ranges) == {0, 1}


async def test_many_moments_are_read_in_parts(db: D1Database, monkeypatch: pytest.MonkeyPatch) -> None:
    add = db.prepare("INSERT INTO metrics (name, at, source, known_at, value) VALUES (?, ?, 1, 0, ?)")
    await db.batch([add.bind("a:x", at, float(at)) for at in range(10)])
    asked = [("a:", False, 0, 5)], [("x", "x")], [(at, 9) for at in range(10)]
    whole = await context.metric_values(db, *asked)
    assert whole == [(0, 0, at, float(at)) for at in range(10)]
    monkeypatch.setattr(context, "AT_ONCE", 3)
    assert await context.metric_values(db, *asked) == whole


async def test_quotes_and_books_of_moments(db: D1Database) -> None:
    quote = db.prepare("INSERT INTO quotes (id, known_at, price) VALUES (?, ?, ?)")
    book = db.prepare("INSERT INTO order_books VALUES (?, 1, ?, ?, ?, '[]')")

    def id_of(at: int, asset: int, source: int) -> int:
        return at << 20 | asset << 6 | source

    await db.batch(
        [
            quote.bind(id_of(T - MINUTE, 1, 2), T, 1.0),
            quote.bind(id_of(T, 1, 2), T + 9, 2.0),
            quote.bind(id_of(T - 5, 1, 3), T, 3.0),
            quote.bind(id_of(T - 9 * MINUTE, 1, 4), T, 4.0),
            quote.bind(id_of(T - 5, 7, 2), T, 5.0),
            book.bind(1, T - 5, T, "[1]"),
            book.bind(1, T - MINUTE, T, "[2]"),
            book.bind(1, T, T + 9, "[3]"),
            book.bind(2, T - HOUR, T, "[4]"),
        ]
    )
    told = await context.quotes(db, [(T, T), (T, T + 9)], 6 * MINUTE, [1, 2])
    assert sorted(told) == [(0, 1, 2, 1.0), (0, 1, 3, 3.0), (1, 1, 2, 2.0), (1, 1, 3, 3.0)]
    seen = await context.books(db, [(T, T), (T, T + 9)], 10 * MINUTE, [1, 2])
    assert sorted(row[:4] for row in seen) == [(0, 1, T - 5, "[1]"), (1, 1, T, "[3]")]


async def test_the_same_over_sqld(empty_sqld: str) -> None:
    db = await d1.connect(empty_sqld)
    await d1.migrate(db, ROOT / "migrations")
    await put(db, HOUR, T, *((T, asset, bytes(range(256)) * 5) for asset in range(1, 131)))
    assert await put(db, HOUR, T + 1, (T, 1, b"new"), (T, 2, bytes(range(256)) * 5)) == 1
    assert (await features.of_asset(db, 1, HOUR))[0].data == b"new"
    assert len(await features.at_closes(db, HOUR, [T])) == 130
    assert await context.metric_values(db, [("a:", False, 0, 5)], [("x", "x")], [(T, T)]) == []
    await db.close()
