"""Calls to Redis that never hang: a bounded pool, 50 ms time-outs, and a breaker over both."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shared.platform.kv.interface import KVUnavailable
from shared.platform.patience import in_time

if TYPE_CHECKING:
    from redis.asyncio import Redis

POOL = 16
REST_S = 1.0  # after a failure nobody asks for so long; then one caller tries
LATE_BEFORE_REST = 2  # one late answer may be a busy machine; a refused connection counts at once
log = logging.getLogger(__name__)


class Client:
    """A redis-py client with a breaker: a Redis that hangs costs one time-out a second, not one a call."""

    def __init__(self, url: str, timeout_s: float) -> None:
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import ConnectionError as Lost

        self.url = url
        self.timeout_s = timeout_s
        # One more try where the connection is lost: an idle one may have been closed by the server.
        self._retry = Retry(NoBackoff(), 1, supported_errors=(Lost,))
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=POOL,
            timeout=None,  # the slots below wait, where the breaker can end it
            socket_timeout=None,  # whole calls are bounded below
            socket_connect_timeout=None,
            retry=self._retry,
        )
        self.redis: Redis = Redis(connection_pool=pool)
        self._slots = asyncio.Semaphore(POOL)
        self._closed_until = 0.0
        self._down = False
        self._late = 0  # answers in a row

    def reader(self, block_s: float) -> Redis:
        """A client of its own for calls that wait at the server for `block_s`."""
        from redis.asyncio import Redis

        return Redis.from_url(
            self.url,
            max_connections=1,
            socket_timeout=block_s + 1,
            socket_connect_timeout=max(self.timeout_s, 0.5),
            retry=self._retry,
        )

    async def call(self, work: Callable[[Any], Any]) -> Any:
        """Do one thing with Redis; raises KVUnavailable when it does not answer in time."""
        from redis.exceptions import ConnectionError as Lost
        from redis.exceptions import RedisError
        from redis.exceptions import TimeoutError as Late

        async with self._slots:
            if time.monotonic() < self._closed_until:
                raise KVUnavailable("the key-value store does not answer")
            if self._down:  # this caller probes, the others go on failing at once
                self._closed_until = time.monotonic() + REST_S
            try:
                answer = await in_time(work(self.redis), self.timeout_s)
            except (Lost, Late, OSError) as error:
                self._fail(error, 1 if isinstance(error, Late | TimeoutError) else LATE_BEFORE_REST)
                raise KVUnavailable("the key-value store does not answer") from error
            except RedisError as error:
                if not unwilling(error):
                    raise
                self._fail(error, LATE_BEFORE_REST)
                raise KVUnavailable("the key-value store cannot take this now") from error
            self._late = 0
            if self._down:
                self._down = False
                self._closed_until = 0.0
                log.warning("Key-value store answers again")
            return answer

    def _fail(self, error: Exception, weight: int) -> None:
        self._late += weight
        if self._late < LATE_BEFORE_REST:
            return
        self._closed_until = time.monotonic() + REST_S
        if not self._down:
            self._down = True
            log.error("Key-value store does not answer", extra={"metadata": {"error": type(error).__name__}})

    async def close(self) -> None:
        await self.redis.aclose()
        await self.redis.connection_pool.disconnect()


def unwilling(error: Any) -> bool:
    """Whether Redis is up but loading, out of memory, a replica, or asks for a password."""
    text = str(error).upper()
    words = ("LOADING", "BUSY", "OOM", "READONLY", "NOAUTH", "WRONGPASS", "MASTERDOWN", "MISCONF", "TRYAGAIN")
    return text.startswith(words) or "OUT OF MEMORY" in text or "AUTHENTICATION" in text
