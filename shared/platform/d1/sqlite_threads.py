"""Threads that run work on connections of their own and hand the results to the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, Protocol, TypeVar


class Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T")
C = TypeVar("C", bound=Closable)


class Lane(Generic[C]):
    """Threads that share one queue, each with its own connection, opened when first needed."""

    def __init__(self, open_connection: Callable[[], C], threads: int) -> None:
        self._open = open_connection
        self._threads = threads
        self._queue: SimpleQueue[tuple[asyncio.Future[Any], Callable[[C], Any]] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._ended: list[asyncio.Future[None]] = []

    def submit(self, work: Callable[[C], T]) -> asyncio.Future[T]:
        """Run on one of the threads. Cancelled before it began it never runs; later it runs to its end."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((future, work))
        if len(self._ended) < self._threads and (not self._ended or self._queue.qsize() > 1):
            self._start()
        return future

    async def close(self) -> None:
        """End the threads after what is queued."""
        for _ in self._ended:
            self._queue.put(None)
        await asyncio.gather(*self._ended)

    def _start(self) -> None:
        ended: asyncio.Future[None] = self._loop.create_future()
        self._ended.append(ended)
        threading.Thread(target=self._serve, args=(ended,), name="d1", daemon=True).start()

    def _serve(self, ended: asyncio.Future[None]) -> None:
        connection: C | None = None
        done = Done(self._loop)
        while (job := self._queue.get()) is not None:
            future, work = job
            if future.cancelled():
                continue
            try:
                connection = connection or self._open()
                done.add(future, work(connection), None)
            except Exception as error:  # whatever it is belongs to the one who waits
                done.add(future, None, error)
            del job, future, work  # an idle thread holds on to nobody's rows
        if connection:
            connection.close()
        done.add(ended, None, None)


class Done:
    """Results of one thread on their way to the event loop: one wake-up takes all that are ready."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ready: deque[tuple[asyncio.Future[Any], Any, Exception | None]] = deque()

    def add(self, future: asyncio.Future[Any], answer: Any, error: Exception | None) -> None:
        self._ready.append((future, answer, error))
        # only this thread adds: where one waits already, its wake-up is still to come
        if len(self._ready) == 1 and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        while self._ready:
            future, answer, error = self._ready.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(answer)
            else:
                future.set_exception(error)
