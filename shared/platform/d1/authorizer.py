"""What SQL may touch: D1's allow-lists, asked by SQLite each time it compiles a statement."""

from __future__ import annotations

import apsw

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


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PRAGMAS = words("""
    case_sensitive_like defer_foreign_keys foreign_key_check foreign_key_list foreign_keys function_list
    ignore_check_constraints index_info index_list index_xinfo legacy_alter_table optimize quick_check
    recursive_triggers reverse_unordered_selects table_info table_list table_xinfo
""")
FUNCTIONS = words("""
    abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil ceiling changes char coalesce concat concat_ws
    cos cosh count cume_dist current_date current_time current_timestamp date datetime degrees dense_rank
    exp first_value floor format fts5 glob group_concat hex highlight ifnull iif instr json json_array
    json_array_insert json_array_length json_each json_error_position json_extract json_group_array
    json_group_object json_insert json_object json_patch json_pretty json_quote json_remove json_replace
    json_set json_tree json_type json_valid jsonb jsonb_array jsonb_array_insert jsonb_extract
    jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace
    jsonb_set julianday lag last_insert_rowid last_value lead length like likelihood likely ln log log10
    log2 lower ltrim match max min mod nth_value ntile nullif octet_length percent_rank pi pow power printf
    quote radians random randomblob rank replace round row_number rtrim sign sin sinh snippet sqrt strftime
    string_agg substr substring subtype sum tan tanh time timediff total total_changes trim trunc typeof
    unhex unicode unistr unistr_quote unixepoch unlikely upper zeroblob -> ->> sqlite_drop_column
    sqlite_fail sqlite_rename_column sqlite_rename_quotefix sqlite_rename_table sqlite_rename_test
""")
MODULES = frozenset(("fts5", "fts5vocab"))


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
    # the names Cloudflare keeps for itself
    return not (first or "").lower().startswith("_cf_") and not (second or "").lower().startswith("_cf_")
