"""The ASGI layer that all functions share: bindings, guard, problems, hot path, jobs.

function(name, build)     the `app` of a handler: opens Env once, then serves build(env)
job_app(name, run)        the `build` of a function that runs a job at `/`
guard(app, env, name)     what stands in front of every app; `function` adds it where it is missing
"""

from __future__ import annotations

from shared.platform.web.function import function as function
from shared.platform.web.guard import guard as guard
from shared.platform.web.jobs import job_app as job_app
