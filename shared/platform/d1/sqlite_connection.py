"""One SQLite connection with D1's rules, synchronous; the driver gives each thread its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import apsw

from shared.platform.d1 import limits
from shared.platform.d1.authorizer import TABLE_FUNCTIONS, allowed
from shared.platform.d1.errors import D1Error, D1TypeError, sqlite_error, wrong_bindings
from shared.platform.d1.result import NO_NAMES, Answer, D1Meta, Query, Rows
from shared.platform.d1.statements import Statement, statements
from shared.platform.d1.values import Row, Value

T = TypeVar("T")
LIMITS = {
    apsw.SQLITE_LIMIT_SQL_LENGTH: limits.SQL_BYTES,
    apsw.SQLITE_LIMIT_VARIABLE_NUMBER: limits.PARAMETERS,
    apsw.SQLITE_LIMIT_COLUMN: limits.COLUMNS,
    apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: limits.LIKE_PATTERN_BYTES,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: limits.COMPOUND_SELECT_TERMS,
    apsw.SQLITE_LIMIT_EXPR_DEPTH: limits.EXPRESSION_DEPTH,
    apsw.SQLITE_LIMIT_VDBE_OP: limits.PROGRAM_STEPS,
    apsw.SQLITE_LIMIT_TRIGGER_DEPTH: limits.TRIGGER_DEPTH,
    apsw.SQLITE_LIMIT_FUNCTION_ARG: limits.FUNCTION_ARGUMENTS,
    apsw.SQLITE_LIMIT_LENGTH: limits.VALUE_BYTES,
    apsw.SQLITE_LIMIT_ATTACHED: 0,
}
BRIEF_SECONDS = 0.0005  # what a read on the event loop may take
BRIEF_STEPS, STEPS = 1_000, 100_000  # of SQLite's machine between looks at the clock: some 0.03 and 3 ms


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
        self._trusted = True
        self._deadline = float("inf")
        try:
            self._db = apsw.Connection(path, statementcachesize=256)
            self._cursor = self._db.cursor()
            self._configure(writes)
        except apsw.Error as error:
            raise translated(error) from error
        self._trusted = False

    def _configure(self, writes: bool) -> None:
        self._db.set_busy_timeout(0 if self._brief else int(limits.BUSY_SECONDS * 1000))
        self._db.drop_modules(TABLE_FUNCTIONS)
        self._db.config(apsw.SQLITE_DBCONFIG_FP_DIGITS, 15)  # a REAL as TEXT as in D1, not 17 digits
        self._db.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        self._db.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
        if writes:
            self._keep_log()
        # a killed process loses nothing; a power cut may lose the last commits, never half of one
        for pragma in ("synchronous = normal", "foreign_keys = on", f"query_only = {not writes}"):
            self._cursor.execute(f"PRAGMA {pragma}")
        self._page_size = self._number("PRAGMA page_size")
        for number, value in LIMITS.items():
            self._db.limit(number, value)
        self._db.authorizer = self._authorize
        self._db.set_progress_handler(self._overdue, BRIEF_STEPS if self._brief else STEPS)

    def _keep_log(self) -> None:
        """Write-ahead log. SQLite does not wait for another process that is switching to it too."""
        deadline = time.monotonic() + limits.BUSY_SECONDS
        while True:
            try:
                self._cursor.execute("PRAGMA journal_mode = wal").fetchall()
                return
            except apsw.BusyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def read(self, queries: Sequence[Query]) -> list[Answer]:
        """Statements that write nothing, on one snapshot."""
        if len(queries) == 1:
            return [self._answer(queries[0])]
        return self._transaction("BEGIN", lambda: self._answers(queries))

    def write(self, queries: Sequence[Query]) -> list[Answer]:
        # inside a transaction PRAGMA foreign_keys = off does nothing: as in D1 they stay on
        return self._transaction("BEGIN IMMEDIATE", lambda: self._answers(queries))

    def read_rows(self, query: Query, named: bool) -> Rows:
        """Rows without figures; `named` asks for the column names even where there is no row."""
        parts = statements(query[0])
        for part in parts[:-1]:
            self._execute(part, (), named)
        return self._execute(parts[-1], query[1], named)

    def write_rows(self, query: Query, named: bool) -> Rows:
        return self._transaction("BEGIN IMMEDIATE", lambda: self.read_rows(query, named))

    def many(self, sql: str, rows: Sequence[Row]) -> Answer:
        """One statement for every row, in one transaction."""
        began, changes, last = time.perf_counter(), self._db.total_changes(), self._last.row_id
        returned = self._transaction("BEGIN IMMEDIATE", lambda: self._execute_many(sql, rows))
        return Answer(NO_NAMES, returned, self._meta(began, changes, last, self._size(), 0))

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

    def _answers(self, queries: Sequence[Query]) -> list[Answer]:
        answers: list[Answer] = []
        try:
            for query in queries:
                answers.append(self._answer(query))
        except D1Error as error:
            error.position = len(answers)
            raise
        return answers

    def _answer(self, query: Query) -> Answer:
        began, changes = time.perf_counter(), self._db.total_changes()
        last, size = self._last.row_id, self._size()
        columns, rows = self.read_rows(query, False)
        return Answer(columns, rows, self._meta(began, changes, last, size, len(rows)))

    def _meta(self, began: float, changes: int, last: int, size: int, rows: int) -> D1Meta:
        changed, now = self._db.total_changes() - changes, self._size()
        if changed:
            self._last.row_id = self._db.last_insert_rowid()
        moved = bool(changed) or self._last.row_id != last or now != size
        milliseconds = (time.perf_counter() - began) * 1000
        return D1Meta(milliseconds, changed, self._last.row_id, moved, now, rows, changed)

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
        except (OverflowError, UnicodeEncodeError) as error:
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


def translated(error: Exception) -> D1Error:
    """apsw's exception as D1 words it."""
    if isinstance(error, apsw.BindingsError):
        return wrong_bindings()
    if isinstance(error, apsw.InterruptError):
        return D1Error("D1 DB storage operation exceeded timeout which caused object to be reset.")
    code = name(apsw.mapping_result_codes, getattr(error, "result", 1))
    extended = name(apsw.mapping_extended_result_codes, getattr(error, "extendedresult", 1))
    return sqlite_error(str(error), code, extended, getattr(error, "error_offset", -1))


def name(codes: dict[Any, Any], number: int) -> str:
    return str(codes.get(number, ""))
