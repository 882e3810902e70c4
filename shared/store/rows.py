"""Many rows in few statements, within D1's hundred parameters a statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, count
from typing import Any

from shared.platform.d1 import D1Database, D1PreparedStatement

PARAMETERS = 100
ONE_ROW = re.compile(r"(?<=VALUES )\([?0-9, ]+\)")


@lru_cache(maxsize=256)
def widened(sql: str, shared: int, rows: int) -> str:
    """`sql` with its one row of VALUES repeated; `?` are a row's own values, ?1… the `shared` ones."""
    numbers = count(shared + 1)
    row = ONE_ROW.findall(sql)[0]
    groups = [re.sub(r"\?(?!\d)", lambda _: f"?{next(numbers)}", row) for _ in range(rows)]
    return sql.replace(row, ", ".join(groups), 1)


def rows_per_statement(shared: int, columns: int) -> int:
    return (PARAMETERS - shared) // columns


def insert_statements(
    db: D1Database, sql: str, rows: Sequence[Sequence[Any]], shared: Sequence[Any] = ()
) -> list[D1PreparedStatement]:
    """Statements for a batch that insert all rows; none for no rows."""
    if not rows:
        return []
    most = rows_per_statement(len(shared), len(rows[0]))
    found = []
    for start in range(0, len(rows), most):
        part = rows[start : start + most]
        statement = db.prepare(widened(sql, len(shared), len(part)))
        found.append(statement.bind(*shared, *chain.from_iterable(part)))
    return found


async def insert_many(
    db: D1Database,
    sql: str,
    rows: Sequence[Sequence[Any]],
    shared: Sequence[Any] = (),
    then: Sequence[D1PreparedStatement] = (),
) -> int:
    """Insert all rows and run `then`, in one transaction, the bulk path; rows changed, triggers included.

    `sql` must change nothing when given a row twice: the last statement is filled up with its last row,
    which is cheaper than a second transaction for the remainder.
    """
    if not rows:
        if then:
            await db.batch(then)
        return 0
    wide = min(len(rows), rows_per_statement(len(shared), len(rows[0])))
    filled = [*rows, *[rows[-1]] * (-len(rows) % wide)]
    before = tuple(shared)
    statements = [
        before + tuple(chain.from_iterable(filled[start : start + wide]))
        for start in range(0, len(filled), wide)
    ]
    result = await db.execute_many(widened(sql, len(shared), wide), statements, then)
    return result.meta.changes
