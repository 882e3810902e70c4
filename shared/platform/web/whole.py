"""Write a ready answer in one piece, past uvicorn's `send`, and without a task where the server lets us.

That `send` checks, lower-cases and joins every header of every answer, which costs more than all the
work behind a cached one. Where the server is not the uvicorn we know, the answer goes the ordinary way.
"""

from __future__ import annotations

import sys
from typing import Any

from shared.platform.web.asgi import Send

IMPLEMENTATION = "uvicorn.protocols.http.httptools_impl"
NEEDS = (
    "flow",
    "disconnected",
    "keep_alive",
    "response_started",
    "response_complete",
    "transport",
    "default_headers",
    "message_event",
    "on_response",
)
_known: dict[type, bool] = {}


def is_known(cycle: Any) -> bool:
    """Tell whether this is uvicorn's request of the shape we rely on; looked at once per class."""
    kind = type(cycle)
    known = _known.get(kind)
    if known is None:
        ours = getattr(sys.modules.get(IMPLEMENTATION), "RequestResponseCycle", None)
        known = _known[kind] = kind is ours and all(hasattr(cycle, name) for name in NEEDS)
    return known


def writable(send: Send) -> Any:
    """Return what `write_whole` writes to; None where that is not possible.

    Not possible: another server, a slow reader, a connection that is about to close.
    """
    cycle: Any = getattr(send, "__self__", None)
    if cycle is None or not is_known(cycle):
        return None
    if cycle.flow.write_paused or cycle.disconnected or not cycle.keep_alive or cycle.response_started:
        return None
    return cycle


def write_whole(cycle: Any, head: bytes, body: bytes) -> None:
    """Write `head` (status line and headers with content-length, CRLF at the end) and `body` at once."""
    added = b"".join([b"%b: %b\r\n" % pair for pair in cycle.default_headers])
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(b"%b%b\r\n%b" % (head, added, body))
    cycle.message_event.set()
    cycle.on_response()
