"""Open the bindings that the settings name."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.env import Env, Secrets, Settings


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


async def open_env(settings: Settings, *, now: Callable[[], int] = wall_clock, **replace: Any) -> Env:
    """Connect to everything the settings name; `replace` puts a test's or the demo's own binding in."""
    from shared.platform import d1, kv, lake
    from shared.platform.fetch import Fetch
    from shared.store.fetch_memory import StoredFetchMemory

    db = replace.get("db") or await d1.connect(settings.libsql_url, settings.libsql_auth_token or None)
    return Env(
        db=db,
        kv=replace.get("kv") or await kv.connect(settings.redis_url or None, now=now),
        lake=replace.get("lake") or lake.connect(settings.lake_url),
        http=replace.get("http")
        or Fetch(StoredFetchMemory(db), now, trusted=(settings.binance_url, settings.coingecko_url)),
        settings=settings,
        secrets=replace.get("secrets") or Secrets(Path(settings.secrets_dir)),
        now=now,
    )
