"""Ask one source everything and read the answers; nothing is stored yet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shared.collect.klines import save_to_datalake
from shared.env import Env
from shared.errors import Malformed
from shared.platform.fetch import FetchFailed, Request, Validators
from shared.sources import Ask, Reading, Source, read_all

SOURCE_MS = 30_000  # from its first request on
OF_SOURCE, OF_JOB = 5, 12  # requests in flight: a slow provider must not hold up another
BIG = 20_000  # bytes; a body of more is read in a thread, for the loop serves others meanwhile

log = logging.getLogger("collect")


@dataclass(slots=True)
class Got:
    """What one request came to: a reading, or `unchanged`, or the error and its type."""

    request: Request
    reading: Reading = field(default_factory=Reading)
    unchanged: bool = False
    validators: Validators | None = None
    error: str | None = None
    error_type: str | None = None


@dataclass(slots=True)
class Limits:
    """How long and how many at once. `deadline` is by env's clock, `ends` the event loop's time."""

    deadline: int
    ends: float
    job: asyncio.Semaphore
    source: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(OF_SOURCE))
    until: int = 0  # of this source, once its first request has begun

    def begin(self, now: int) -> int:
        self.until = self.until or min(self.deadline, now + SOURCE_MS)
        return self.until


async def gather_source(env: Env, source: Source, ask: Ask, limits: Limits) -> list[Got]:
    """Ask all requests of a source, as many at once as the limits let; one that fails fails alone."""
    requests = list(source.requests(ask))
    tasks = [asyncio.create_task(get_one(env, source, ask, request, limits)) for request in requests]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=limits.ends - asyncio.get_running_loop().time())
        return [outcome(task, request) for task, request in zip(tasks, requests, strict=True)]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def outcome(task: asyncio.Task[Got], request: Request) -> Got:
    if task.done():
        return task.result()
    return Got(request, error="not finished in time", error_type="deadline")


async def get_one(env: Env, source: Source, ask: Ask, request: Request, limits: Limits) -> Got:
    try:
        async with limits.source, limits.job:
            answer = await env.http.get(request, deadline=limits.begin(env.now()))
        if answer.unchanged:
            return Got(request, unchanged=True)
        if source.series:
            await save_to_datalake(env, answer.body, *source.series(request))
        reading = await read(source, answer.body, request, replace(ask, now=env.now()))
        return Got(request, reading, validators=answer.validators)
    except FetchFailed as error:
        said = "no network: " if error.reason == "network" else ""
        return Got(request, error=f"{said}{error}", error_type=error.reason)
    except Malformed as error:
        return Got(request, error=f"malformed answer: {error}", error_type="malformed")


async def read(source: Source, body: bytes, request: Request, ask: Ask) -> Reading:
    if len(body) > BIG:
        return await asyncio.to_thread(read_all, source, body, request, ask)
    return read_all(source, body, request, ask)


def failures(gots: Sequence[Got]) -> list[str]:
    """Why requests failed, each reason once."""
    return list(dict.fromkeys(got.error for got in gots if got.error))
