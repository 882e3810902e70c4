"""The key-value binding: one interface, a driver in the process and one on Redis."""

from __future__ import annotations

import time
from collections.abc import Callable

from shared.platform.kv.interface import KV as KV
from shared.platform.kv.interface import Decision as Decision
from shared.platform.kv.interface import Event as Event
from shared.platform.kv.interface import KVKey as KVKey
from shared.platform.kv.interface import KVList as KVList
from shared.platform.kv.interface import KVUnavailable as KVUnavailable
from shared.platform.kv.interface import Layer as Layer
from shared.platform.kv.interface import Lease as Lease


async def connect(url: str | None, now: Callable[[], int] | None = None, *, timeout_s: float = 0.05) -> KV:
    """Open the store: without a URL in this process, with `redis://…` on Redis.

    `now` (ms) is the clock of the driver in the process; Redis uses its server's. A Redis that is not
    there yet is no error: each call says so, and the first that is answered ends it.
    """
    if url:
        from shared.platform.kv.redis_driver import RedisKV

        return RedisKV(url, timeout_s)
    from shared.platform.kv.memory import MemoryKV

    return MemoryKV(now or (lambda: time.time_ns() // 1_000_000))
