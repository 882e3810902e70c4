"""What SQL may touch: D1's allow-lists, asked by SQLite each time it compiles a statement."""

from __future__ import annotations

import apsw

from shared.platform.d1.statements import PRAGMAS, words

DENIED_OPERATIONS = frozenset(
    (
        apsw.SQLITE_ATTACH,
        apsw.SQLITE_DETACH,
        apsw.SQLITE_TRANSACTION,
        apsw.SQLITE_SAVEPOINT,
        apsw.SQLITE_CREATE_TEMP_INDEX,
        apsw.SQLITE_CREATE_TEMP_TABLE,
        apsw.SQLITE_CREATE_TEMP_TRIGGER,
        apsw.SQLITE_CREATE_TEMP_VIEW,
    )
)
FUNCTIONS = words("""
    abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil ceiling changes char coalesce concat
    concat_ws cos cosh count cume_dist current_date current_time current_timestamp date datetime
    degrees dense_rank exp first_value floor format fts5 glob group_concat hex highlight ifnull iif
    instr json json_array json_array_length json_each json_error_position json_extract
    json_group_array json_group_object json_insert json_object json_patch json_pretty json_quote
    json_remove json_replace json_set json_tree json_type json_valid jsonb jsonb_array
    jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch
    jsonb_remove jsonb_replace jsonb_set julianday lag last_insert_rowid last_value lead length like
    likelihood likely ln load_extension log log10 log2 lower ltrim match max min mod nth_value ntile
    nullif octet_length percent_rank pi pow power printf quote radians random randomblob rank replace
    round row_number rtrim sign sin sinh snippet sqrt strftime string_agg substr substring subtype sum
    tan tanh time timediff total total_changes trim trunc typeof unhex unicode unistr unistr_quote
    unixepoch unlikely upper zeroblob -> ->> sqlite_drop_column sqlite_fail sqlite_rename_column
    sqlite_rename_quotefix sqlite_rename_table sqlite_rename_test
""")
MODULES = words("fts5 fts5vocab")
TABLE_FUNCTIONS = MODULES | words("json_each json_tree")  # all others of this SQLite are dropped


def allowed(operation: int, first: str | None, second: str | None) -> bool:
    """`first` and `second` as SQLite's authorizer names them: table, pragma, function …"""
    if operation in DENIED_OPERATIONS:
        return False
    if operation == apsw.SQLITE_FUNCTION:
        return (second or "").lower() in FUNCTIONS
    if operation == apsw.SQLITE_PRAGMA:
        return (first or "").lower() in PRAGMAS
    if operation == apsw.SQLITE_CREATE_VTABLE:
        return (second or "").lower() in MODULES
    return operation == apsw.SQLITE_ANALYZE or not (reserved(first) or reserved(second))


def reserved(name: str | None) -> bool:
    """Cloudflare keeps these tables for itself."""
    return (name or "")[:4].lower() == "_cf_"
