"""Read-through caches by namespace: look up, else load once however many ask, and keep for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from shared.platform.kv.interface import KV

if TYPE_CHECKING:
    from shared.platform.kv.aiocache_backend import KVCache

Load = Callable[[], Awaitable[bytes]]


class Namespace(NamedTuple):
    """How long an entry lives, and how many there may be."""

    ttl_s: float
    cap: int


NAMESPACES = {
    "market_data": Namespace(300, 1000),
    "news": Namespace(900, 500),
    "sentiment": Namespace(1800, 200),
    "api": Namespace(60, 1000),
    "static": Namespace(86_400, 1000),
}


def cache_key(namespace: str, name: str) -> str:
    """The key in the store, for `gate`: cache:market_data:BTC."""
    return f"cache:{namespace}:{name}"


class ReadThrough:
    """The caches of one process over one store; `on_hit` is told the namespace of each hit."""

    def __init__(self, kv: KV, on_hit: Callable[[str], None] | None = None) -> None:
        self._kv = kv
        self._on_hit = on_hit
        self._caches: dict[str, KVCache] = {}
        self._loading: dict[str, asyncio.Task[bytes]] = {}

    def _cache(self, namespace: str) -> KVCache:
        found = self._caches.get(namespace)
        if found is None:
            from shared.platform.kv.aiocache_backend import KVCache

            rules = NAMESPACES[namespace]
            found = self._caches[namespace] = KVCache(self._kv, namespace, rules.ttl_s, rules.cap)
        return found

    async def get(self, namespace: str, name: str, load: Load) -> bytes:
        """The cached value, else what `load` gives, which many callers at once share.

        Errors of `load` go to all who wait and are not kept.
        """
        cache = self._cache(namespace)
        found: bytes | None = await cache.get(name)
        if found is not None:
            if self._on_hit:
                self._on_hit(namespace)
            return found
        key = cache_key(namespace, name)
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._fill(cache, name, load))
            task.add_done_callback(lambda _: self._loading.pop(key, None))
        # A caller that gives up does not take the answer away from the others.
        return await asyncio.shield(task)

    async def _fill(self, cache: KVCache, name: str, load: Load) -> bytes:
        value = await load()
        await cache.set(name, value)
        return value

    async def drop(self, namespace: str, name: str) -> None:
        """Forget one value, because what it shows has changed."""
        await self._cache(namespace).delete(name)
