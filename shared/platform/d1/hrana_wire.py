"""Hrana 3 in JSON: statements and values out, rows and errors in.

https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from shared.platform.d1 import limits
from shared.platform.d1.errors import D1Error, D1TypeError, no_statement, sqlite_error, wrong_bindings
from shared.platform.d1.result import Rows
from shared.platform.d1.statements import Statement
from shared.platform.d1.values import Row, Value

Json = dict[str, Any]
NULL: Json = {"type": "null"}
# "SQLite error: …", "SQL input error: no such column: x (at offset 7)", "SQL string could not be parsed: …"
PREFIX = re.compile(r"^(SQLite error|SQL input error|SQL string could not be parsed): ")
OFFSET = re.compile(r" \(at offset (\d+)\)$")
EXTENDED = {
    "UNIQUE": "SQLITE_CONSTRAINT_UNIQUE",
    "NOT NULL": "SQLITE_CONSTRAINT_NOTNULL",
    "CHECK": "SQLITE_CONSTRAINT_CHECK",
    "FOREIGN KEY": "SQLITE_CONSTRAINT_FOREIGNKEY",
}


def encode(value: Any) -> Json:
    """One bound value; an integer travels as text, so that 64 bits survive JSON."""
    return ENCODE[type(value)](value)


def encode_integer(value: int) -> Json:
    if not -(2**63) <= value < 2**63:
        raise D1TypeError(f"Type 'int' not supported for value '{value}'", D1TypeError.prefix)
    return {"type": "integer", "value": str(int(value))}


ENCODE: dict[type, Callable[[Any], Json]] = {
    int: encode_integer,
    bool: encode_integer,
    float: lambda value: {"type": "float", "value": value} if isfinite(value) else NULL,
    str: lambda value: {"type": "text", "value": value},
    bytes: lambda value: {"type": "blob", "base64": b64encode(value).decode()},
    type(None): lambda _: NULL,
}


def decode(cell: Json) -> Value:
    kind = cell["type"]
    if kind == "text" or kind == "float":
        return cell["value"]  # type: ignore[no-any-return]
    if kind == "integer":
        return int(cell["value"])
    if kind == "null":
        return None
    text = cell["base64"]
    return b64decode(text + "=" * (-len(text) % 4))  # sqld leaves the padding out


def to_statement(part: Statement, values: Sequence[Value]) -> Json:
    """One statement with its values, as D1 checks it before it runs."""
    if part.refused:
        raise part.refused()
    if len(values) > limits.PARAMETERS:
        raise sqlite_error("too many SQL variables", "SQLITE_ERROR")
    if any(isinstance(v, (str, bytes)) and len(v) > limits.VALUE_BYTES for v in values):
        raise sqlite_error("string or blob too big", "SQLITE_TOOBIG")
    message: Json = {"sql": part.sql, "want_rows": True}
    if not part.names:
        return {**message, "args": list(map(encode, values))}
    if len(part.names) != len(values):
        raise wrong_bindings()
    # positional values do not reach named parameters here; SQLite itself numbers them in order
    named = zip(part.names, values, strict=True)
    return {**message, "named_args": [{"name": name, "value": encode(value)} for name, value in named]}


def to_rows(result: Json) -> Rows:
    names = [column["name"] for column in result["cols"]]
    return names, [tuple([decode(cell) for cell in row]) for row in result["rows"]]


def to_error(error: Json) -> D1Error:
    """sqld's error in D1's words."""
    code, message = str(error.get("code") or ""), str(error.get("message"))
    if code == "ARGS_INVALID":
        return wrong_bindings()
    if code == "SQL_NO_STATEMENT":
        return no_statement()
    if code and not code.startswith("SQL"):
        return D1Error(f"{message}: {code}", code)
    text = PREFIX.sub("", message)
    offset = OFFSET.search(text)
    extended = next((v for k, v in EXTENDED.items() if text.startswith(f"{k} constraint failed")), "")
    return sqlite_error(
        OFFSET.sub("", text),
        code if code.startswith("SQLITE_") else "SQLITE_ERROR",
        extended,
        int(offset.group(1)) if offset else -1,
    )


PLAIN_INSERT = re.compile(
    r"""(?P<head>\s*(?:INSERT(?:\s+OR\s+\w+)?|REPLACE)\s+INTO\s+[\w."]+\s*(?:\([^()?]*\)\s*)?VALUES\s*)
    (?P<row>\([\s?,]*\))(?P<tail>[^?]*)""",
    re.IGNORECASE | re.VERBOSE,
)
PARAMETERS_A_STATEMENT = 1_000  # more is not faster


def chunks(part: Statement, rows: Sequence[Row]) -> list[tuple[str, Sequence[Row]]]:
    """(SQL, the rows it takes) such that one statement stores many rows, where its form allows that."""
    form = PLAIN_INSERT.fullmatch(part.sql.rstrip().rstrip(";"))
    if part.names or not form:
        return [(part.sql, [row]) for row in rows]
    size = max(1, PARAMETERS_A_STATEMENT // max(1, form["row"].count("?")))
    return [
        (form["head"] + ",".join([form["row"]] * len(taken)) + form["tail"], taken)
        for taken in (rows[start : start + size] for start in range(0, len(rows), size))
    ]
