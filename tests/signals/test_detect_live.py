"""Detection as it runs: told on the live topic, and over a real sqld with several runs at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import orjson
import pytest
from signals_support import bars_from_paths, everything, store_bars

from shared.env import ROOT, Env
from shared.models import HOUR
from shared.platform import d1
from shared.platform.kv import KVUnavailable
from shared.signals.detect import detect
from shared.signals.outcomes import resolve
from shared.store import signals

N = 200


@pytest.fixture
def env(env: Env) -> Env:
    env.now = lambda: (N + 1) * HOUR
    return env


async def test_signals_that_are_still_on_are_told_live(env: Env) -> None:
    await store_bars(env, bars_from_paths(4, N, seed=1, jumps=True))
    await detect(env)
    active = {one.id for one in await signals.page(env.db, limit=1000) if one.state == "active"}
    told = set()
    async with asyncio.timeout(5):
        async for event in env.kv.subscribe(["signals"], after="0-0"):
            if event.topic == "signals":
                told.add(orjson.loads(event.message)["id"])
            if told >= active:
                break
    assert told == active
    assert active


async def test_a_silent_key_value_store_costs_no_signal(env: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: object) -> str:
        raise KVUnavailable("no answer")

    monkeypatch.setattr(env.kv, "publish", gone)
    await store_bars(env, bars_from_paths(4, N, seed=1, jumps=True))
    assert (await detect(env))["raised"] == len(await signals.page(env.db, limit=1000)) > 0


@pytest.fixture
async def remote(env: Env, empty_sqld: str) -> AsyncIterator[Env]:
    """The same Env over a real sqld of this test alone."""
    db = await d1.connect(empty_sqld)
    await d1.migrate(db, ROOT / "migrations")
    yield replace(env, db=db)
    await db.close()


async def test_over_sqld_it_is_the_same_and_once(env: Env, remote: Env) -> None:
    bars = bars_from_paths(4, N, seed=1, jumps=True)
    for one in (env, remote):
        await store_bars(one, bars)
        await asyncio.gather(*(detect(one) for _ in range(5)))
        await resolve(one)
    here, there = await everything(env), await everything(remote)
    assert {name: [tuple(row) for row in rows] for name, rows in there.items()} == here
