"""collect: fetches what is due from every source and stores it."""

from __future__ import annotations

from typing import Any

from shared.env import Env
from shared.platform.lambda_ import handler_of
from shared.platform.web import function, job_app
from shared.platform.web.jobs import names_in


async def run(env: Env, ask: dict[str, Any]) -> dict[str, Any]:
    from shared.collect.run import collect

    return await collect(env, names_in(ask, "jobs"))


build = job_app("collect", run)
app = function("collect", build)
handle, lambda_handler = handler_of(app)
