"""The functions of stack.yml, loaded into this process and called as a gateway would."""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx2
from ulid import ULID

from shared.dev.stack import Function
from shared.env import Env

log = logging.getLogger("gateway")


@dataclass(slots=True)
class Loaded:
    """One function with its app and how often it was called."""

    function: Function
    app: Any
    invocations: int = 0


def load(function: Function, env: Env) -> Any:
    """Import a function's handler and build its app over bindings that are open already."""
    return importlib.import_module(function.module).app.with_env(env)


class Functions:
    """All functions over one Env, with the queue that `/async-function` and triggers fill.

    The queue runs one call at a time, first in first out, as the community edition's does.
    """

    def __init__(self, functions: Iterable[Function], env: Env) -> None:
        self.env = env
        self.loaded = {f.name: Loaded(f, load(f, env)) for f in functions}
        self.queue: asyncio.Queue[tuple[str, str, dict[str, str], bytes]] = asyncio.Queue(1000)
        self.queued: set[str] = set()
        self.running = 0

    def find(self, name: str) -> Loaded | None:
        """Find a function by NAME or NAME.NAMESPACE."""
        return self.loaded.get(name.partition(".")[0])

    async def call(self, name: str, path: str, headers: dict[str, str], body: bytes) -> int:
        """POST to a function in this process; return its status and log a failure."""
        loaded = self.loaded[name]
        loaded.invocations += 1
        started = time.perf_counter()
        transport = httpx2.ASGITransport(loaded.app, raise_app_exceptions=False)
        self.running += 1
        try:
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", timeout=None
            ) as client:
                answer = await client.post(path, headers=headers, content=body)
        finally:
            self.running -= 1
        if answer.status_code >= 400:
            took = round((time.perf_counter() - started) * 1000)
            note = {
                "function": name,
                "status": answer.status_code,
                "duration_ms": took,
                "answer": answer.text[:500],
            }
            log.error("Function failed", extra={"metadata": note})
        return answer.status_code

    def enqueue(self, name: str, path: str, headers: dict[str, str], body: bytes) -> str:
        """Queue a call; return its call id. Raises asyncio.QueueFull."""
        call_id = str(ULID())
        self.queue.put_nowait((name, path, {**headers, "x-call-id": call_id}, body))
        return call_id

    async def trigger(self, name: str) -> None:
        """Start a function soon; a call already waiting is enough."""
        if name not in self.queued:
            self.queued.add(name)
            self.enqueue(name, "/", {"x-topic": "trigger"}, b"")

    async def finish(self, seconds: float) -> None:
        """Wait for the calls that run, so long at most: one that is cut off has to be done again."""
        until = time.monotonic() + seconds
        while self.running and time.monotonic() < until:
            await asyncio.sleep(0.02)

    async def work(self) -> None:
        """Run queued calls until cancelled."""
        while True:
            name, path, headers, body = await self.queue.get()
            self.queued.discard(name)
            try:
                await self.call(name, path, headers, body)
            except Exception:
                log.exception("Queued call failed", extra={"metadata": {"function": name}})
