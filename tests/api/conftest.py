"""The api function over a real database, key-value store and clock, called in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest

from functions.api.app import build
from shared.access import keys
from shared.env import Env
from shared.models import Quote
from shared.store import assets, quotes, users

Client = httpx2.AsyncClient


def client_of(app: Any, key: str | None = None, address: str = "203.0.113.9") -> Client:
    """An HTTP client whose requests come from `address`."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False, client=(address, 1234))
    return Client(transport=transport, base_url="http://api.test", headers=headers)


@dataclass
class World:
    """An api with a key of each level; `readonly`, `trading` and `master` are clients that use them."""

    env: Env
    app: Any
    keys: dict[str, str]
    nobody: Client
    readonly: Client
    trading: Client
    master: Client

    def again(self, **settings: Any) -> Any:
        """The same bindings under other settings, as a new process would see them."""
        env = replace(self.env, settings=replace(self.env.settings, **settings), memory={})
        return build(env)

    async def quote(self, symbol: str, *prices: tuple[str, float], **more: Any) -> None:
        """Store what sources say of an asset now, and publish it as collection does."""
        asset = (await assets.load(self.env.db)).resolve(symbol)
        assert asset is not None
        now = self.env.now()
        rows = [Quote(asset.id, source, now, price, **more) for source, price in prices]
        await quotes.add(self.env.db, rows, now)
        await self.env.kv.publish("prices", b"[]")
        await asyncio.sleep(0.001)  # a request over a socket comes no sooner than this


@pytest.fixture
def client_for() -> Callable[..., Client]:
    """`client_of` for tests that need a client of another app, key or address."""
    return client_of


@pytest.fixture
async def world(env: Env) -> AsyncIterator[World]:
    await users.create(env.db, "ada", "admin", env.now())
    made = {
        level: (await keys.create(env, owner="ada", level=level)).key
        for level in ("readonly", "trading", "master")
    }
    app = build(env)
    clients = {level: client_of(app, key) for level, key in made.items()}
    yield World(env, app, made, client_of(app), **clients)
    await app.close()
