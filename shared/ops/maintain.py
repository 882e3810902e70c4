"""The housekeeping run: compaction, outcomes, calibration, the log, retention.

May run twice, late, or not at all for a while.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from shared.env import Env
from shared.errors import Invalid
from shared.platform.kv.interface import KVUnavailable
from shared.store import candle_blocks, retention

LEASE = "maintain"
LEASE_SECONDS = 600.0
RAW_DAYS = 7  # some 35,000 objects a day: enough to look into a doubt, not to fill a disk
DAY_FOLDER = re.compile(r"\d{4}-\d\d-\d\d")

Task = Callable[[Env], Awaitable[dict[str, Any]]]
log = logging.getLogger(__name__)


async def compact(env: Env) -> dict[str, Any]:
    return {"bars": await candle_blocks.compact(env.db, env.now())}


async def outcomes(env: Env) -> dict[str, Any]:
    from shared.signals.outcomes import resolve

    return await resolve(env)


async def features(env: Env) -> dict[str, Any]:
    """Compute features again where candles were corrected."""
    from shared.signals.feature_revision import revise

    return await revise(env)


async def calibrate(env: Env) -> dict[str, Any]:
    from shared.signals.calibrate import calibrate as fit_due

    return await fit_due(env)


async def seal(env: Env) -> dict[str, Any]:
    from shared.signals.ledger import seal as seal_waiting

    return await seal_waiting(env)


async def prune(env: Env) -> dict[str, Any]:
    return dict(await retention.prune(env.db, env.now()))


async def lake(env: Env) -> dict[str, Any]:
    """Delete the days of raw answers (YYYY-MM-DD/…) that are older than `RAW_DAYS`."""
    oldest = datetime.fromtimestamp(env.now() / 1000 - RAW_DAYS * 86_400, UTC).date().isoformat()
    days = [day for day in await env.lake.folders() if DAY_FOLDER.fullmatch(day) and day < oldest]
    deleted = 0
    for day in days:
        for key in await env.lake.list(day):
            await env.lake.delete(key)
            deleted += 1
    return {"objects": deleted}


async def optimize(env: Env) -> dict[str, Any]:
    await retention.optimize(env.db)
    return {}


TASKS: dict[str, Task] = {
    "compact": compact,
    "outcomes": outcomes,
    "calibrate": calibrate,
    "seal": seal,
    "features": features,
    "prune": prune,
    "lake": lake,
    "optimize": optimize,
}


async def maintain(env: Env, tasks: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the tasks (default: all), one after the other; {"status", "tasks": {name: what it did}}.

    `status` is ok, partial (a task failed, the others ran) or skipped (another run is at it).
    """
    unknown = [name for name in tasks or () if name not in TASKS]
    if unknown:
        raise Invalid(f"no task {', '.join(unknown)}: there are {', '.join(TASKS)}", field="tasks")
    try:
        lease = await env.kv.lease(
            LEASE, f"maintain-{os.getpid()}-{id(asyncio.current_task())}", LEASE_SECONDS
        )
    except KVUnavailable:
        return {"status": "skipped", "why": "no lease: the key-value store does not answer", "tasks": {}}
    if lease is None:
        return {"status": "skipped", "why": "another run is at it", "tasks": {}}
    try:
        done = {name: await attempted(env, name) for name in tasks or TASKS}
    finally:
        with suppress(KVUnavailable):  # it runs out by itself
            await env.kv.release(lease)
    failed = any("error" in result for result in done.values())
    return {"status": "partial" if failed else "ok", "tasks": done}


async def attempted(env: Env, name: str) -> dict[str, Any]:
    try:
        return await TASKS[name](env)
    except Exception as error:  # one task that fails must not keep the others from running
        log.exception("maintenance task %s failed", name)
        return {"error": f"{type(error).__name__}: {error}"}
