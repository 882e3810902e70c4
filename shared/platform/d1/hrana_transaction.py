"""A transaction as one conditional batch: each step runs only if the one before succeeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.platform.d1.errors import D1Error
from shared.platform.d1.hrana_wire import to_error, to_statement
from shared.platform.d1.result import Query
from shared.platform.d1.statements import statements

Json = dict[str, Any]

# changes so far, last row inserted, size in bytes
SQL_FIGURES = (
    "SELECT total_changes(), last_insert_rowid(), (SELECT page_size FROM pragma_page_size) *"
    " ((SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count))"
)
FIGURES: Json = {"sql": SQL_FIGURES, "want_rows": True}


@dataclass(slots=True)
class Plan:
    """What stands between BEGIN and COMMIT, and where each query's steps are in it."""

    begin: str
    steps: list[Json] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)  # first step of a query, step after its last

    @property
    def reads(self) -> bool:
        return self.begin == "BEGIN"

    def add(self, messages: Sequence[Json]) -> None:
        """The steps of one query; where it writes, figures stand before and after."""
        if not self.reads and not self.steps:
            self.steps.append(FIGURES)
        self.spans.append((len(self.steps), len(self.steps) + len(messages)))
        self.steps.extend(messages)
        if not self.reads:
            self.steps.append(FIGURES)

    def position(self, step: int) -> int:
        """Which query a step belongs to."""
        return sum(end < step + 1 for _, end in self.spans)

    def request(self) -> Json:
        messages = [{"sql": self.begin}, *self.steps, {"sql": "COMMIT"}]
        batch: list[Json] = [{"stmt": messages[0]}]
        batch += [{"condition": done(i), "stmt": message} for i, message in enumerate(messages[1:])]
        undo = {"type": "and", "conds": [done(0), {"type": "not", "cond": done(len(batch) - 1)}]}
        return {
            "type": "batch",
            "batch": {"steps": [*batch, {"condition": undo, "stmt": {"sql": "ROLLBACK"}}]},
        }

    def results(self, answer: Json) -> list[Json]:
        """The result of each step, or the error of the one that failed (all is undone then)."""
        if answer["type"] == "error":
            raise to_error(answer["error"])
        batch = answer["response"]["result"]
        for number, error in enumerate(batch["step_errors"]):
            if error:
                raise positioned(to_error(error), self.position(number - 1))
        results: list[Json] = batch["step_results"][1 : len(self.steps) + 1]
        return results


def plan(queries: Sequence[Query], begin: str) -> Plan:
    made = Plan(begin)
    for number, query in enumerate(queries):
        try:
            made.add(messages(query))
        except D1Error as error:
            raise positioned(error, number) from error
    return made


def messages(query: Query) -> list[Json]:
    """Only the last of several statements takes the values."""
    *first, last = statements(query[0])
    return [*(to_statement(part, ()) for part in first), to_statement(last, query[1])]


def positioned(error: D1Error, number: int) -> D1Error:
    error.position = number
    return error


def done(step: int) -> Json:
    return {"type": "ok", "step": step}
