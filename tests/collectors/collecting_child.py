"""A process that collects once: DATABASE PROVIDER_URL NOW_MS. It says "start" and then "done"."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any


async def main(database: str, provider: str, now: int) -> None:
    import httpx2

    from shared.collect.run import collect
    from shared.env import read_settings
    from shared.platform import d1
    from shared.platform.bindings import open_env
    from shared.platform.fetch import Fetch
    from shared.store.fetch_memory import StoredFetchMemory

    class ToProvider(httpx2.AsyncHTTPTransport):
        """Every host is the local provider, which finds the real URL in a header."""

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            asked, home = str(request.url), httpx2.URL(provider)
            request.url = request.url.copy_with(scheme="http", host=home.host, port=home.port)
            request.headers["x-asked"] = asked
            return await super().handle_async_request(request)

    async def waits(seconds: float) -> None:
        await asyncio.sleep(0)

    folder = Path(database).parent
    db = await d1.connect(f"file:{database}")
    fetch: Any = Fetch(StoredFetchMemory(db), lambda: now, transport=ToProvider(), sleep=waits)
    settings = read_settings({"SECRETS_DIR": str(folder), "LAKE_URL": f"file:{folder / 'lake'}"})
    env = await open_env(settings, now=lambda: now, db=db, http=fetch)
    print("start", flush=True)
    summary = await collect(env)
    print("done", summary["status"], flush=True)
    await env.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
