"""Serve function/handler.py's `app` with uvicorn behind of-watchdog, and stop without losing a request.

of-watchdog passes SIGTERM on at once but keeps sending requests for `healthcheck_interval`, and a child
that ends early or with a code other than 0 makes it cut what is in flight. So the signal only starts a
timer: one second longer than that interval, then uvicorn finishes what it has and this process ends with 0.

An app may name a uvicorn protocol class of its own as `protocol`, "module:Class".
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from types import SimpleNamespace

if __name__ == "__main__":
    gc.disable()  # until the app is up: nothing that starts is garbage
    # uvicorn's package imports its command line, with click and multiprocessing: a fifth of a cold start
    sys.modules["uvicorn.main"] = SimpleNamespace(Server=None, main=None, run=None)  # type: ignore[assignment]

from uvicorn.config import Config
from uvicorn.server import Server as UvicornServer

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(duration: str) -> float:
    """Read Go's duration notation: 3s, 1m30s, 500ms."""
    parts = re.findall(r"([\d.]+)(ms|s|m|h)", duration)
    if not parts:
        raise ValueError(f"{duration!r} is not a duration such as 3s or 1m30s")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


class Server(UvicornServer):
    """uvicorn that leaves in its own time: see the module docstring."""

    lame_duck = seconds(os.environ.get("healthcheck_interval", "5s")) + 1

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()  # what is there now stays: no collection need look at it
        gc.enable()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        self.loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.leave)
        yield

    def leave(self, number: int, frame: object) -> None:
        delay = self.lame_duck if number == signal.SIGTERM else 0
        self.loop.call_soon_threadsafe(self.loop.call_later, delay, self.finish)

    def finish(self) -> None:
        """Let an app that has endless streams end them, then what is in flight."""
        drain = getattr(self.config.app, "drain", None)
        if drain is not None:
            drain()
        self.should_exit = True


def main() -> None:
    # who comes before the app is up waits in the queue of this socket instead of being refused
    listening = socket.create_server(
        ("127.0.0.1", int(os.environ.get("port_upstream", "5000"))), backlog=2048
    )
    sys.path.insert(0, os.environ.get("FUNCTION_FOLDER", "/home/app/function"))
    app = importlib.import_module(os.environ.get("FUNCTION_HANDLER", "handler")).app
    config = Config(
        app,
        loop="uvloop",
        http=getattr(app, "protocol", "httptools"),
        ws="none",  # of-watchdog passes no upgrades on
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=65,
    )
    Server(config).run([listening])


if __name__ == "__main__":
    main()
