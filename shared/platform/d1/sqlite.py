"""Driver `sqlite`: one file, one writing thread, a few reading threads, nothing slow on the event loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from shared.platform.d1.errors import D1Error, D1Unavailable
from shared.platform.d1.result import Answer, Query, Rows
from shared.platform.d1.sqlite_connection import Connection, LastRow
from shared.platform.d1.statements import statements
from shared.platform.d1.values import Row

T = TypeVar("T")
Work = Callable[[Connection], Any]
READERS = max(2, min(4, os.cpu_count() or 2))


class Lane:
    """Threads that share one queue, each with its own connection."""

    def __init__(self, open_connection: Callable[[], Connection], threads: int) -> None:
        self._open = open_connection
        self._threads = threads
        self._started = 0
        self._queue: SimpleQueue[tuple[asyncio.Future[Any], Work] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._ended: list[asyncio.Future[None]] = []

    def submit(self, work: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Run on one of the threads. Cancelled before it began it never runs; later it runs to its end."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((future, work))
        if self._started < self._threads and (not self._started or self._queue.qsize() > 1):
            self._start()
        return future

    def _start(self) -> None:
        self._started += 1
        ended: asyncio.Future[None] = self._loop.create_future()
        self._ended.append(ended)
        threading.Thread(target=self._serve, args=(ended,), name="d1", daemon=True).start()

    def _serve(self, ended: asyncio.Future[None]) -> None:
        connection: Connection | None = None
        while (job := self._queue.get()) is not None:
            future, work = job
            if future.cancelled():
                continue
            try:
                connection = connection or self._open()
                self._finish(future, work(connection), None)
            except Exception as error:  # whatever it is belongs to the one who waits
                self._finish(future, None, error)
        if connection:
            connection.close()
        self._finish(ended, None, None)

    def _finish(self, future: asyncio.Future[Any], answer: Any, error: BaseException | None) -> None:
        # one wake-up of the event loop hands over all that is done by then
        self._done.append((future, answer, error))
        if len(self._done) == 1:
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        while self._done:
            future, answer, error = self._done[0]
            if not future.done():
                if error is None:
                    future.set_result(answer)
                else:
                    future.set_exception(error)
            self._done.popleft()

    async def close(self) -> None:
        """End the threads after what is queued."""
        for _ in self._ended:
            self._queue.put(None)
        await asyncio.gather(*self._ended)


class SqliteDriver:
    """Open it inside the event loop that will use it."""

    def __init__(self, path: str) -> None:
        last = LastRow()
        self._closed = False
        self._shared_file = path != ":memory:"
        self._writer = Lane(partial(Connection, path, last, writes=True), 1)
        self._reader = Lane(partial(Connection, path, last, writes=False), READERS)
        self._writers: set[str] = set()  # begin like a read, but write: WITH … DELETE

    async def query(self, queries: Sequence[Query]) -> list[Answer]:
        if self._all_read(queries):
            try:
                return await self._submit(self._reader, lambda c: c.read(queries))
            except D1Unavailable as error:
                if error.extended != "SQLITE_READONLY":
                    raise
                self._writers.update(sql for sql, _ in queries)
        return await self._submit(self._writer, lambda c: c.write(queries))

    async def rows(self, query: Query, named: bool) -> Rows:
        if self._all_read((query,)):
            try:
                return await self._submit(self._reader, lambda c: c.read_rows(query, named))
            except D1Unavailable as error:
                if error.extended != "SQLITE_READONLY":
                    raise
                self._writers.add(query[0])
        return await self._submit(self._writer, lambda c: c.write_rows(query, named))

    async def many(self, sql: str, rows: Sequence[Row]) -> Answer:
        return await self._submit(self._writer, lambda c: c.many(sql, rows))

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._reader.close()
        await self._writer.close()  # last, so that it can fold the log into the file

    def _submit(self, lane: Lane, work: Callable[[Connection], T]) -> asyncio.Future[T]:
        if self._closed:
            raise D1Error("the database is closed", "SQLITE_MISUSE")
        return lane.submit(work)

    def _all_read(self, queries: Sequence[Query]) -> bool:
        return self._shared_file and all(
            part.reads and sql not in self._writers for sql, _ in queries for part in statements(sql)
        )


async def open_sqlite(path: str) -> SqliteDriver:
    """Open or create the file (`:memory:` for none); D1Unavailable if that cannot be."""
    if path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    driver = SqliteDriver(path)
    await driver.query([("PRAGMA foreign_keys", ())])
    return driver
