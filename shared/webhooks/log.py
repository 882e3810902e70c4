"""The delivery log of an endpoint for its owner: what was sent, what came back, send it again."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shared.errors import NotFound
from shared.store import deliveries
from shared.webhooks.endpoints import get

if TYPE_CHECKING:
    from shared.env import Env


async def page(
    env: Env, owner: str | None, id: str, *, before: str | None = None, limit: int = 100
) -> tuple[list[dict[str, Any]], str | None]:
    """Deliveries with their attempts, newest event first, and `before` of the next page."""
    hook = await get(env, owner, id)
    found = await deliveries.log(env.db, hook.id, before=before, limit=limit)
    return [asdict(one) for one in found], found[-1].event if len(found) == limit else None


async def replay(env: Env, owner: str | None, id: str, event: str) -> None:
    """Send one event again, with the same id and from the start of the schedule."""
    hook = await get(env, owner, id)
    if not await deliveries.replay(env.db, hook.id, event, env.now()):
        raise NotFound("no such delivery")
    await env.trigger("deliver")


async def recover(env: Env, owner: str | None, id: str, since: int) -> int:
    """Send again what failed for good since this instant; how many deliveries that are."""
    hook = await get(env, owner, id)
    found = await deliveries.recover(env.db, hook.id, since, env.now())
    await env.trigger("deliver")
    return found
