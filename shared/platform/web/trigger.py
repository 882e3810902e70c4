"""Start another function through the gateway, without waiting for it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger("trigger")
WAIT_S = 3.0


def gateway_trigger(gateway: str) -> Callable[[str], Awaitable[None]]:
    """Make `env.trigger` of a function; a gateway that is away is logged: the schedule catches up."""

    async def trigger(name: str) -> None:
        import httpx2

        try:
            async with httpx2.AsyncClient(timeout=WAIT_S) as client:
                answer = await client.post(f"{gateway}/async-function/{name}")
                answer.raise_for_status()
        except httpx2.HTTPError as error:
            log.warning("Function not started", extra={"metadata": {"function": name, "why": str(error)}})

    return trigger
