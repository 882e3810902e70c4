"""uvicorn's HTTP protocol, which asks the app for an answer at once before it starts a task for it.

Pass as `http=` to uvicorn.Config. An app that can answer from memory has `now(scope, send) -> bool`:
True when it has written the whole answer already.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class Protocol(HttpToolsProtocol):
    """HttpToolsProtocol with one question more."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        now = getattr(app, "now", None)
        # behind a queue of pipelined requests each answer would start the next one inside itself
        if now is None or self.pipeline or not now(cycle.scope, cycle.send):
            super()._start_asgi_task(cycle, app)
