"""The product as its users start it: a process, an address, a data folder, a log."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processes import free_port

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-c", "from shared.cli import main; main()")
OURS = ("LIBSQL_URL", "LAKE_URL", "REDIS_URL", "SECRETS_DIR", "PUBLIC_READ", "PUBLIC_BASE_URL", "ENVIRONMENT")
GENEROUS = "1000000/second;burst=1000000"
# Feeds and DeFiLlama have no network in a test: each failure is retried for seconds and proves nothing here.
SQL_QUIET = "UPDATE job_schedule SET enabled = 0 WHERE job IN ('crypto_news', 'defi')"
SQL_LEASES_OVER = "UPDATE job_schedule SET lease_until = 0"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Product:
    """One `cryptointel dev`; `environ` is what its user set."""

    folder: Path
    environ: dict[str, str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    key: str = ""
    link: str = ""
    key_limit: str = ""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.folder / "cryptointel.db"

    @property
    def database_url(self) -> str:
        return self.environ.get("LIBSQL_URL") or f"file:{self.database}"

    def whole_environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        return {**kept, **self.environ}

    def start(self, seconds: float = 40) -> Product:
        """Start and wait until it has said how to get in."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arguments = ["dev", "--port", str(self.port), "--data", str(self.folder), "--no-schedule"]
        before = len(self.printed())
        with (self.folder / "out").open("ab") as out, (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, *arguments], stdout=out, stderr=log, env=self.whole_environ(), cwd=ROOT
            )
        deadline = time.monotonic() + seconds
        while "Ctrl-C stops it." not in self.printed()[before:]:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"it did not start:\n{self.printed()}\n{self.log()[-4000:]}")
            time.sleep(0.02)
        said = self.printed()[before:]
        self.link = re.findall(r"(http\S+/login#\S+)", said)[0]
        if key := re.findall(r"cik_dev_\w+", said):
            self.key = key[0]
        return self

    def printed(self) -> str:
        out = self.folder / "out"
        return out.read_text() if out.exists() else ""

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="strict")

    def stop(self, seconds: float = 15) -> int:
        """SIGTERM as an orchestrator sends it; the exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, data: object = None, **headers: str) -> Answer:
        body = b"" if data is None else json.dumps(data).encode()
        kind = {} if data is None else {"content_type": "application/json"}
        return self.call("POST", path, body, **{**kind, **headers})

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request over a connection of its own, with our key unless `authorization` says otherwise."""
        said = {"authorization": f"Bearer {self.key}", **headers}
        named = {name.replace("_", "-"): value for name, value in said.items() if value}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, named)
            got = connection.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())

    def run(self, *arguments: str, code: int = 0) -> str:
        """Another command of the command line over the same data; its standard output."""
        environ = {"LIBSQL_URL": self.database_url, "LAKE_URL": f"file:{self.folder / 'lake'}"}
        done = subprocess.run(
            [*COMMAND, *arguments],
            capture_output=True,
            text=True,
            env={**self.whole_environ(), **environ},
            cwd=ROOT,
            timeout=60,
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database, timeout=10)) as file, file:
            return file.execute(sql, values).fetchall()

    def collect(self) -> dict[str, Any]:
        """One tick of collection, of the jobs whose providers a test has."""
        found = self.post("/function/collect")
        assert found.status == 200, found
        summary: dict[str, Any] = found.json()
        return summary


def create_key(
    product: Product, level: str = "master", rate_limit: str = GENEROUS, owner: str = "admin"
) -> str:
    """A key made beside the running server, which knows it at once."""

    async def work() -> str:
        from shared.access import keys
        from shared.cli.session import opened
        from shared.env import read_settings

        environ = {**product.whole_environ(), "LIBSQL_URL": product.database_url}
        async with opened(read_settings(environ), migrate=False) as env:
            return (await keys.create(env, owner=owner, level=level, rate_limit=rate_limit)).key

    with ThreadPoolExecutor(1) as beside:  # a test may have an event loop of its own
        return beside.submit(asyncio.run, work()).result()


@contextmanager
def running(product: Product) -> Iterator[Product]:
    """Started, and ended whatever happens."""
    try:
        yield product.start()
    finally:
        if product.process and product.process.poll() is None:
            product.kill()


def log_lines(text: str) -> list[dict[str, Any]]:
    """Every line of a log; raises where one is not JSON of our five fields."""
    lines = [json.loads(line) for line in text.splitlines()]
    assert all(list(line) == ["timestamp", "level", "service", "message", "metadata"] for line in lines)
    return lines
