"""SQL text into single statements, and the statements that D1 refuses whoever asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from shared.platform.d1 import limits
from shared.platform.d1.errors import (
    D1Error,
    no_statement,
    no_statements,
    no_transaction_statements,
    no_vacuum,
    not_authorized,
    sqlite_error,
)

# A word begins with a letter, _ or anything beyond ASCII; said by what it is not, it compiles in no time.
TOKEN = re.compile(
    r"""(?P<space>[ \t\n\r\f]+|--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<word>[^\x00-@[-^`{-\x7f][\w$]*)
    |(?P<end>;)
    |(?P<parameter>[:@$][A-Za-z_][\w$]*)
    |'(?:[^']|'')*(?:'|\Z)|"(?:[^"]|"")*(?:"|\Z)|`(?:[^`]|``)*(?:`|\Z)|\[[^\]]*(?:\]|\Z)
    |.""",
    re.VERBOSE | re.DOTALL,
)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TRANSACTIONS = words("BEGIN COMMIT END ROLLBACK SAVEPOINT RELEASE")
READERS = words("SELECT VALUES WITH EXPLAIN")
WRITERS = words("INSERT UPDATE DELETE REPLACE")  # WITH … DELETE; taking replace() for one does no harm
PRAGMAS = words("""
    case_sensitive_like data_version defer_foreign_keys foreign_key_check foreign_key_list
    foreign_keys ignore_check_constraints index_info index_list index_xinfo legacy_alter_table
    optimize quick_check recursive_triggers reverse_unordered_selects table_info table_list
    table_xinfo
""")
# answers that depend on what this connection wrote before
CONNECTION_STATE = re.compile(r"\b(last_insert_rowid|changes|total_changes)\s*\(", re.IGNORECASE)


class Statement(NamedTuple):
    """One statement; `verb` is its first word in capitals, '' where there is only white space or comment."""

    sql: str
    verb: str
    reads: bool  # may run on a reading connection
    names: tuple[str, ...]  # of its named parameters in order: (":a", "@b")
    refused: Callable[[], D1Error] | None  # D1 does not run it


def split(sql: str) -> Iterator[Statement]:
    """Cut at each `;` that SQLite would cut at; the bodies of triggers stay whole."""
    start, tokens = 0, list[tuple[str, str]]()
    for token in TOKEN.finditer(sql):
        kind = token.lastgroup or "sign"
        if kind == "space":
            continue
        if kind == "end" and not (in_trigger(tokens) and tokens[-2:] != [("end", ";"), ("word", "END")]):
            yield statement(sql[start : token.end()], tokens)
            start, tokens = token.end(), []
            continue
        tokens.append((kind, token.group() if kind == "parameter" else token.group().upper()))
    if sql[start:].strip() or start == 0:
        yield statement(sql[start:], tokens)


def in_trigger(tokens: list[tuple[str, str]]) -> bool:
    first = [word for _, word in tokens[:4]]
    begin = first[1:] if first[:1] == ["EXPLAIN"] else first
    return begin[:1] == ["CREATE"] and "TRIGGER" in begin[1:3]


def statement(sql: str, tokens: list[tuple[str, str]]) -> Statement:
    first = [word for _, word in tokens[:4]]
    verb = first[0] if first else ""
    writes = verb not in READERS or (verb == "WITH" and any(word in WRITERS for _, word in tokens))
    reads = not writes and not CONNECTION_STATE.search(sql)
    names = tuple(dict.fromkeys(name for kind, name in tokens if kind == "parameter"))
    return Statement(sql, verb, reads, names, refusal(sql, verb, first))


def refusal(sql: str, verb: str, first: list[str]) -> Callable[[], D1Error] | None:
    """What D1 refuses before SQLite sees it."""
    if not verb or "\0" in sql:
        return no_statement
    if verb in TRANSACTIONS:
        return no_transaction_statements
    if verb in ("ATTACH", "DETACH"):
        return not_authorized
    if verb == "PRAGMA" and pragma(first).lower() not in PRAGMAS:
        return not_authorized
    return no_vacuum if verb == "VACUUM" else None


def pragma(first: list[str]) -> str:
    return first[3] if first[2:3] == ["."] and len(first) > 3 else "".join(first[1:2])


@lru_cache(maxsize=2048)
def statements(sql: str) -> tuple[Statement, ...]:
    """The statements of one `prepare`; D1Error where there is none or the text is too long."""
    if not sql.strip():
        raise no_statements()
    if len(sql) > limits.SQL_BYTES or len(sql.encode(errors="replace")) > limits.SQL_BYTES:
        raise sqlite_error("statement too long", "SQLITE_TOOBIG")
    return tuple(split(sql))


def reads(sql: str) -> bool:
    """True where nothing in it writes."""
    return all(part.reads for part in statements(sql))
