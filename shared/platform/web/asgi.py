"""The few ASGI moves that every part of the web layer makes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import orjson

from shared.errors import Invalid, Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")
CALL_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class TooLarge(Problem):
    code, status = "PAYLOAD_TOO_LARGE", 413


class WrongType(Problem):
    code, status = "UNSUPPORTED_MEDIA_TYPE", 415


def header(scope: Scope, name: bytes) -> bytes | None:
    """Read the first header of a lower-case name."""
    headers: Headers = scope["headers"]
    return next((value for key, value in headers if key == name), None)


async def answer(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes = b"") -> None:
    """Send a whole response; adds content-length where the status allows a body."""
    head = list(headers)
    if status not in (204, 304):
        head.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


async def answer_json(send: Send, status: int, value: object) -> None:
    await answer(send, status, [JSON], orjson.dumps(value))


async def read_body(receive: Receive) -> bytes:
    """Collect the request body; the guard in front of every app limits its size."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def is_json(content_type: bytes) -> bool:
    kind = content_type.partition(b";")[0].strip().lower()
    return kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))


def parse_json(body: bytes) -> Any:
    """Decode strict JSON: NaN, nesting without end and broken UTF-8 are refused. Raises Invalid."""
    try:
        return orjson.loads(body)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"the body is not JSON: {error}", code="MALFORMED_BODY") from error
