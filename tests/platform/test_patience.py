"""A time-out is the other side's, never the fault of a busy loop."""

from __future__ import annotations

import asyncio
import time

import pytest

from shared.platform.patience import in_time


async def test_silence_ends_after_the_time() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await in_time(asyncio.Event().wait(), 0.05)
    assert time.monotonic() - began >= 0.045


async def test_an_answer_that_came_while_the_loop_was_busy_counts() -> None:
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(in_time(answer, 0.05))
    await asyncio.sleep(0)
    time.sleep(0.1)  # what an import in this thread does
    asyncio.get_running_loop().call_soon(answer.set_result, "here")
    assert await waiting == "here"


async def test_what_the_work_raises_comes_through() -> None:
    async def broken() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await in_time(broken(), 0.05)
