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
Outcome = tuple[asyncio.Future[Any], Any, Exception | None]


class Lane(Generic[C]):
    """Threads that share one queue, each with its own connection, opened when first needed."""

    def __init__(self, open_connection: Callable[[], C], threads: int) -> None:
        self._open = open_connection
        self._threads = threads
        self._queue: SimpleQueue[tuple[asyncio.Future[Any], Callable[[C], Any]] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._ended: list[asyncio.Future[None]] = []
        self._unfinished = 0

    def submit(self, work: Callable[[C], T]) -> asyncio.Future[T]:
        """Run on one of the threads. Cancelled before it began it never runs; later it runs to its end."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((future, work))
        self._unfinished += 1
        if len(self._ended) < min(self._unfinished, self._threads):
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
        # results on their way to the event loop; only this thread adds
        done: deque[Outcome] = deque()
        while (job := self._queue.get()) is not None:
            future, work = job
            answer, error = None, None
            try:
                if not future.cancelled():
                    connection = connection or self._open()
                    answer = work(connection)
            except Exception as failure:  # whatever it is belongs to the one who waits
                error = failure
            self._hand_over(done, (future, answer, error))
            del job, future, work, answer, error  # an idle thread holds on to nobody's rows
        if connection:
            connection.close()
        self._hand_over(done, (ended, None, None))

    def _hand_over(self, done: deque[Outcome], outcome: Outcome) -> None:
        done.append(outcome)
        # one wake-up takes all that are ready: where another waits already, its wake-up is still to come
        if len(done) == 1 and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, done)

    def _deliver(self, done: deque[Outcome]) -> None:
        while done:
            future, answer, error = done.popleft()
            self._unfinished -= 1
            if future.done():
                continue
            if error is None:
                future.set_result(answer)
            else:
                future.set_exception(error)
