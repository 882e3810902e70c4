"""Time-outs that judge the other side, not how busy this process is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")
TICKS = 25  # of a time-out; a tick counts once, however late this process came to notice it


async def in_time(work: Awaitable[T], seconds: float) -> T:
    """Await `work` for so long as the event loop turns; raises TimeoutError.

    While this process is busy (a burst, an import in a thread) it can see no answer, so that time does not
    count: giving up then would call a server dead that has long answered.
    """
    loop, limit = asyncio.get_running_loop(), asyncio.timeout(None)
    timer: asyncio.TimerHandle | None = None

    def tick(left: int) -> None:
        nonlocal timer
        if left:
            timer = loop.call_later(seconds / TICKS, tick, left - 1)
        else:
            limit.reschedule(loop.time())

    tick(TICKS)
    try:
        async with limit:
            return await work
    finally:
        if timer:
            timer.cancel()
