"""D1Database: Cloudflare's binding, over any driver."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from shared.platform.d1.errors import D1ColumnNotFound, D1Error, D1ExecError, no_statements
from shared.platform.d1.result import Answer, D1ExecResult, D1Result, Query, Rows
from shared.platform.d1.values import Row, Value, bind_values


class Driver(Protocol):
    """Where statements run. Every call is one transaction: all of it happens or nothing."""

    async def query(self, queries: Sequence[Query]) -> list[Answer]: ...

    async def rows(self, query: Query, named: bool) -> Rows:
        """Rows without figures; where there is no row the column names are left out unless `named`."""
        ...

    async def many(self, sql: str, rows: Sequence[Row], then: Sequence[Query]) -> Answer:
        """One statement for every row, whose answer it is; the rows are not yet bound. Last comes `then`."""
        ...

    async def close(self) -> None: ...


class D1PreparedStatement:
    """SQL with its values. Immutable: `bind` gives a new one, so a statement can be kept and reused."""

    __slots__ = ("_driver", "sql", "values")

    def __init__(self, driver: Driver, sql: str, values: tuple[Value, ...] = ()) -> None:
        self._driver = driver
        self.sql = sql
        self.values = values

    def bind(self, *values: Any) -> D1PreparedStatement:
        """Values for all parameters in order, `:a` and `@a` too; D1TypeError for what cannot be bound."""
        return D1PreparedStatement(self._driver, self.sql, bind_values(values))

    async def all(self) -> D1Result:
        """Run alone in its own transaction; rows as dicts."""
        return (await self._driver.query([(self.sql, self.values)]))[0].result()

    async def run(self) -> D1Result:
        """The same as `all`: D1 returns rows from `run` too."""
        return await self.all()

    async def raw(self, column_names: bool = False) -> list[Any]:
        """Rows as tuples, the cheapest form; `column_names` puts a list of names in front."""
        columns, rows = await self._driver.rows((self.sql, self.values), column_names)
        return [list(columns), *rows] if column_names else rows

    async def first(self, column: str | None = None) -> Any:
        """First row as a dict, or one value of it; None without a row."""
        columns, rows = await self._driver.rows((self.sql, self.values), False)
        if not rows:
            return None
        row = dict(zip(columns, rows[0], strict=True))
        if column is None:
            return row
        if column not in row:
            raise D1ColumnNotFound(column)
        return row[column]


class D1Database:
    """One database. Get it from `shared.platform.d1.connect`; close it."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver

    def prepare(self, sql: str) -> D1PreparedStatement:
        return D1PreparedStatement(self.driver, sql)

    async def batch(self, statements: Sequence[D1PreparedStatement]) -> list[D1Result]:
        """All statements in one transaction: the first error undoes them all."""
        if not statements:
            raise no_statements()
        answers = await self.driver.query([(one.sql, one.values) for one in statements])
        return [answer.result() for answer in answers]

    async def exec(self, sql: str) -> D1ExecResult:
        """Each line is one call without values, all in one transaction; for schemas and one-off work.

        As in D1 a statement must not span lines, and an error always names line 1.
        """
        began = time.perf_counter()
        lines = [line for line in sql.strip().split("\n") if line.strip()]
        try:
            if not lines:
                raise no_statements()
            await self.driver.query([(line, ()) for line in lines])
        except D1Error as error:
            first = lines[0] if lines else ""
            raise D1ExecError(
                f"Error in line 1: {first}: {error.cause}", error.code, error.extended
            ) from error
        return D1ExecResult(len(lines), (time.perf_counter() - began) * 1000)

    async def execute_many(
        self, sql: str, rows: Iterable[Row], then: Sequence[D1PreparedStatement] = ()
    ) -> D1Result:
        """One statement for every row, `then` others once, in one transaction; the figures are of the rows.

        Beyond D1: the bulk path of the store.
        """
        held = rows if isinstance(rows, (list, tuple)) else list(rows)
        return (await self.driver.many(sql, held, [(one.sql, one.values) for one in then])).result()

    async def close(self) -> None:
        """Finish what runs and let go of the file or the connections."""
        await self.driver.close()
