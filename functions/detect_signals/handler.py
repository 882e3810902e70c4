"""detect-signals: steps every detector over what is new and raises signals."""

from __future__ import annotations

from typing import Any

from shared.env import Env
from shared.platform.lambda_ import handler_of
from shared.platform.web import function, job_app


async def run(env: Env, ask: dict[str, Any]) -> dict[str, Any]:
    from shared.signals.detect import detect

    return await detect(env)


build = job_app("detect-signals", run)
app = function("detect-signals", build)
handle, lambda_handler = handler_of(app)
