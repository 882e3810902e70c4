"""The key-value store inside one process: what the embedded setting and most tests use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import orjson

from shared.platform.kv.checks import (
    check_key,
    check_limit,
    check_metadata,
    check_ttl,
    check_value,
    cursor_of,
    name_of,
)
from shared.platform.kv.events import EventLog, missed, order_of
from shared.platform.kv.interface import LIST_LIMIT, Decision, Event, KVKey, KVList, Layer, Lease
from shared.platform.kv.limiter import Limiter

Entry = tuple[bytes, bytes | None, int | None]  # value, metadata as JSON, expiry in ms
SWEEP_EVERY = 512  # writes between two looks for what has expired


class MemoryKV:
    """A dict with expiry. Nothing here awaits, so every method is atomic."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self._entries: dict[str, Entry] = {}
        self._writes = 0
        self._limiter = Limiter()
        self._log = EventLog((now(), 0))
        self._leases: dict[str, Lease] = {}
        self._last_token = 0
        self._counters: dict[str, float] = {}

    def _live(self, key: str) -> Entry | None:
        entry = self._entries.get(key)
        if entry is None or entry[2] is None or entry[2] > self.now():
            return entry
        del self._entries[key]
        return None

    async def get(self, key: str) -> bytes | None:
        """The value, or None where there is none or it has expired."""
        entry = self._live(key)
        if entry is None and key.startswith("rate_limit:"):
            return self._limiter.read(key)
        return entry[0] if entry else None

    async def get_with_metadata(self, key: str) -> tuple[bytes | None, dict[str, Any] | None]:
        """The value with what was stored beside it."""
        entry = self._live(key)
        if entry is None:
            return await self.get(key), None
        return entry[0], orjson.loads(entry[1]) if entry[1] is not None else None

    async def put(
        self,
        key: str,
        value: bytes | str,
        *,
        ttl: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Store; `ttl` in seconds, metadata at most 1 KiB of JSON. Raises Invalid beyond the limits."""
        check_key(key)
        check_ttl(ttl)
        until = None if ttl is None else self.now() + max(1, round(ttl * 1000))
        self._entries[key] = (check_value(value), check_metadata(metadata), until)
        self._writes += 1
        if self._writes % SWEEP_EVERY == 0:
            for name in [*self._entries]:
                self._live(name)

    async def delete(self, key: str) -> None:
        """Forget the key, if it is there."""
        self._entries.pop(key, None)

    async def list(self, prefix: str = "", *, limit: int = LIST_LIMIT, cursor: str | None = None) -> KVList:
        """One page of the names under a prefix, sorted by their UTF-8 bytes."""
        check_limit(limit)
        after = name_of(cursor)
        # Python compares strings by code point, which is the order of their UTF-8 bytes.
        names = sorted(n for n in [*self._entries] if n.startswith(prefix) and n > after and self._live(n))
        rows = [(name, self._entries[name]) for name in names[:limit]]
        keys = [KVKey(name, e[2], orjson.loads(e[1]) if e[1] is not None else None) for name, e in rows]
        more = len(names) > limit
        return KVList(keys, cursor_of(keys[-1].name) if more else None, not more)

    def decide(self, layers: Sequence[Layer]) -> Decision:
        """What `limit` answers, at once: nothing here ever waits."""
        return self._limiter.decide(layers, self.now() * 1000.0)

    async def limit(self, layers: Sequence[Layer]) -> Decision:
        """Let one call through all layers, or through none."""
        return self.decide(layers)

    async def gate(self, layers: Sequence[Layer], cache_key: str) -> tuple[Decision, bytes | None]:
        """The limiter's word and, where it is yes, the cached value."""
        decision = self.decide(layers)
        if not decision.allowed:
            return decision, None
        entry = self._live(cache_key)
        return decision, entry[0] if entry else None

    async def publish(self, topic: str, message: bytes) -> str:
        """Tell the followers of a topic; return the event's id."""
        millisecond, sequence = self._log.last
        now = self.now()
        order = (now, 0) if now > millisecond else (millisecond, sequence + 1)
        event = Event(f"{order[0]}-{order[1]}", topic, bytes(message))
        self._log.append(event)
        return event.id

    def subscribe(self, topics: Sequence[str], after: str | None = None) -> AsyncIterator[Event]:
        """Follow topics from now on, or after an event's id; the first event may be `missed`."""
        if after is None:
            return self._log.follow(topics, self._log.end)
        order = order_of(after)
        if order is None or order < self._log.floor:
            return self._after_gap(topics)
        return self._log.follow(topics, self._log.position_after(order))

    async def _after_gap(self, topics: Sequence[str]) -> AsyncIterator[Event]:
        position = self._log.position_after(self._log.floor)
        yield missed(self._log.floor)
        async for event in self._log.follow(topics, position):
            yield event

    async def lease(self, name: str, owner: str, ttl_s: float) -> Lease | None:
        """Take the lease for `ttl_s` seconds, or None while somebody (this owner too) holds it."""
        held = self._leases.get(name)
        now = self.now()
        if held and held.until > now:
            return None
        # The time makes tokens rise over a restart too.
        self._last_token = max(self._last_token + 1, now * 1000)
        taken = Lease(name, owner, self._last_token, now + round(ttl_s * 1000), ttl_s)
        self._leases[name] = taken
        return taken

    async def renew(self, lease: Lease) -> bool:
        """Hold it for another `ttl_s` from now; False when it was lost."""
        held = self._leases.get(lease.name)
        if held is None or held.token != lease.token or held.until <= self.now():
            return False
        until = self.now() + round(lease.ttl_s * 1000)
        self._leases[lease.name] = Lease(lease.name, lease.owner, lease.token, until, lease.ttl_s)
        return True

    async def release(self, lease: Lease) -> None:
        """Give it back; nothing happens when it was lost."""
        held = self._leases.get(lease.name)
        if held and held.token == lease.token:
            del self._leases[lease.name]

    async def count(self, increments: Mapping[str, float]) -> None:
        """Add to counters."""
        for name, amount in increments.items():
            self._counters[name] = self._counters.get(name, 0.0) + amount

    async def counters(self, prefix: str) -> dict[str, float]:
        """All counters whose name starts with the prefix."""
        return {name: value for name, value in self._counters.items() if name.startswith(prefix)}

    async def ping(self) -> bool:
        """Always there."""
        return True

    async def close(self) -> None:
        """Nothing to close."""
