"""A run that a stop cuts short leaves no lease behind."""

from __future__ import annotations

import asyncio
from typing import Any

from provider_support import Provider

from shared.collect.run import collect


async def test_a_cancelled_run_does_not_block_the_next(
    world: Any, provider: Provider, monkeypatch: Any
) -> None:
    hung, real = asyncio.Event(), type(world.http).get

    async def hang(*_: Any, **__: Any) -> None:
        hung.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(type(world.http), "get", hang)
    first = asyncio.create_task(collect(world, ["crypto_prices"]))
    await hung.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    monkeypatch.setattr(type(world.http), "get", real)
    assert (await collect(world, ["crypto_prices"]))["status"] == "ok"
