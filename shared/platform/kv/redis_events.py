"""Events over a Redis stream: one reader a process feeds a bounded log that all its followers share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from shared.platform.kv.events import KEEP, EventLog, Order, missed, order_of
from shared.platform.kv.interface import Event, KVUnavailable
from shared.platform.kv.redis_client import Client
from shared.platform.kv.scripts import EVENTS

BLOCK_S = 5.0
AGAIN_S = 0.5


class RedisEvents:
    """Publish to the stream and follow it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._log: EventLog | None = None
        self._task: asyncio.Task[None] | None = None
        self._started = asyncio.Event()
        self._closing = False

    async def publish(self, topic: str, message: bytes) -> str:
        """Append to the stream; "" while Redis is away, for a live update is not worth a failed job."""
        fields: dict[Any, Any] = {"t": topic, "m": message}
        try:
            made = await self._client.call(lambda r: r.xadd(EVENTS, fields, maxlen=KEEP, approximate=True))
        except KVUnavailable:
            return ""
        return str(made.decode())

    async def subscribe(self, topics: Sequence[str], after: str | None = None) -> AsyncIterator[Event]:
        """Follow from the moment the first event is asked for, or after an id."""
        log = await self._reading()
        position = log.end
        order = order_of(after) if after is not None else None
        if after is not None:
            async for event in self._backlog(order, log.last, frozenset(topics)):
                yield event
        async for event in log.follow(topics, position):
            yield event

    async def _backlog(
        self, after: Order | None, until: Order, topics: frozenset[str]
    ) -> AsyncIterator[Event]:
        """What the stream holds after an id up to where the live log begins."""
        known, floor, events = await self._range(after, until)
        if not known:
            yield missed(floor)
        for event in events:
            if event.topic in topics:
                yield event

    async def _range(self, after: Order | None, until: Order) -> tuple[bool, Order, list[Event]]:
        async def read(redis: Any) -> Any:
            async with redis.pipeline(transaction=True) as pipe:
                pipe.xinfo_stream(EVENTS)
                pipe.xrange(EVENTS, f"({text(after)}" if after else "-", text(until))
                return await pipe.execute(raise_on_error=False)

        try:
            info, rows = await self._client.call(read)
        except KVUnavailable:
            return False, until, []
        if isinstance(info, Exception) or isinstance(rows, Exception):  # there is no stream yet
            return False, until, []
        first = order_of(info["first-entry"][0].decode()) or (0, 0)
        # Ids are only ever given out by the stream: an older one has been trimmed or lost with the server.
        return after is not None and after >= first, first, [event_of(*row) for row in rows]

    async def _reading(self) -> EventLog:
        """The log of this process, once its reader knows where the stream stands."""
        if self._task is None:
            self._task = asyncio.create_task(self._read())
        await self._started.wait()
        assert self._log is not None
        return self._log

    async def _read(self) -> None:
        from redis.exceptions import RedisError

        reader = self._client.reader(BLOCK_S)
        try:
            while not self._closing:
                try:
                    await self._read_once(reader)
                except (RedisError, OSError):
                    await asyncio.sleep(AGAIN_S)
        finally:
            await reader.aclose()

    async def _read_once(self, reader: Any) -> None:
        if self._log is None:
            newest = await reader.xrevrange(EVENTS, count=1)
            self._log = EventLog((order_of(newest[0][0].decode()) or (0, 0)) if newest else (0, 0))
            self._started.set()
        found = await reader.xread({EVENTS: text(self._log.last)}, count=KEEP, block=int(BLOCK_S * 1000))
        # RESP3 answers with a mapping, RESP2 with pairs.
        streams = found.values() if isinstance(found, dict) else [rows for _, rows in found or []]
        for rows in streams:
            for row in rows[0] if rows and isinstance(rows[0], list) else rows:
                self._log.append(event_of(*row))

    async def close(self) -> None:
        """Stop the reader."""
        self._closing = True
        # Once may not do: a cancellation that meets the end of a read is lost in redis-py's time-outs.
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=0.1)


def event_of(event_id: bytes, fields: dict[bytes, bytes]) -> Event:
    return Event(event_id.decode(), fields[b"t"].decode(), fields[b"m"])


def text(order: Order) -> str:
    return f"{order[0]}-{order[1]}"
