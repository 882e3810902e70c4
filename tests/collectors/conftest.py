"""An Env whose network is a provider of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from provider_support import Provider, transport


@pytest.fixture
def provider(clock: Any) -> Provider:
    return Provider(clock)


@pytest.fixture
async def world(db: Any, clock: Any, provider: Provider, tmp_path: Path) -> AsyncIterator[Any]:
    """Env with retries that do not wait."""
    from shared.env import read_settings
    from shared.platform.bindings import open_env
    from shared.platform.fetch import Fetch
    from shared.store.fetch_memory import StoredFetchMemory

    async def no_sleep(seconds: float) -> None:
        clock.advance(int(seconds * 1000))

    settings = read_settings({"SECRETS_DIR": str(tmp_path), "LAKE_URL": f"file:{tmp_path / 'lake'}"})
    fetch = Fetch(StoredFetchMemory(db), clock, transport=transport(provider), sleep=no_sleep)
    env = await open_env(settings, now=clock, db=db, http=fetch)
    triggered: list[str] = []

    async def trigger(function: str) -> None:
        triggered.append(function)

    env.trigger = trigger
    env.memory["triggered"] = triggered
    yield env
    await env.close()
