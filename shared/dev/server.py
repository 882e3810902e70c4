"""`cryptointel dev`: every function of stack.yml in one process, with schedules and a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn

from shared.dev.functions import Functions
from shared.dev.gateway import Gateway
from shared.dev.schedules import start_schedules
from shared.dev.stack import read_stack
from shared.env import ROOT, Env
from shared.platform.web.protocol import Protocol

GRACE_S = 2.0  # for jobs that run when the server stops; most take less than one


class Server(uvicorn.Server):
    """uvicorn that ends streams first, and with code 0 instead of dying by the signal again."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self.stopping = stopping
        self.loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.loop.call_soon_threadsafe(self.stopping.set)
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def check_port(host: str, port: int) -> None:
    """Raise OSError early, with the address in its message, where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


async def serve(
    env: Env,
    host: str,
    port: int,
    *,
    schedule: bool = True,
    stack: Path = ROOT / "stack.yml",
    ready: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is awaited once the port answers."""
    functions = Functions(read_stack(stack), env)
    env.trigger = functions.trigger
    config = uvicorn.Config(
        Gateway(functions),
        host=host,
        port=port,
        http=Protocol,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=3,
    )
    server = Server(config, env.stopping)
    tasks = [asyncio.create_task(functions.work())]
    tasks += start_schedules(functions, env) if schedule else []
    tasks += [asyncio.create_task(announce(server, ready))] if ready else []
    try:
        await server.serve()
        await functions.finish(GRACE_S)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def announce(server: uvicorn.Server, ready: Callable[[], Awaitable[None]]) -> None:
    while not server.started:
        await asyncio.sleep(0.02)
    await ready()
