"""One SQLite connection with D1's rules, synchronous; the driver gives each thread its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import apsw

from shared.platform.d1 import limits
from shared.platform.d1.authorizer import allowed
from shared.platform.d1.errors import D1Error, D1TypeError, wrong_bindings
from shared.platform.d1.result import NO_NAMES, Answer, D1Meta, Query, Rows
from shared.platform.d1.sqlite_setup import BRIEF_STEPS, STEPS, open_database, translated
from shared.platform.d1.statements import Statement, statements
from shared.platform.d1.values import Row, Value, bind_rows, only_numbers

T = TypeVar("T")
BRIEF_SECONDS = 0.0005  # what a read on the event loop may take


@dataclass(slots=True)
class LastRow:
    """What the writer inserted last; D1 shows it in the figures of reads too."""

    row_id: int = 0


class TooLong(Exception):
    """A read did not end within the budget of the event loop; nothing happened."""


class Connection:
    """Use from one thread at a time."""

    def __init__(self, path: str, last: LastRow, *, writes: bool, brief: bool = False) -> None:
        self._last = last
        self._brief = brief
        self._seconds = BRIEF_SECONDS if brief else limits.QUERY_SECONDS
        self._deadline = float("inf")
        self._trusted = True
        try:
            self._db = open_database(path, writes, brief)
            self._cursor = self._db.cursor()
            self._page_size = self._number("PRAGMA page_size")
        except apsw.Error as error:
            raise translated(error) from error
        self._db.authorizer = self._authorize
        self._db.set_progress_handler(self._overdue, BRIEF_STEPS if brief else STEPS)
        self._trusted = False

    def read(self, queries: Sequence[Query]) -> list[Answer]:
        """Statements that write nothing, on one snapshot."""
        if len(queries) == 1:
            return [self._read_answer(queries[0])]
        return self._transaction("BEGIN", lambda: self._answers(queries, self._read_answer))

    def write(self, queries: Sequence[Query]) -> list[Answer]:
        # inside a transaction PRAGMA foreign_keys = off does nothing: as in D1 they stay on
        return self._transaction("BEGIN IMMEDIATE", lambda: self._write_answers(queries))

    def read_rows(self, query: Query, named: bool) -> Rows:
        """Rows without figures; `named` asks for the column names even where there is no row."""
        parts = statements(query[0])
        for part in parts[:-1]:
            self._execute(part, (), named)
        return self._execute(parts[-1], query[1], named)

    def write_rows(self, query: Query, named: bool) -> Rows:
        return self._transaction("BEGIN IMMEDIATE", lambda: self.read_rows(query, named))

    def many(self, sql: str, rows: Sequence[Row], then: Sequence[Query]) -> Answer:
        """One statement for every row, then others, in one transaction; the figures are of the first."""
        began, changes, size = time.perf_counter(), self._db.total_changes(), self._size()
        bound = rows if only_numbers(rows) else bind_rows(rows)

        def work() -> Answer:
            returned = self._execute_many(sql, bound)
            now = self._size()
            answer = Answer(NO_NAMES, returned, self._meta(began, changes, now != size, now, 0))
            self._answers(then, self._read_answer)
            return answer

        return self._transaction("BEGIN IMMEDIATE", work)

    def close(self) -> None:
        self._db.close()

    def _transaction(self, begin: str, work: Callable[[], T]) -> T:
        self._control(begin)
        try:
            done = work()
            self._control("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._control("ROLLBACK")
            raise
        return done

    def _control(self, sql: str) -> None:
        self._trusted = True
        try:
            self._cursor.execute(sql)
        except apsw.Error as error:
            raise translated(error) from error
        finally:
            self._trusted = False

    def _number(self, sql: str) -> int:
        number: Any = self._cursor.execute(sql).fetchall()[0][0]
        return int(number)

    def _size(self) -> int:
        self._trusted = True
        used = self._number("PRAGMA page_count") - self._number("PRAGMA freelist_count")
        self._trusted = False
        return used * self._page_size

    def _answers(self, queries: Sequence[Query], answer: Callable[[Query], Answer]) -> list[Answer]:
        answers: list[Answer] = []
        try:
            for query in queries:
                answers.append(answer(query))
        except D1Error as error:
            error.position = len(answers)
            raise
        return answers

    def _read_answer(self, query: Query) -> Answer:
        began = time.perf_counter()
        columns, rows = self.read_rows(query, False)
        milliseconds = (time.perf_counter() - began) * 1000
        meta = D1Meta(milliseconds, 0, self._last.row_id, False, self._size(), len(rows), 0)
        return Answer(columns, rows, meta)

    def _write_answers(self, queries: Sequence[Query]) -> list[Answer]:
        size = self._size()

        def answer(query: Query) -> Answer:
            nonlocal size
            began, changes, before = time.perf_counter(), self._db.total_changes(), size
            columns, rows = self.read_rows(query, False)
            size = self._size()
            return Answer(columns, rows, self._meta(began, changes, before != size, size, len(rows)))

        return self._answers(queries, answer)

    def _meta(self, began: float, changes: int, resized: bool, size: int, rows: int) -> D1Meta:
        """Of a statement that may write; `changes` is the count before it."""
        changed, last = self._db.total_changes() - changes, self._last.row_id
        if changed:
            self._last.row_id = self._db.last_insert_rowid()
        moved = bool(changed) or resized or self._last.row_id != last
        milliseconds = (time.perf_counter() - began) * 1000
        return D1Meta(milliseconds, changed, self._last.row_id, moved, size, rows, changed)

    def _execute(self, part: Statement, values: tuple[Value, ...], named: bool) -> Rows:
        if part.refused:
            raise part.refused()
        self._deadline = time.monotonic() + self._seconds
        try:
            self._cursor.execute(part.sql, values)
            names = self._names(part, values, named)
            return names, self._cursor.fetchall()
        except (apsw.Error, UnicodeDecodeError) as error:
            raise self._refused(error) from error

    def _execute_many(self, sql: str, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        part, *more = statements(sql)
        if more or part.refused:
            raise (part.refused or wrong_bindings)()
        self._deadline = time.monotonic() + self._seconds
        try:
            return self._cursor.executemany(sql, rows).fetchall()
        except apsw.Error as error:
            raise self._refused(error) from error
        except (TypeError, OverflowError, UnicodeEncodeError) as error:
            raise D1TypeError(f"a value of a row cannot be bound: {error}", D1TypeError.prefix) from error

    def _refused(self, error: Exception) -> Exception:
        """What the caller is told, after letting go of the statement and with it of its snapshot."""
        self._cursor.close(True)
        self._cursor = self._db.cursor()
        if isinstance(error, UnicodeDecodeError):
            return D1Error(f"a text of the result is not UTF-8: {error.reason}")
        if self._brief and isinstance(error, (apsw.InterruptError, apsw.BusyError)):
            return TooLong()
        return translated(error)

    def _names(self, part: Statement, values: tuple[Value, ...], named: bool) -> Sequence[str]:
        try:
            return [column[0] for column in self._cursor.get_description()]
        except apsw.ExecutionCompleteError:
            return self._names_without_rows(part, values) if named else NO_NAMES

    def _names_without_rows(self, part: Statement, values: tuple[Value, ...]) -> Sequence[str]:
        """SQLite tells names only of a compiled statement: compile it again and stop before it runs."""
        names: list[str] = []

        def look(cursor: apsw.Cursor, _sql: str, _bindings: Any) -> bool:
            names.extend(column[0] for column in cursor.get_description())
            return False

        cursor = self._db.cursor()
        cursor.exec_trace = look
        try:
            cursor.execute(part.sql, values)
        except apsw.ExecTraceAbort:
            return names
        return NO_NAMES

    def _authorize(self, operation: int, *names: str | None) -> int:
        ok = self._trusted or allowed(operation, names[0], names[1])
        return apsw.SQLITE_OK if ok else apsw.SQLITE_DENY

    def _overdue(self) -> bool:
        return time.monotonic() > self._deadline
