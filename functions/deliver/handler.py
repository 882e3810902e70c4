"""deliver: sends the webhooks that are due."""

from __future__ import annotations

from typing import Any

from shared.env import Env
from shared.platform.lambda_ import handler_of
from shared.platform.web import function, job_app


async def run(env: Env, ask: dict[str, Any]) -> dict[str, Any]:
    from shared.webhooks.deliver import deliver

    return await deliver(env)


build = job_app("deliver", run)
app = function("deliver", build)
handle, lambda_handler = handler_of(app)
