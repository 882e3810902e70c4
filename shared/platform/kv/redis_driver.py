"""The key-value store on a real Redis: one round trip a call, the server's clock, known manners without it.

While Redis is away: `limit` and `gate` decide in this process (soft: each replica has the whole limit),
`publish` says nothing to anybody, all else raises KVUnavailable. It is asked again once a second.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson

from shared.platform.kv import scripts
from shared.platform.kv.checks import (
    check_key,
    check_limit,
    check_metadata,
    check_ttl,
    check_value,
    cursor_of,
    name_of,
)
from shared.platform.kv.interface import (
    LIST_LIMIT,
    Decision,
    Event,
    KVKey,
    KVList,
    KVUnavailable,
    Layer,
    Lease,
)
from shared.platform.kv.limiter import COUNTED, Limiter
from shared.platform.kv.redis_client import Client
from shared.platform.kv.redis_events import RedisEvents

SWEEP_ONE_IN = 100  # writes


class RedisKV:
    """The KV protocol over redis-py; see `scripts` for how things are kept."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self.client = Client(url, timeout_s)
        self._events = RedisEvents(self.client)
        self._fallback = Limiter()
        register = self.client.redis.register_script
        self._limit = register(scripts.LIMIT)
        self._list = register(scripts.LIST)
        self._sweep = register(scripts.SWEEP)
        self._take = register(scripts.TAKE)
        self._hold = register(scripts.HOLD)

    async def get(self, key: str) -> bytes | None:
        """The value, or None; raises KVUnavailable."""
        found: bytes | None = await self.client.call(lambda r: r.hget(key, "v"))
        return found

    async def get_with_metadata(self, key: str) -> tuple[bytes | None, dict[str, Any] | None]:
        """The value with what was stored beside it; raises KVUnavailable."""
        value, metadata = await self.client.call(lambda r: r.hmget(key, ["v", "m"]))
        return value, orjson.loads(metadata) if metadata is not None else None

    async def put(
        self,
        key: str,
        value: bytes | str,
        *,
        ttl: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Store; `ttl` in seconds, metadata at most 1 KiB of JSON. Raises Invalid or KVUnavailable."""
        check_key(key)
        check_ttl(ttl)
        data, beside = check_value(value), check_metadata(metadata)
        fields = {"v": data} if beside is None else {"v": data, "m": beside}

        async def write(redis: Any) -> None:
            async with redis.pipeline(transaction=True) as pipe:
                pipe.delete(key)
                pipe.hset(key, mapping=fields)
                if ttl is not None:
                    pipe.pexpire(key, max(1, round(ttl * 1000)))
                pipe.zadd(scripts.INDEX, {key: 0})
                await pipe.execute()

        await self.client.call(write)
        if random.randrange(SWEEP_ONE_IN) == 0:
            await self.client.call(lambda r: self._sweep(keys=[scripts.INDEX]))

    async def delete(self, key: str) -> None:
        """Forget the key, if it is there; raises KVUnavailable."""

        async def drop(redis: Any) -> None:
            async with redis.pipeline(transaction=True) as pipe:
                pipe.delete(key)
                pipe.zrem(scripts.INDEX, key)
                await pipe.execute()

        await self.client.call(drop)

    async def list(self, prefix: str = "", *, limit: int = LIST_LIMIT, cursor: str | None = None) -> KVList:
        """One page of the names under a prefix, sorted by their UTF-8 bytes; raises KVUnavailable."""
        check_limit(limit)
        after, start = name_of(cursor).encode(), prefix.encode()
        low = b"(" + after if after >= start and after else b"[" + start if start else b"-"
        # No byte of UTF-8 is 0xff: it comes after every name with this prefix.
        high = b"(" + start + b"\xff" if start else b"+"
        rows = await self.client.call(lambda r: self._list(keys=[scripts.INDEX], args=[low, high, limit + 1]))
        keys = [
            KVKey(name.decode(), expiry if expiry >= 0 else None, orjson.loads(beside) if beside else None)
            for name, expiry, beside in rows[:limit]
        ]
        more = len(rows) > limit
        return KVList(keys, cursor_of(keys[-1].name) if more else None, not more)

    async def limit(self, layers: Sequence[Layer]) -> Decision:
        """Let one call through all layers, or through none."""
        return (await self._decide(layers, ()))[0]

    async def gate(self, layers: Sequence[Layer], cache_key: str) -> tuple[Decision, bytes | None]:
        """The limiter's word and, where it is yes, the cached value: one round trip."""
        return await self._decide(layers, (cache_key,))

    async def _decide(self, layers: Sequence[Layer], cached: Sequence[str]) -> tuple[Decision, bytes | None]:
        keys = [*(layer.key for layer in layers), *cached]
        try:
            answer, value = await self.client.call(
                lambda r: self._limit(keys=keys, args=[rule(layer) for layer in layers])
            )
        except KVUnavailable:
            return self._fallback.decide(layers, time.time() * 1e6), None
        allowed, index, left, retry, reset = answer.split()
        retry_s, reset_s = float(retry) / 1e6, float(reset) / 1e6
        return Decision(allowed == b"1", layers[int(index) - 1], int(left), retry_s, reset_s), value

    async def publish(self, topic: str, message: bytes) -> str:
        """Tell the followers of a topic in all processes; the event's id, or "" while Redis is away."""
        return await self._events.publish(topic, message)

    def subscribe(self, topics: Sequence[str], after: str | None = None) -> AsyncIterator[Event]:
        """Follow topics from now on, or after an event's id; the first event may be `missed`."""
        return self._events.subscribe(topics, after)

    async def lease(self, name: str, owner: str, ttl_s: float) -> Lease | None:
        """Take the lease for `ttl_s` seconds, or None while it is held; raises KVUnavailable."""
        taken = await self.client.call(
            lambda r: self._take(
                keys=[f"lease:{name}", f"kv:fence:{name}"], args=[owner, max(1, round(ttl_s * 1000))]
            )
        )
        return Lease(name, owner, int(taken[0]), taken[1], ttl_s) if taken else None

    async def renew(self, lease: Lease) -> bool:
        """Hold it for another `ttl_s` from now; False when it was lost; raises KVUnavailable."""
        return await self._keep(lease, max(1, round(lease.ttl_s * 1000)))

    async def release(self, lease: Lease) -> None:
        """Give it back; nothing happens when it was lost. Raises KVUnavailable."""
        await self._keep(lease, 0)

    async def _keep(self, lease: Lease, milliseconds: int) -> bool:
        args = [lease.token, milliseconds]
        return bool(await self.client.call(lambda r: self._hold(keys=[f"lease:{lease.name}"], args=args)))

    async def count(self, increments: Mapping[str, float]) -> None:
        """Add to counters, in one round trip; raises KVUnavailable."""

        async def add(redis: Any) -> None:
            async with redis.pipeline(transaction=True) as pipe:
                for name, amount in increments.items():
                    pipe.hincrbyfloat(scripts.COUNTERS, name, amount)
                await pipe.execute()

        if increments:
            await self.client.call(add)

    async def counters(self, prefix: str) -> dict[str, float]:
        """All counters whose name starts with the prefix; raises KVUnavailable."""
        found = await self.client.call(lambda r: r.hgetall(scripts.COUNTERS))
        named = {name.decode(): float(value) for name, value in found.items()}
        return {name: value for name, value in named.items() if name.startswith(prefix)}

    async def ping(self) -> bool:
        """Whether Redis answers now."""
        try:
            return bool(await self.client.call(lambda r: r.ping()))
        except KVUnavailable:
            return False

    async def close(self) -> None:
        """Close all connections."""
        await self._events.close()
        await self.client.close()


def rule(layer: Layer) -> str:
    """A layer as the script reads it."""
    counts = f"rate_limit:{layer.id}:" if layer.scope == COUNTED else ""
    times = f"{layer.spend} {layer.interval} {layer.tolerance}"
    return f"{times} {layer.cost} {layer.period_s} {counts}"
