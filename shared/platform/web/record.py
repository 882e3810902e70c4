"""One log line and one count for every request; those of the hot path are written in bundles."""

from __future__ import annotations

import logging

from shared.env import Env
from shared.platform.web.asgi import Send, answer
from shared.platform.web.exchange import Exchange

PAGE = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")


def record(log: logging.Logger, exchange: Exchange) -> None:
    """Log a finished request and count it."""
    scope, principal = exchange.scope, exchange.principal
    note = {
        "method": scope["method"],
        "path": scope["path"][:500],
        "status": exchange.status,
        "duration_ms": round(exchange.seconds * 1000, 2),
        "request_id": exchange.request_id,
        "principal": principal.id if principal else None,
    }
    log.info("Request", extra={"metadata": note})


async def metrics_page(send: Send, env: Env) -> None:
    """Answer with the Prometheus text of all counters."""
    await answer(send, 200, [PAGE], b"")
