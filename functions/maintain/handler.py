"""maintain: outcomes, compaction and retention."""

from __future__ import annotations

from typing import Any

from shared.env import Env
from shared.platform.lambda_ import handler_of
from shared.platform.web import function, job_app
from shared.platform.web.jobs import names_in


async def run(env: Env, ask: dict[str, Any]) -> dict[str, Any]:
    from shared.ops.maintain import maintain

    return await maintain(env, names_in(ask, "tasks"))


build = job_app("maintain", run)
app = function("maintain", build)
handle, lambda_handler = handler_of(app)
