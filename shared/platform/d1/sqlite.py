"""Driver `sqlite`: one file, one writing thread, a few reading threads.

A hop to a thread and back costs some 50 µs, a point read 4 µs. So a read that was quick before runs on the
event loop, interrupted after half a millisecond. Each time it stalls there, it must be quick on the threads
twice as often before it may return.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from shared.platform.d1.errors import D1Error, D1Unavailable
from shared.platform.d1.result import Answer, Query, Rows
from shared.platform.d1.sqlite_connection import (
    BRIEF_SECONDS,
    Connection,
    LastRow,
    TooLong,
)
from shared.platform.d1.sqlite_threads import Lane
from shared.platform.d1.statements import reads
from shared.platform.d1.values import Row

T = TypeVar("T")
READERS = max(2, min(4, os.cpu_count() or 2))
QUICK_SECONDS = BRIEF_SECONDS / 2  # a read this short may run on the event loop next time
LONGEST_TRIAL = 1024  # quick runs on the threads that are asked of the worst
REMEMBERED = 4096  # statements whose speed is known; a program has a few hundred


class SqliteDriver:
    """Open it inside the event loop that will use it."""

    def __init__(self, path: str) -> None:
        last = LastRow()
        self._closed = False
        self._in_memory = path == ":memory:"
        self._writer = Lane(partial(Connection, path, last, writes=True), 1)
        self._reader = Lane(partial(Connection, path, last, writes=False), READERS)
        self._open_here = partial(Connection, path, last, writes=False, brief=True)
        self._here: Connection | None = None
        self._quick: set[str] = set()
        self._trial: dict[str, int] = {}  # how many quick runs a statement must show …
        self._shown: Counter[str] = Counter()  # … and has shown

    async def query(self, queries: Sequence[Query]) -> list[Answer]:
        alone = queries[0][0] if len(queries) == 1 else ""
        if all(reads(sql) for sql, _ in queries):
            return await self._read(alone, lambda connection: connection.read(queries))
        return await self._write(lambda connection: connection.write(queries))

    async def rows(self, query: Query, named: bool) -> Rows:
        if reads(query[0]):
            return await self._read(query[0], lambda connection: connection.read_rows(query, named))
        return await self._write(lambda connection: connection.write_rows(query, named))

    async def many(self, sql: str, rows: Sequence[Row], then: Sequence[Query]) -> Answer:
        return await self._write(lambda connection: connection.many(sql, rows, then))

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._here:
            self._here.close()
        await self._reader.close()
        await self._writer.close()  # last, so that it folds the log into the file

    def _write(self, work: Callable[[Connection], T]) -> Awaitable[T]:
        self._check_open()
        return self._writer.submit(work)

    async def _read(self, sql: str, work: Callable[[Connection], T]) -> T:
        """`sql` is '' for what never runs on the event loop."""
        self._check_open()
        if self._in_memory:
            return await self._writer.submit(work)  # only one connection can see it
        if sql in self._quick:
            try:
                return self._read_here(sql, work)
            except TooLong:
                pass  # nothing happened: the threads do it
        answer, seconds = await self._reader.submit(partial(timed, work))
        if sql and seconds < QUICK_SECONDS:
            self._promote(sql)
        return answer

    def _read_here(self, sql: str, work: Callable[[Connection], T]) -> T:
        began = time.perf_counter()
        try:
            self._here = self._here or self._open_here()
            return work(self._here)
        finally:
            if time.perf_counter() - began > BRIEF_SECONDS:
                self._quick.discard(sql)
                self._trial[sql] = min(2 * self._trial.get(sql, 1), LONGEST_TRIAL)
                self._shown[sql] = 0

    def _promote(self, sql: str) -> None:
        """A quick run on a thread: enough of them, and the next is on the event loop."""
        self._shown[sql] += 1
        if self._shown[sql] >= self._trial.get(sql, 1):
            self._quick.add(sql)
        if len(self._shown) > REMEMBERED:
            for known in (self._quick, self._trial, self._shown):
                known.clear()

    def _check_open(self) -> None:
        if self._closed:
            raise D1Error("the database is closed: SQLITE_MISUSE", "SQLITE_MISUSE")


def timed(work: Callable[[Connection], T], connection: Connection) -> tuple[T, float]:
    began = time.perf_counter()
    return work(connection), time.perf_counter() - began


async def open_sqlite(path: str) -> SqliteDriver:
    """Open or create the file (`:memory:` for none); D1Unavailable if that cannot be."""
    try:
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise D1Unavailable(f"no folder for the database: {error.strerror}", "SQLITE_CANTOPEN") from error
    driver = SqliteDriver(path)
    try:
        await driver.query([("PRAGMA foreign_keys", ())])
    except D1Error:
        await driver.close()
        raise
    return driver
