"""Driver `hrana`: a sqld over HTTP. Every call is one pipeline, so no transaction waits for the network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from shared.platform.d1 import limits
from shared.platform.d1.errors import D1Unavailable, wrong_bindings
from shared.platform.d1.hrana_http import Http
from shared.platform.d1.hrana_transaction import Json, Plan, messages, plan
from shared.platform.d1.hrana_wire import chunks, encode, to_error, to_rows
from shared.platform.d1.result import NO_NAMES, Answer, D1Meta, Query, Rows
from shared.platform.d1.statements import reads, statements
from shared.platform.d1.values import Row, bind_rows

BUSY_PAUSE = 0.02


class HranaDriver:
    """Open it inside the event loop that will use it. Nothing is sent before the first statement."""

    def __init__(self, url: str, auth_token: str | None) -> None:
        self._http = Http(url, auth_token)
        self._last_row_id = 0
        self._size = 0

    async def query(self, queries: Sequence[Query]) -> list[Answer]:
        reading = all(reads(sql) for sql, _ in queries)
        if reading and len(queries) == 1 and len(statements(queries[0][0])) == 1:
            result = await self._read(queries[0])
            return [Answer(*to_rows(result), self._meta([result]))]
        made = plan(queries, "BEGIN" if reading else "BEGIN IMMEDIATE")
        results = await self._transaction(made)
        return [self._answer(made, results, start, end) for start, end in made.spans]

    async def rows(self, query: Query, named: bool) -> Rows:
        if reads(query[0]) and len(statements(query[0])) == 1:
            return to_rows(await self._read(query))
        answer = (await self.query([query]))[0]
        return answer.columns, answer.rows

    async def many(self, sql: str, rows: Sequence[Row], then: Sequence[Query]) -> Answer:
        """Many rows a statement where the SQL is a plain INSERT … VALUES (?, …), else a statement a row."""
        began = time.perf_counter()
        part, *more = statements(sql)
        if more or part.refused or len(set(map(len, rows))) > 1:
            raise (part.refused or wrong_bindings)()
        made = Plan("BEGIN IMMEDIATE")
        made.add(
            [
                {"sql": text, "args": [encode(v) for row in taken for v in row]}
                for text, taken in chunks(part, bind_rows(rows))
            ]
        )
        for query in then:
            made.add(messages(query))
        results = await self._transaction(made)
        answer = self._answer(made, results, *made.spans[0])
        returned = [row for result in results[slice(*made.spans[0])] for row in to_rows(result)[1]]
        answer.meta.duration = (time.perf_counter() - began) * 1000
        return Answer(NO_NAMES, returned, answer.meta)

    async def close(self) -> None:
        await self._http.close()

    async def _read(self, query: Query) -> Json:
        (message,) = messages(query)
        answer = (await self._http.pipeline([{"type": "execute", "stmt": message}], reads=True))[0]
        if answer["type"] == "error":
            raise to_error(answer["error"])
        result: Json = answer["response"]["result"]
        return result

    async def _transaction(self, made: Plan) -> list[Json]:
        """Run it whole; while another holds the write lock, nothing has happened and it is tried again."""
        deadline = time.monotonic() + limits.BUSY_SECONDS
        while True:
            answers = await self._http.pipeline([made.request()], reads=made.reads)
            try:
                return made.results(answers[0])
            except D1Unavailable as error:
                if error.extended != "SQLITE_BUSY" or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(BUSY_PAUSE)

    def _answer(self, made: Plan, results: list[Json], start: int, end: int) -> Answer:
        names, rows = to_rows(results[end - 1]) if end > start else (NO_NAMES, [])
        meta = self._meta(results[start:end])
        if not made.reads:
            self._changed(meta, to_rows(results[start - 1])[1][0], to_rows(results[end])[1][0])
        return Answer(names, rows, meta)

    def _meta(self, results: list[Json]) -> D1Meta:
        return D1Meta(
            duration=sum(result["query_duration_ms"] for result in results),
            last_row_id=self._last_row_id,
            size_after=self._size,
            rows_read=sum(result["rows_read"] for result in results),
            rows_written=sum(result["rows_written"] for result in results),
            served_by="sqld",
        )

    def _changed(self, meta: D1Meta, before: tuple[int, ...], after: tuple[int, ...]) -> None:
        """`before` and `after`: total changes, last row inserted, size."""
        meta.changes = after[0] - before[0]
        meta.changed_db = before != after
        meta.size_after = self._size = after[2]
        if meta.changes and after[1]:  # each call is a new connection: 0 where it inserted nothing
            meta.last_row_id = self._last_row_id = after[1]
