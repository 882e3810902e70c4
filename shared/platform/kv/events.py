"""A bounded log of published events that any number of followers read at their own pace."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

from shared.platform.kv.interface import MISSED, Event

KEEP = 1000  # events; a client away for longer reads the data again
KEEP_BYTES = 32 * 2**20
EVENT_ID = re.compile(r"(\d{1,15})-(\d{1,15})")

Order = tuple[int, int]


def order_of(event_id: str) -> Order | None:
    """The sortable form of an id; None where a client invented it."""
    match = EVENT_ID.fullmatch(event_id)
    return (int(match[1]), int(match[2])) if match else None


class EventLog:
    """Events by position. A follower holds a position only, so that a slow one costs no memory."""

    def __init__(self, floor: Order) -> None:
        self.floor = floor  # what is not after this was never here, or is here no more
        self.last = floor
        self.end = 0  # position after the newest event
        self._events: list[Event] = []
        self._bytes = 0
        self._changed = asyncio.Event()

    def append(self, event: Event) -> None:
        self._events.append(event)
        self._bytes += len(event.message)
        self.end += 1
        self.last = order_of(event.id) or self.last
        if len(self._events) > 2 * KEEP or self._bytes > KEEP_BYTES:
            self._trim()
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _trim(self) -> None:
        """Drop the older half, or what is too much: rarely, so that an append costs little."""
        drop = max(1, len(self._events) - KEEP)
        while drop < len(self._events) and sum(len(e.message) for e in self._events[drop:]) > KEEP_BYTES // 2:
            drop += 1
        self.floor = order_of(self._events[drop - 1].id) or self.floor
        del self._events[:drop]
        self._bytes = sum(len(event.message) for event in self._events)

    def position_after(self, order: Order) -> int:
        """Where to go on after an id; a floor that is later than the id means events were lost."""
        first = self.end - len(self._events)
        later = (i for i, event in enumerate(self._events) if (order_of(event.id) or order) > order)
        return first + next(later, len(self._events))

    async def follow(self, topics: Sequence[str], position: int) -> AsyncIterator[Event]:
        """Yield the events of these topics from a position on, for ever."""
        wanted = frozenset(topics)
        while True:
            first = self.end - len(self._events)
            if position < first:
                position = first
                yield missed(self.floor)
                continue
            if position == self.end:
                await self._changed.wait()
                continue
            event = self._events[position - first]
            position += 1
            if event.topic in wanted:
                yield event


def missed(floor: Order) -> Event:
    return Event(f"{floor[0]}-{floor[1]}", MISSED, b"null")
