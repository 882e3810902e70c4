"""Which version of each kind of data is the newest: caches ask before they answer.

Collection publishes what it stored ("prices", "news", "signals"); the id of the last event of a topic
is the version of that data, the same on every replica.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from shared.errors import Unavailable
from shared.platform.kv import KV

log = logging.getLogger("api")
UNKNOWN = ""
RETRY_S = 1.0


class Freshness:
    """Follow topics in the background; `versions[topic]` is the newest event id, or UNKNOWN."""

    def __init__(self, kv: KV, topics: Sequence[str]) -> None:
        self.kv, self.topics = kv, tuple(topics)
        self.versions = dict.fromkeys(topics, UNKNOWN)
        self.task: asyncio.Task[None] | None = None

    def follow(self) -> None:
        """Start following, once; it ends with the event loop or by `close`."""
        if self.task is None:
            self.task = asyncio.get_running_loop().create_task(self.listen())

    async def listen(self) -> None:
        while True:
            try:
                async for event in self.kv.subscribe(self.topics):
                    self.versions[event.topic] = event.id
            except Unavailable as error:
                log.warning("Not following updates: %s", error)
            # events may have been missed meanwhile: nothing cached under an old version counts
            self.versions = dict.fromkeys(self.topics, UNKNOWN)
            await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
