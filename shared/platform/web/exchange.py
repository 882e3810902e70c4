"""One request and its answer: what is known of it while it passes, and what is recorded of it afterwards."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from shared.platform.web.asgi import CALL_ID, Headers, Message, Scope, Send, header

if TYPE_CHECKING:
    from shared.models import Principal

_boot = os.urandom(6).hex()
_number = count(1)


def new_request_id(given: bytes | None) -> str:
    """Take the gateway's X-Call-Id where it is harmless, else make an id of our own."""
    if given is not None and CALL_ID.fullmatch(given):
        return given.decode()
    return f"{_boot}-{next(_number):x}"


@dataclass(slots=True)
class Exchange:
    """State of one request; apps find it as `scope["state"]["exchange"]`."""

    scope: Scope
    send_on: Send
    base_headers: Headers
    request_id: str
    started: float = field(default_factory=time.perf_counter)
    status: int = 0
    complete: bool = False
    principal: Principal | None = None
    endpoint: str | None = None  # the route's template, for metrics
    extra_headers: Headers = field(default_factory=list)  # rate limit, CORS: on whatever is answered

    async def send(self, message: Message) -> None:
        """Pass a message on, with the headers that every answer carries."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own: Headers = list(message.get("headers", ()))
            names = {name for name, _ in own}
            own += [pair for pair in self.base_headers if pair[0] not in names]
            own += self.extra_headers
            own.append((b"x-request-id", self.request_id.encode()))
            message = {**message, "headers": own}
        await self.send_on(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.complete = True

    @property
    def label(self) -> str:
        """The route's template; `other` where none matched, so that a scanner cannot fill the metrics."""
        route = self.scope.get("route")
        return self.endpoint or getattr(route, "path", None) or "other"


def open_exchange(scope: Scope, send: Send, base_headers: Headers) -> Exchange:
    exchange = Exchange(scope, send, base_headers, new_request_id(header(scope, b"x-call-id")))
    scope.setdefault("state", {})["exchange"] = exchange
    return exchange
