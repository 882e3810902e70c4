"""An Env whose webhooks may reach loopback, users to own them, and receivers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from webhooks_support import Behaviour, Receiver

Receivers = Callable[..., Awaitable[Receiver]]


@pytest.fixture
async def hooks_env(env: Any) -> Any:
    """`env` with loopback allowed and the users ann and bob."""
    env.settings = replace(env.settings, webhook_networks=("127.0.0.0/8",))
    insert = "INSERT INTO users (id, name, role, created_at) VALUES (?, ?, 'trader', 0)"
    await env.db.batch([env.db.prepare(insert).bind(name, name) for name in ("ann", "bob")])
    return env


@pytest.fixture
async def receiver() -> AsyncIterator[Receivers]:
    """Starts receivers; all are stopped at the end."""
    started: list[Receiver] = []

    async def start(behave: Behaviour | None = None) -> Receiver:
        started.append(await Receiver(behave).start())
        return started[-1]

    yield start
    for one in started:
        await one.stop()
