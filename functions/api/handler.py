"""api: market data, signals, news, webhooks, access and health over HTTP."""

from __future__ import annotations

from functions.api.app import build as build
from shared.platform.lambda_ import handler_of
from shared.platform.web import function

app = function("api", build)
handle, lambda_handler = handler_of(app)
