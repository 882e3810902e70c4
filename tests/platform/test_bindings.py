"""open_env: what a function does not use it does not pay for, and it works when it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shared.env import ROOT, read_settings
from shared.platform import d1
from shared.platform.bindings import open_env
from shared.platform.fetch import FetchFailed, Request

UNUSED = ("shared.platform.fetch", "http.cookiejar", "numpy", "fastapi", "httpx2", "aiohttp", "redis")
START = """
import asyncio, sys
from functions.{name}.handler import app
asyncio.run(app.start())
print(*[module for module in sys.argv[1:] if module in sys.modules])
"""


@pytest.mark.parametrize("name", ["api", "collect"])
def test_a_start_imports_nothing_that_it_may_never_need(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", START.format(name=name), *UNUSED]
    environ = {"PYTHONPATH": str(ROOT), "LIBSQL_URL": f"file:{tmp_path / 'new.db'}"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


async def test_the_first_request_makes_fetch(tmp_path: Path) -> None:
    env = await open_env(read_settings({"LIBSQL_URL": f"file:{tmp_path / 'new.db'}"}))
    try:
        await d1.migrate(env.db, ROOT / "migrations")
        with pytest.raises(FetchFailed) as failed:
            await env.http.get(Request("http://127.0.0.1:9/"), deadline=env.now() + 2000)
        assert failed.value.reason == "address"
    finally:
        await env.close()
