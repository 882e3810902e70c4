"""The reads of the API: what a path answers, whose business it is, and when the answer gets old.

They need no framework: the hot path calls `load` itself, and FastAPI mounts the same functions for
documentation and everything else a framework is good for. The records are tuples because a dataclass costs
half a millisecond of every cold start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from functions.api.query import Query
from functions.api.snapshot import Snapshots
from shared.env import Env

TEXT: Mapping[str, Any] = {"type": "string"}


class Ask(NamedTuple):
    """One question: path parameters by name, the query, and what this process knows already."""

    env: Env
    snapshots: Snapshots
    path: Mapping[str, str]
    query: Query


class Parameter(NamedTuple):
    """A query parameter as OpenAPI documents it; `schema` is JSON Schema."""

    name: str
    doc: str
    schema: Mapping[str, Any] = TEXT

    def described(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "in": "query",
            "description": self.doc,
            "required": False,
            "schema": self.schema,
        }


class Read(NamedTuple):
    """One GET. `load` returns a value for JSON or raises a Problem; `topic` is the event that outdates it.

    `ready` gives the same value where it is in memory already, else None, for a query without parameters.
    `aliases` are further paths with the same answer (C20); `kv_key` names the value that replicas share.
    """

    path: str
    summary: str
    scope: str
    topic: str
    load: Callable[[Ask], Awaitable[Any]]
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    ready: Callable[[Ask], Any] | None = None
    kv_key: Callable[[Ask], Awaitable[str | None]] | None = None


LIMIT = Parameter(
    "limit", "Rows of a page", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
)
CURSOR = Parameter("cursor", "`next_cursor` of the page before")
AS_OF = Parameter(
    "as_of",
    "Answer with what was known at this instant: milliseconds since 1970 or ISO 8601",
    {"oneOf": [{"type": "integer"}, {"type": "string", "format": "date-time"}]},
)
