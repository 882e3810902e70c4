"""A clock that runs faster than the wall."""

from __future__ import annotations

import asyncio
import time


class DemoClock:
    """`start` (ms) plus the time since it was started, `speed` times as fast; call it as `env.now`.

    Until `run` it stands still, so that preparing takes no demo time.
    """

    def __init__(self, start: int, speed: float = 60.0) -> None:
        self.start, self.speed = start, speed
        self._began: float | None = None

    def __call__(self) -> int:
        if self._began is None:
            return self.start
        return self.start + int((time.monotonic() - self._began) * 1000 * self.speed)

    def run(self) -> None:
        self._began = time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of this clock."""
        await asyncio.sleep(seconds / self.speed)
