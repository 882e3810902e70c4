"""Open the bindings that the settings name."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.env import Env, Secrets, Settings

if TYPE_CHECKING:
    from shared.platform.d1 import D1Database
    from shared.platform.fetch import Answer, Fetch, Request


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


def stored_fetch(settings: Settings, db: D1Database, now: Callable[[], int]) -> Fetch:
    from shared.platform.fetch import Fetch
    from shared.store.fetch_memory import StoredFetchMemory

    return Fetch(StoredFetchMemory(db), now, trusted=(settings.binance_url, settings.coingecko_url))


class LaterFetch:
    """Fetch, imported and made by its first request: functions that fetch nothing start without it."""

    def __init__(self, make: Callable[[], Fetch]) -> None:
        self.make = make
        self.made: Fetch | None = None

    async def get(self, request: Request, *, deadline: int) -> Answer:
        self.made = self.made or self.make()
        return await self.made.get(request, deadline=deadline)

    async def close(self) -> None:
        if self.made is not None:
            await self.made.close()


async def open_env(settings: Settings, *, now: Callable[[], int] = wall_clock, **replace: Any) -> Env:
    """Connect to everything the settings name; `replace` puts a test's or the demo's own binding in."""
    from shared.platform import d1, kv, lake

    db = replace.get("db") or await d1.connect(settings.libsql_url, settings.libsql_auth_token or None)
    return Env(
        db=db,
        kv=replace.get("kv") or await kv.connect(settings.redis_url or None, now=now),
        lake=replace.get("lake") or lake.connect(settings.lake_url),
        http=replace.get("http") or LaterFetch(lambda: stored_fetch(settings, db, now)),
        settings=settings,
        secrets=replace.get("secrets") or Secrets(Path(settings.secrets_dir)),
        now=now,
    )
