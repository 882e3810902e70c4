"""How a SQLite connection is opened, and how apsw's errors are worded."""

from __future__ import annotations

import time
from typing import Any

import apsw

from shared.platform.d1 import limits
from shared.platform.d1.authorizer import TABLE_FUNCTIONS
from shared.platform.d1.errors import D1Error, sqlite_error, wrong_bindings

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
# of SQLite's machine between looks at the clock, on the event loop and elsewhere: some 0.03 and 3 ms
BRIEF_STEPS, STEPS = 1_000, 100_000


def open_database(path: str, writes: bool, brief: bool) -> apsw.Connection:
    """Open with D1's limits; `brief` does not wait for locks. Raises apsw.Error."""
    db = apsw.Connection(path, statementcachesize=256)
    db.set_busy_timeout(0 if brief else int(limits.BUSY_SECONDS * 1000))
    db.drop_modules(TABLE_FUNCTIONS)
    db.config(apsw.SQLITE_DBCONFIG_FP_DIGITS, 15)  # a REAL as TEXT as in D1, not 17 digits
    db.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
    db.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
    if writes:
        keep_log(db)
    # a killed process loses nothing; a power cut may lose the last commits, never half of one
    for pragma in ("synchronous = normal", "foreign_keys = on", f"query_only = {not writes}"):
        db.execute(f"PRAGMA {pragma}")
    for number, value in LIMITS.items():
        db.limit(number, value)
    return db


def keep_log(db: apsw.Connection) -> None:
    """Write-ahead log. SQLite does not wait for another process that is switching to it too."""
    deadline = time.monotonic() + limits.BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = wal").fetchall()
            return
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


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
