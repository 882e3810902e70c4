"""An Env with real secrets, and a user of each role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.access.secrets import make_secrets
from shared.env import Env, Secrets, read_settings
from shared.platform import kv as binding
from shared.store import users


@pytest.fixture
async def access(db: Any, clock: Any, tmp_path: Path) -> AsyncIterator[Env]:
    """Database, in-process store, secrets and clock; ann is an admin, tom a trader, vic a viewer."""
    make_secrets(tmp_path / "keys")
    nothing: Any = None
    store = await binding.connect(None, now=clock)
    settings = read_settings({"SECRETS_DIR": str(tmp_path / "keys")})
    env = Env(db, store, nothing, nothing, settings, Secrets(tmp_path / "keys"), clock)
    for name, role in (("ann", "admin"), ("tom", "trader"), ("vic", "viewer")):
        await users.create(db, name, role, clock())
    yield env
    await store.close()
