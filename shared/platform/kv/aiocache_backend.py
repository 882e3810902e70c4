"""aiocache's interface over our key-value store: one namespace with its time to live and its cap."""

from __future__ import annotations

import logging
from typing import Any

from aiocache.base import BaseCache  # type: ignore[import-untyped]
from aiocache.serializers import NullSerializer  # type: ignore[import-untyped]

from shared.platform.kv.interface import KV, KVUnavailable

log = logging.getLogger(__name__)


class KVCache(BaseCache):  # type: ignore[misc]  # aiocache is not typed
    """Keys `cache:<namespace>:<name>`, values bytes. While the store is away all is a miss."""

    NAME = "kv"

    def __init__(self, kv: KV, namespace: str, ttl_s: float, cap: int) -> None:
        # No time-out of aiocache's: the store has its own, and wait_for costs more than a look-up.
        super().__init__(
            serializer=NullSerializer(), namespace=f"cache:{namespace}:", timeout=None, ttl=ttl_s
        )
        self.kv, self.cap = kv, cap
        self._room = 0  # entries that may be added before the next count

    async def _get(self, key: str, encoding: str | None = None, _conn: Any = None) -> bytes | None:
        try:
            return await self.kv.get(key)
        except KVUnavailable:
            return None

    _gets = _get

    async def _set(
        self, key: str, value: bytes, ttl: float | None = None, _cas_token: Any = None, _conn: Any = None
    ) -> bool:
        try:
            if self._room == 0:
                await self._make_room()
            self._room -= 1
            await self.kv.put(key, value, ttl=ttl)
        except KVUnavailable:
            return False
        return True

    async def _make_room(self) -> None:
        """Drop what would expire first, so that the next few entries stay within the cap."""
        few = max(1, self.cap // 20)
        page = await self.kv.list(self.namespace, limit=min(1000, self.cap))
        oldest = sorted(page.keys, key=lambda entry: entry.expiration or 0)
        for entry in oldest[: max(0, len(oldest) + few - self.cap)]:
            await self.kv.delete(entry.name)
        self._room = few

    async def _exists(self, key: str, _conn: Any = None) -> bool:
        return await self._get(key) is not None

    async def _delete(self, key: str, _conn: Any = None) -> int:
        try:
            await self.kv.delete(key)
        except KVUnavailable:
            log.warning("Cached value could not be dropped", extra={"metadata": {"key": key}})
            return 0
        return 1
