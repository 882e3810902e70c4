"""Fire the schedules of stack.yml as cron-connector does: POST, empty body, no secret, no catch-up."""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import UTC, datetime, timedelta

from cronsim import CronSim

from shared.dev.functions import Functions
from shared.env import Env

log = logging.getLogger("schedules")
EVERY = re.compile(r"@every (\d+)(s|m|h)")
UNITS = {"s": 1, "m": 60, "h": 3600}
HEADERS = {"x-topic": "cron-function", "x-connector": "cron-connector"}


def next_fire(schedule: str, now: int) -> int:
    """Return when a schedule (5 cron fields, UTC, or `@every 5m`) fires next after `now`, in ms."""
    every = EVERY.fullmatch(schedule)
    if every:
        return now + int(every[1]) * UNITS[every[2]] * 1000
    after = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=now)
    return round(next(CronSim(schedule, after)).timestamp() * 1000)


async def run_schedule(functions: Functions, name: str, schedule: str, env: Env) -> None:
    """Call one function at its times until cancelled; times follow env.now, so a fast clock fires fast."""
    speed = getattr(env.now, "speed", 1.0)
    while True:
        due = next_fire(schedule, env.now())
        while (left := due - env.now()) > 0:
            await asyncio.sleep(min(1.0, max(0.01, left / 1000 / speed)))
        try:
            await functions.call(name, "/", HEADERS, b"")
        except Exception:
            log.exception("Scheduled call failed", extra={"metadata": {"function": name}})


def start_schedules(functions: Functions, env: Env) -> list[asyncio.Task[None]]:
    """Start one task for each function that has a schedule."""
    return [
        asyncio.create_task(run_schedule(functions, name, loaded.function.schedule, env))
        for name, loaded in functions.loaded.items()
        if loaded.function.schedule
    ]
