"""One log line and one count for every request, written in bundles: one alone costs more than the request."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import NamedTuple

import orjson

from shared.env import Env
from shared.platform import log as log_lines
from shared.platform import metrics
from shared.platform.web.asgi import Send, answer

PAGE = "text/plain; version=0.0.4; charset=utf-8"
BUNDLE = 256
WAIT_S = 0.25
PLAIN = re.compile(r"[A-Za-z0-9/_.~-]{1,200}")


class Finished(NamedTuple):
    """One answered request; `endpoint` is the route's template, `seconds` how long it took."""

    when: float  # seconds since 1970
    method: str
    path: str
    endpoint: str
    status: int
    seconds: float
    request_id: str
    principal: str | None


class RequestLog:
    """Requests of one function, logged and counted together.

    A process that is killed loses at most the last quarter of a second of them.
    """

    def __init__(self, service: str, recorder: metrics.Recorder) -> None:
        self.service, self.recorder = service, recorder
        self.log = logging.getLogger(service)
        self.waiting: list[Finished] = []
        self.flushing: asyncio.TimerHandle | None = None
        self.count = self.failed = 0
        self.seconds = 0.0

    def measured(self) -> tuple[float, float]:
        """Return (mean milliseconds, share of server errors) of what was answered since the start."""
        if not self.count:
            return 0.0, 0.0
        return self.seconds / self.count * 1000, self.failed / self.count

    def add(self, request: Finished) -> None:
        """Note one request; a failed one is written at once."""
        self.count += 1
        self.seconds += request.seconds
        self.failed += request.status >= 500
        self.waiting.append(request)
        if request.status >= 500 or len(self.waiting) >= BUNDLE:
            self.flush()
        elif self.flushing is None:
            self.flushing = asyncio.get_running_loop().call_later(WAIT_S, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self.flushing is not None:
            self.flushing.cancel()
            self.flushing = None
        waiting, self.waiting = self.waiting, []
        for request in waiting:
            self.recorder.request(request.endpoint, request.method, request.status, request.seconds)
        lines = log_lines.handler()
        if lines is None or not waiting or not self.log.isEnabledFor(logging.INFO):
            return
        text = [self.line(request) for request in waiting]
        lines.kept[self.service].extend(text)
        lines.stream.write("\n".join(text) + "\n")
        lines.stream.flush()

    def line(self, request: Finished) -> str:
        """Write what the formatter of other records would."""
        path = request.path
        if not PLAIN.fullmatch(path):
            path = log_lines.UNSAFE.sub("?", log_lines.clean(path, log_lines.SHORT))
        metadata = {
            "method": request.method,
            "path": path,
            "status": request.status,
            "duration_ms": round(request.seconds * 1000, 3),
            "request_id": request.request_id,
            "principal": request.principal,
        }
        line = {
            "timestamp": log_lines.timestamp(request.when),
            "level": "ERROR" if request.status >= 500 else "INFO",
            "service": self.service,
            "message": "Request",
            "metadata": metadata,
        }
        return orjson.dumps(line).decode()


def request_log(env: Env, service: str) -> RequestLog:
    """Return the one log of a function over this Env."""
    found: RequestLog | None = env.memory.get(f"requests {service}")
    if found is None:
        found = env.memory[f"requests {service}"] = RequestLog(service, metrics.recorder(env))
    return found


def finished(
    method: str,
    path: str,
    endpoint: str,
    status: int,
    started: float,
    request_id: str,
    principal: str | None,
) -> Finished:
    """Close a request that `started` at time.perf_counter()."""
    seconds = time.perf_counter() - started
    return Finished(time.time(), method, path, endpoint, status, seconds, request_id, principal)


async def metrics_text(env: Env) -> bytes:
    """Write all counters as Prometheus reads them, this moment's requests included."""
    for name, value in env.memory.items():
        if name.startswith("requests "):
            value.flush()
    return await metrics.page(env)


async def metrics_page(send: Send, env: Env) -> None:
    """Answer with `metrics_text`."""
    await answer(send, 200, [(b"content-type", PAGE.encode())], await metrics_text(env))
