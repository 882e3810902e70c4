"""/health, /ready and /metrics without a framework: a cold process is asked these first."""

from __future__ import annotations

from typing import Any

from shared.env import Env
from shared.platform.web.asgi import answer_json
from shared.platform.web.exchange import Exchange
from shared.platform.web.problem import of_status
from shared.platform.web.record import metrics_page, request_log

STATUS_PATHS = frozenset(("/health", "/ready", "/metrics"))


async def details(env: Env) -> tuple[int, dict[str, Any]]:
    """Report everything as (HTTP status, body)."""
    from shared.ops import health

    found = await health.report(env, health.Requests(*request_log(env, "api").measured()))
    return 503 if found["services"]["database"] == health.UNHEALTHY else 200, found


async def alive(env: Env) -> tuple[int, dict[str, Any]]:
    """Report the short form; the process lives while it answers, whatever the database does."""
    _, found = await details(env)
    return 200, {"status": found["status"], "timestamp": found["timestamp"]}


async def ready(env: Env) -> tuple[int, dict[str, Any]]:
    """Tell whether requests can be answered."""
    from shared.ops.health import is_ready

    return (200, {"status": "ready"}) if await is_ready(env) else (503, {"status": "unhealthy"})


async def answer_status(env: Env, exchange: Exchange) -> None:
    """Answer one of STATUS_PATHS."""
    path = exchange.endpoint = exchange.scope["path"]
    if exchange.scope["method"] not in ("GET", "HEAD"):
        raise of_status(405)
    if path == "/metrics":
        await metrics_page(exchange.send, env)
        return
    code, body = await (alive(env) if path == "/health" else ready(env))
    await answer_json(exchange.send, code, body)
