"""The same app under the stock OpenFaaS python3-http template and on AWS Lambda, by Mangum.

Both call a plain function, the template from several threads at once. Mangum runs an app on a loop of
the calling thread, but an Env belongs to one loop; so every call is handed to one loop of ours, in a
thread of its own, that lives as long as the process. No streaming: an endless answer never ends there.
"""

from __future__ import annotations

import asyncio
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from shared.platform.web.asgi import App, Message, Receive, Scope, Send

Event = Callable[[Any, Any], Any]


class Loop:
    """One event loop in a thread, started by the first call."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loop: asyncio.AbstractEventLoop | None = None

    def get(self) -> asyncio.AbstractEventLoop:
        with self.lock:
            if self.loop is None:
                self.loop = asyncio.new_event_loop()
                threading.Thread(target=self.loop.run_forever, name="asgi", daemon=True).start()
        return self.loop


def on_loop(app: App, loop: Loop) -> App:
    """Wrap an app so that it runs on `loop` whatever loop the caller is on."""

    async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        request = await receive()
        messages = await asyncio.wrap_future(
            asyncio.run_coroutine_threadsafe(collect(app, scope, request), loop.get())
        )
        for message in messages:
            await send(message)

    return elsewhere


async def collect(app: App, scope: Scope, request: Message) -> list[Message]:
    """Run one request to its end and return what was sent."""
    sent: list[Message] = []
    given = [request]

    async def receive() -> Message:
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def handler_of(app: App) -> tuple[Event, Event]:
    """Make (`handle` for the template, `lambda_handler` for AWS); Mangum is imported by the first call."""
    loop, made = Loop(), dict[str, Any]()

    def mangum(event: dict[str, Any], context: Any) -> dict[str, Any]:
        from mangum import Mangum

        ensure_loop()
        if "app" not in made:
            # lifespan "auto" would open and close the Env on every request
            made["app"] = Mangum(on_loop(app, loop), lifespan="off")  # type: ignore[arg-type]
        answer: dict[str, Any] = made["app"](event, context)
        return answer

    def handle(event: Any, context: Any) -> tuple[bytes, int, list[tuple[str, str]]]:
        """Answer the template's event with a tuple Flask takes: bytes stay bytes, cookies stay several."""
        return flask_answer(mangum(api_gateway_event(event), context))

    return handle, mangum


def ensure_loop() -> None:
    """Give this thread a loop: Mangum asks for the current one, and only the main thread has one."""
    try:
        asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:
        asyncio.set_event_loop(asyncio.new_event_loop())


def api_gateway_event(event: Any) -> dict[str, Any]:
    """Turn the template's event (body, headers, method, query multi-dict, path) into AWS's version 2."""
    several = hasattr(event.query, "getlist")  # werkzeug's; a plain dict in other templates
    pairs = list(event.query.items(multi=True) if several else event.query.items())
    headers = {name.lower(): value for name, value in event.headers.items()}
    cookie = headers.pop("cookie", "")
    http = {"method": event.method, "path": event.path, "sourceIp": "", "protocol": "HTTP/1.1"}
    body = event.body or b""
    raw = body.encode() if isinstance(body, str) else body
    return {
        "version": "2.0",
        "rawPath": event.path,
        "rawQueryString": urlencode(pairs),
        "headers": headers,
        "cookies": [part.strip() for part in cookie.split(";")] if cookie else [],
        "requestContext": {"http": http},
        "body": b64encode(raw).decode(),
        "isBase64Encoded": True,
    }


def flask_answer(answer: dict[str, Any]) -> tuple[bytes, int, list[tuple[str, str]]]:
    body = answer.get("body") or ""
    raw = b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    headers = [*(answer.get("headers") or {}).items()]
    headers += [("set-cookie", cookie) for cookie in answer.get("cookies") or ()]
    return raw, int(answer["statusCode"]), headers
