"""D1's limits, as its engine enforces them (workerd, src/workerd/util/sqlite.c++)."""

from __future__ import annotations

SQL_BYTES = 100_000
PARAMETERS = 100
COLUMNS = 100
LIKE_PATTERN_BYTES = 50
COMPOUND_SELECT_TERMS = 5
EXPRESSION_DEPTH = 100
PROGRAM_STEPS = 25_000
TRIGGER_DEPTH = 10
FUNCTION_ARGUMENTS = 127
# a row, a string or a BLOB; documented as 2,000,000, enforced a little above
VALUE_BYTES = 2_200_000

# our own: how long a statement waits for another process's write, and how long it may run
BUSY_SECONDS = 10.0
QUERY_SECONDS = 30.0
