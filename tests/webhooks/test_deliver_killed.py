"""kill -9 at any moment: every event arrives at least once, duplicates carry the same id (W8)."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from webhooks_support import Got, answer, raise_signals

from shared.store import deliveries
from shared.webhooks import endpoints

EVENTS = 200
KILLED_AFTER = (10, 45, 90, 150, 210, 290)  # requests that came in, of both endpoints
SCRIPT = Path(__file__).parent / "deliverer.py"


async def deliverer(database: Path, secrets: Path) -> asyncio.subprocess.Process:
    """Started, and past its imports."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), str(database), str(secrets), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    await process.stdout.readline()
    return process


async def test_killed_again_and_again_it_loses_nothing(hooks_env: Any, receiver: Any, tmp_path: Path) -> None:
    hooks_env.now = lambda: time.time_ns() // 1_000_000

    async def slow(got: Got, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.004)
        await answer(200)(got, writer)

    first, second = await receiver(slow), await receiver(slow)
    hooks = [(await endpoints.create(hooks_env, "ann", one.url)).webhook for one in (first, second)]
    ids = await raise_signals(hooks_env, EVENTS)
    paths = (tmp_path / "test.db", tmp_path / "secrets")
    for enough in KILLED_AFTER:
        process = await deliverer(*paths)
        while len(first.got) + len(second.got) < enough:
            await asyncio.sleep(0.001)
        process.kill()
        await process.wait()
    process = await deliverer(*paths)
    await process.wait()

    for target, hook in zip((first, second), hooks, strict=True):
        assert set(target.ids()) == set(ids)
        bodies = {(got.headers["webhook-id"], got.body) for got in target.got}
        assert len(bodies) == EVENTS
        log = await deliveries.log(hooks_env.db, hook.id, limit=EVENTS)
        assert Counter(one.status for one in log) == {"delivered": EVENTS}
        assert sum(len(one.log) for one in log) <= len(target.got) + 1
    with closing(sqlite3.connect(paths[0])) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
