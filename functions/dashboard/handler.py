"""dashboard: serves the built page. It needs no binding, so it opens none: no database can hold it up."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from functions.dashboard.static import Dashboard
from shared.env import ROOT, Env, read_settings

DIST = ROOT / "dashboard" / "dist"


app = Dashboard(DIST, https=read_settings(os.environ).public_base_url.startswith("https:"))


def build(env: Env) -> Any:
    """The function over an Env that is open already."""
    return app.with_env(env)


@cache
def portable() -> tuple[Any, Any]:
    """Import the adapter when it is first called: uvicorn, the usual server, needs none of it."""
    from shared.platform.lambda_ import handler_of

    return handler_of(app)


def handle(event: Any, context: Any) -> Any:
    """Entry point of the stock python3-http template."""
    return portable()[0](event, context)


def lambda_handler(event: Any, context: Any) -> Any:
    """Entry point of AWS Lambda."""
    return portable()[1](event, context)
