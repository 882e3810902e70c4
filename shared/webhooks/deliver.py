"""The deliver run: new events become deliveries, due ones are leased, sent, logged.

A delivery is leased before it is sent and settled after: a killed process loses nothing, another takes
over when the lease ends and sends the same id again. Each endpoint has its own task, so that a dead one
delays nobody else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.access.crypto import Undecipherable
from shared.platform.addresses import Lookup, networks, system_lookup
from shared.store import outbox, webhooks
from shared.store.outbox import Due, Outcome
from shared.store.webhooks import Webhook
from shared.webhooks import notes, schedule, send
from shared.webhooks.endpoints import signers_of
from shared.webhooks.sign import Signer, headers
from shared.webhooks.wire import Connections, Target, target

if TYPE_CHECKING:
    from shared.env import Env

logger = logging.getLogger(__name__)
SECONDS = 35.0  # no attempt starts later; the last ones end within 15 s more
LINGER = 10.0  # seconds a run waits for what is due soon, such as the 5 s retry
POLL = 0.5  # seconds until new events are looked for while endpoints are busy
LEASE = 60_000
CONCURRENCY = 4  # attempts at once to one endpoint
CHUNK = 64  # deliveries leased at once, reached by doubling while all goes well
RESTS_AFTER = 5  # failures in a row: the endpoint is left alone for the rest of the run


@dataclass(slots=True)
class Run:
    """What the tasks of one run share."""

    env: Env
    connections: Connections
    ends: float
    counts: Counter[str] = field(default_factory=Counter)
    resting: set[str] = field(default_factory=set)

    def open(self) -> bool:
        return time.monotonic() < self.ends


@dataclass(slots=True)
class Endpoint:
    """One webhook in this run: `failures` in a row, whether anything arrived, who asked us to stop."""

    hook: Webhook
    target: Target
    signers: list[Signer]
    failures: int = 0
    worked: bool = False
    failed: schedule.Result | None = None
    told_to_stop: schedule.Result | None = None

    def note(self, result: schedule.Result) -> None:
        if result.error is None:
            self.failures, self.worked = 0, True
            return
        self.failures, self.failed = self.failures + 1, result
        if result.status == schedule.GONE or schedule.pause(result):
            self.told_to_stop = result

    def stopped(self) -> bool:
        return self.told_to_stop is not None or self.failures >= RESTS_AFTER


async def deliver(
    env: Env, *, seconds: float = SECONDS, linger: float = LINGER, lookup: Lookup = system_lookup
) -> dict[str, int]:
    """Deliver what is due and what becomes due within `linger` seconds; what happened, counted.

    Any number may run at once. Ends within `seconds` plus one attempt.
    """
    counts = Counter[str](events=0, due=0, delivered=0, failed=0, exhausted=0, disabled=0)
    allowed = networks(env.settings.webhook_networks)
    connections = Connections(allowed, lookup)
    try:
        await dispatch(Run(env, connections, time.monotonic() + seconds, counts), linger)
    finally:
        connections.close()
    return dict(counts)


async def dispatch(run: Run, linger: float) -> None:
    """Start a task for every endpoint with something due, until nothing is and nothing will be soon."""
    active: dict[str, asyncio.Task[None]] = {}
    try:
        while run.open():
            run.counts["events"] += await fan_out(run.env)
            for hook in await webhooks.serving(run.env.db, run.env.now()):
                if hook.id not in active and hook.id not in run.resting:
                    active[hook.id] = asyncio.create_task(serve(run, hook))
            if active:
                await asyncio.wait(active.values(), timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
                for id in [id for id, task in active.items() if task.done()]:
                    active.pop(id).result()
            elif not await due_soon(run, linger):
                break
        await asyncio.gather(*active.values())
    finally:
        for task in active.values():
            task.cancel()  # what it has leased comes free when the lease ends


async def due_soon(run: Run, linger: float) -> bool:
    """Wait for the next delivery, if it is due within `linger` seconds."""
    due = await webhooks.next_due(run.env.db, run.resting)
    wait = None if due is None else max(0.05, (due - run.env.now()) / 1000)
    if wait is None or wait > linger:
        return False
    await asyncio.sleep(wait)
    return True


async def fan_out(env: Env) -> int:
    first = env.settings.webhook_schedule[0] * 1000
    return await outbox.fan_out(env.db, env.now(), first)


async def serve(run: Run, hook: Webhook) -> None:
    """Send to one endpoint what is due, in growing chunks, while it answers."""
    env = run.env
    try:
        endpoint = Endpoint(hook, target(hook.url, send.HEADERS), await signers_of(env, hook))
    except (ValueError, Undecipherable) as error:
        logger.error("webhook %s: its URL or secret cannot be read: %s", hook.id, error)
        run.resting.add(hook.id)
        return
    settled, chunk = list[Outcome](), CONCURRENCY
    while run.open() and not endpoint.stopped():
        due = await lease(env, hook, settled, chunk)
        if not due:
            settled = []
            break
        run.counts["due"] += len(due)
        settled = await send_all(run, endpoint, due)
        chunk = min(chunk * 2, CHUNK)
    if settled:
        await env.db.batch(outbox.outcome_statements(env.db, settled))
    if endpoint.stopped():
        run.resting.add(hook.id)
    await note_state(run, endpoint)


async def lease(env: Env, hook: Webhook, settled: list[Outcome], limit: int) -> list[Due]:
    """Settle the chunk before and take the next one, in one transaction."""
    now = env.now()
    before = outbox.outcome_statements(env.db, settled) if settled else []
    taken = outbox.lease_statement(env.db, hook.id, now, now + LEASE, limit)
    return outbox.leased((await env.db.batch([*before, taken]))[-1].results)


async def send_all(run: Run, endpoint: Endpoint, due: list[Due]) -> list[Outcome]:
    """Attempt each, a few at once; what is left when the endpoint fails is given back."""
    settled, unsent, queue = list[Outcome](), list[Due](), iter(due)

    async def work() -> None:
        for one in queue:
            if endpoint.stopped():
                unsent.append(one)
                continue
            settled.append(await attempt(run, endpoint, one))

    await asyncio.gather(*(work() for _ in range(min(CONCURRENCY, len(due)))))
    if unsent:
        run.counts["due"] -= len(unsent)
        await outbox.release_statement(run.env.db, unsent).run()
    return settled


async def attempt(run: Run, endpoint: Endpoint, due: Due) -> Outcome:
    env, body = run.env, due.payload.encode()
    at, began = env.now(), time.perf_counter()
    signed = headers(endpoint.signers, due.event, at // 1000, body)
    result = await send.post(run.connections, endpoint.target, body, signed, at)
    took = round((time.perf_counter() - began) * 1000)
    endpoint.note(result)
    key = f"{due.event}:{due.webhook}"
    status, step, next_at = schedule.settle(env.settings.webhook_schedule, due.step, key, result, env.now())
    run.counts["delivered" if result.error is None else "failed"] += 1
    if status == "exhausted":
        run.counts["exhausted"] += 1
        await notes.exhausted(env, endpoint.hook, due, result)
    return Outcome(
        event=due.event,
        webhook=due.webhook,
        token=due.token,
        status=status,
        step=step,
        next_at=next_at,
        at=at,
        duration_ms=took,
        status_code=result.status,
        error=result.error,
        response=result.response,
    )


async def note_state(run: Run, endpoint: Endpoint) -> None:
    """Since when the endpoint fails, how long it asked for peace, and whether it is given up."""
    env, hook, now = run.env, endpoint.hook, run.env.now()
    if endpoint.worked and hook.failing_since is not None:
        await webhooks.works(env.db, hook.id)
    failed = endpoint.told_to_stop or endpoint.failed
    if failed is None:
        return
    reason = schedule.disable_reason(failed, None if endpoint.worked else hook.failing_since, now)
    if reason:
        if await webhooks.disable(env.db, hook.id, now, reason):
            run.counts["disabled"] += 1
            await notes.disabled(env, hook, reason)
        return
    if not endpoint.worked:
        await webhooks.failing(env.db, hook.id, now)
    if schedule.pause(failed):
        await webhooks.pause(env.db, hook.id, now + schedule.pause(failed))
