"""One log line and one count for every request, written in bundles: one alone costs more than the request."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache

import orjson

from shared.env import Env
from shared.platform import log as log_lines
from shared.platform import metrics
from shared.platform.web.asgi import Send, answer

PAGE = "text/plain; version=0.0.4; charset=utf-8"
BUNDLE = 256
WAIT_S = 0.25
STREAMS = frozenset(("/api/v1/stream",))  # last as long as their reader stays: no response time
# a path that needs no look at what it holds: nothing to escape, nothing that begins like a secret
PLAIN = re.compile(r"(?!.*(?:cik_|eyJ|whs))[A-Za-z0-9/_.~-]{1,200}")

# seconds since 1970, method, path, route's template, status, seconds taken, request id, principal's id
Finished = tuple[float, str, str, str, int, float, str, str | None]


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

    def add(
        self,
        method: str,
        path: str,
        endpoint: str,
        status: int,
        started: float,
        request_id: str,
        principal: str | None,
    ) -> None:
        """Note a request that `started` at time.perf_counter() and is answered; a failure is told at once."""
        took = time.perf_counter() - started
        self.waiting.append((time.time(), method, path, endpoint, status, took, request_id, principal))
        if status >= 500 or len(self.waiting) >= BUNDLE:
            self.flush()
        elif self.flushing is None:
            self.flushing = asyncio.get_running_loop().call_later(WAIT_S, self.flush)

    def flush(self) -> None:
        """Write and count what waits."""
        if self.flushing is not None:
            self.flushing.cancel()
            self.flushing = None
        waiting, self.waiting = self.waiting, []
        self.tally(waiting)
        lines = log_lines.handler()
        if lines is None or not waiting or not self.log.isEnabledFor(logging.INFO):
            return
        text = [self.line(request) for request in waiting]
        lines.kept[self.service].extend(text)
        lines.stream.write("\n".join(text) + "\n")
        lines.stream.flush()

    def tally(self, requests: Sequence[Finished]) -> None:
        """Add up first, so that each counter is touched once a bundle."""
        answered = Counter((endpoint, method, status) for _, method, _, endpoint, status, *_ in requests)
        buckets: Counter[tuple[str, int]] = Counter()
        took: dict[str, float] = defaultdict(float)
        for _, _, _, endpoint, _, seconds, _, _ in requests:
            buckets[endpoint, bisect_left(metrics.BOUNDS, seconds)] += 1
            took[endpoint] += seconds
        add, durations = self.recorder.add, "api_gateway_request_duration_seconds"
        for (endpoint, method, status), number in answered.items():
            add("api_gateway_requests_total", (endpoint, method, str(status)), number)
            self.failed += number if status >= 500 else 0
        for (endpoint, bucket), number in buckets.items():
            add(durations, (endpoint, str(bucket)), number)
        for endpoint, seconds in took.items():
            add(durations, (endpoint, "sum"), seconds)
        answers = [request for request in requests if request[3] not in STREAMS]
        self.seconds += sum(request[5] for request in answers)
        self.count += len(answers)

    def measured(self) -> tuple[float, float]:
        """Return (mean milliseconds, share of server errors) of what was answered since the start."""
        self.flush()
        if not self.count:
            return 0.0, 0.0
        return self.seconds / self.count * 1000, self.failed / self.count

    def line(self, request: Finished) -> str:
        """Write what the formatter of other records would; all but method and path is of our own making."""
        when, method, path, _, status, seconds, request_id, principal = request
        level = "ERROR" if status >= 500 else "INFO"
        who = f'"{principal}"' if principal else "null"
        return (
            f'{{"timestamp":"{instant(when)}","level":"{level}","service":"{self.service}",'
            f'"message":"Request","metadata":{{"method":{quoted(method)},"path":{quoted(path)},'
            f'"status":{status},"duration_ms":{seconds * 1000:.3f},"request_id":"{request_id}",'
            f'"principal":{who}}}}}'
        )


def instant(when: float) -> str:
    """Write seconds since 1970 as ISO 8601."""
    second = int(when)
    return f"{text_of_second(second)}.{int((when - second) * 1000):03d}Z"


@lru_cache(maxsize=4)
def text_of_second(second: int) -> str:
    """Write the part that thousands of lines share."""
    return log_lines.timestamp(second)[:19]


@lru_cache(maxsize=1024)
def quoted(text: str) -> str:
    """Write a text from outside as JSON: cut, without secrets or what a terminal would obey."""
    if PLAIN.fullmatch(text):
        return f'"{text}"'
    return orjson.dumps(log_lines.UNSAFE.sub("?", log_lines.clean(text, log_lines.SHORT))).decode()


def request_log(env: Env, service: str) -> RequestLog:
    """Return the one log of a function over this Env."""
    found: RequestLog | None = env.memory.get(f"requests {service}")
    if found is None:
        found = env.memory[f"requests {service}"] = RequestLog(service, metrics.recorder(env))
    return found


async def metrics_text(env: Env) -> bytes:
    """Write all counters as Prometheus reads them, this moment's requests included."""
    for name, value in env.memory.items():
        if name.startswith("requests "):
            value.flush()
    return await metrics.page(env)


async def metrics_page(send: Send, env: Env) -> None:
    """Answer with `metrics_text`."""
    await answer(send, 200, [(b"content-type", PAGE.encode())], await metrics_text(env))
