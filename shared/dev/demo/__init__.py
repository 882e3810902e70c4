"""The product on a made-up market, faster than real time and without a network.

    env, world = await prepare_demo(settings, progress=show)      # show(done, total, what)
    …serve `env` as any other…
    await env.close()

The Env is a whole one: the same collection, store, detection and API over providers that `DemoWorld` plays.
`env.now` runs `env.now.speed` times as fast as the wall from the moment this returns. The database is a
fresh file `demo.db` in the folder of the configured database (a temporary folder where that is a server's):
an earlier demo is deleted, whatever else is there is not touched.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shared.env import ROOT, Env, Settings
from shared.models import MINUTE

if TYPE_CHECKING:
    from shared.dev.demo.past import Progress
    from shared.dev.demo.world import DemoWorld

SPEED = 30.0  # a minute of the market every two seconds, a 5-minute bar every ten


async def prepare_demo(
    settings: Settings,
    *,
    seed: int | None = None,
    start: int | None = None,
    speed: float = SPEED,
    progress: Progress | None = None,
) -> tuple[Env, DemoWorld]:
    """Open a demo that has run for weeks: candles, news, signals and outcomes are there.

    The same `seed` and `start` (ms; default: now) give the same market, news and outages.
    `progress(done, total, what)` is told how far the preparation is; it takes some ten seconds.
    """
    from shared.collect.run import collect
    from shared.dev.demo.clock import DemoClock
    from shared.dev.demo.past import live_through
    from shared.dev.demo.transport import DemoTransport
    from shared.dev.demo.world import SEED, DemoWorld
    from shared.platform import d1
    from shared.platform.bindings import open_env
    from shared.platform.fetch import Fetch
    from shared.store.fetch_memory import StoredFetchMemory

    begins = (time.time_ns() // 1_000_000 if start is None else start) // MINUTE * MINUTE
    clock = DemoClock(begins, speed)
    world = DemoWorld(SEED if seed is None else seed, begins, clock)
    own = replace(settings, libsql_url=fresh_database(settings), redis_url="", keep_raw=False, demo=True)
    db = await d1.connect(own.libsql_url)
    await d1.migrate(db, ROOT / "migrations")
    http = Fetch(StoredFetchMemory(db), clock, transport=DemoTransport(world), sleep=clock.sleep)
    env = await open_env(own, now=clock, db=db, http=http)
    try:
        await live_through(env, world, progress)
        await collect(env)
    except BaseException:
        await env.close()
        raise
    clock.run()
    return env, world


def fresh_database(settings: Settings) -> str:
    """The URL of a demo database that does not exist yet."""
    embedded = settings.libsql_url.startswith("file:")
    folder = Path(settings.libsql_url.removeprefix("file:")).parent if embedded else Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "demo.db"
    for ending in ("", "-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    return f"file:{file}"
