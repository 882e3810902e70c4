"""What D1 raises, worded and classed as Cloudflare's own binding does.

D1Error                 anything the database refuses; `code` is SQLite's: SQLITE_CONSTRAINT
  D1TypeError           a value that cannot be bound
  D1ExecError           a line of `exec`
  D1ColumnNotFound      `first(column)` names a column the row has not
  D1Unavailable         nobody answers, no room, the disk fails: also a 503 of the product
"""

from __future__ import annotations

from shared.errors import Unavailable


class D1Error(Exception):
    """`cause` is the message without D1's prefix, `extended` SQLite's finer code or ''."""

    prefix = "D1_ERROR"
    position = 0  # which statement of a batch failed, from 0

    def __init__(self, cause: str, code: str = "SQLITE_ERROR", extended: str = "") -> None:
        super().__init__(f"{self.prefix}: {cause}")
        self.cause = cause
        self.code = code
        self.extended = extended


class D1TypeError(D1Error, TypeError):
    prefix = "D1_TYPE_ERROR"


class D1ExecError(D1Error):
    prefix = "D1_EXEC_ERROR"


class D1ColumnNotFound(D1Error):
    prefix = "D1_COLUMN_NOTFOUND"

    def __init__(self, column: str) -> None:
        super().__init__(f"Column not found ({column})", self.prefix)
        self.cause = "Column not found"


class D1Unavailable(D1Error, Unavailable):
    """The database cannot work now: retry later. `extended` says why (SQLITE_FULL, SQLITE_BUSY, …)."""

    def __init__(self, cause: str, extended: str = "") -> None:
        D1Error.__init__(self, cause, code=Unavailable.code, extended=extended)
        self.details: dict[str, object] = {}


def sqlite_error(message: str, code: str, extended: str = "", offset: int = -1) -> D1Error:
    """D1's wording of an error of SQLite; `offset` is the byte in the SQL, -1 for unknown."""
    at = f" at offset {offset}" if offset >= 0 else ""
    finer = f" (extended: {extended})" if extended not in ("", code) else ""
    cause = f"{message}{at}: {code}{finer}"
    if code in ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_BUSY", "SQLITE_READONLY"):
        return D1Unavailable(cause, extended or code)
    return D1Error(cause, code, extended)


def wrong_bindings() -> D1Error:
    return D1Error("Wrong number of parameter bindings for SQL query.")


def no_statements() -> D1Error:
    return D1Error("No SQL statements detected.")


def no_statement() -> D1Error:
    return D1Error("SQL code did not contain a statement.")


def not_authorized() -> D1Error:
    return D1Error("not authorized: SQLITE_AUTH", "SQLITE_AUTH")


def no_vacuum() -> D1Error:
    return D1Error("cannot VACUUM from within a transaction: SQLITE_ERROR")


def no_transaction_statements() -> D1Error:
    return D1Error(
        "To execute a transaction, please use the state.storage.transaction() or "
        "state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT "
        "statements. The JavaScript API is safer because it will automatically roll back on "
        "exceptions, and because it interacts correctly with Durable Objects' automatic atomic "
        "write coalescing."
    )
