"""One ASGI app that answers as an OpenFaaS gateway and its ingress do, over functions in this process.

/function/NAME/…  /async-function/NAME/…  /system/…  /healthz      the gateway: this machine only
/api/ /llm/ /graphql /ws/ /health /metrics /docs /openapi.json     the api function
everything else                                                    the dashboard function
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

import orjson

from shared.dev import system
from shared.dev.functions import Functions

API = ("/api/", "/llm/", "/ws/", "/docs/")
API_EXACT = frozenset(
    ("/graphql", "/health", "/metrics", "/docs", "/openapi.json", "/ready", "/.well-known/jwks.json")
)
GATEWAY = ("/function/", "/async-function/", "/system/")
MAX_ASYNC_BODY = 256_000  # the community edition's queue takes no more


class Gateway:
    """Route a request by its path; the hot path costs one comparison."""

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        self.api = functions.loaded["api"].app
        self.dashboard = functions.loaded["dashboard"].app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(receive, send)
            return
        try:
            await self.route(scope, receive, send)
        except asyncio.CancelledError:
            # of a stop that waited long enough: the guard has answered, and the server need not hear of it
            if not self.functions.env.stopping.is_set():
                raise

    def now(self, scope: dict[str, Any], send: Any) -> bool:
        """Let the api answer at once, where it can: see platform/web/protocol.py."""
        return is_api(scope["path"]) and self.api.now(scope, send)

    async def route(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope["path"]
        if is_api(path):
            await self.api(scope, receive, send)
        elif path.startswith(GATEWAY) or path == "/healthz":
            await self.gateway(scope, receive, send)
        else:
            await self.dashboard(scope, receive, send)

    async def lifespan(self, receive: Any, send: Any) -> None:
        """The Env is opened and closed by the dev server, so there is nothing to do but say so."""
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    async def gateway(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope["path"]
        if scope["type"] != "http" or not from_this_machine(scope):
            await answer(send, 404, {"error": "not found"})
        elif path.startswith("/function/"):
            await self.invoke(scope, receive, send)
        elif path.startswith("/async-function/"):
            await self.queue(scope, receive, send)
        elif path == "/system/logs":
            lines = system.log_lines(scope["query_string"].decode())
            await stream(receive, send, lines, self.functions.env.stopping)
        elif path == "/healthz":
            await answer(send, 200, {"status": "ok"})
        elif scope["method"] != "GET":
            await answer(send, 405, {"error": "the dev server serves stack.yml: edit that and restart"})
        else:
            await answer(send, *system.answer(self.functions, path))

    async def invoke(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        loaded, inner = self.resolve(scope)
        if loaded is None:
            await answer(send, 404, {"error": "function not found"})
            return
        loaded.invocations += 1
        await loaded.app({**scope, "path": inner, "raw_path": inner.encode()}, receive, send)

    async def queue(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        loaded, inner = self.resolve(scope)
        if loaded is None or scope["method"] != "POST":
            await answer(send, 404 if loaded is None else 405, {"error": "POST to a function that exists"})
            return
        body = await read_body(receive)
        if len(body) > MAX_ASYNC_BODY:
            await answer(send, 413, {"error": f"an asynchronous call takes at most {MAX_ASYNC_BODY} bytes"})
            return
        # X-Callback-Url is dropped on purpose: anyone may send it, and it would make us call any address.
        headers = {k.decode(): v.decode("latin-1") for k, v in scope["headers"] if k == b"content-type"}
        query = scope["query_string"].decode()
        try:
            call_id = self.functions.enqueue(
                loaded.function.name, inner + (f"?{query}" if query else ""), headers, body
            )
        except asyncio.QueueFull:
            await answer(send, 429, {"error": "the queue is full"})
            return
        await answer(send, 202, None, [(b"x-call-id", call_id.encode())])

    def resolve(self, scope: dict[str, Any]) -> tuple[Any, str]:
        """Split /function/NAME/rest into the function and the path it sees."""
        _, _, name, *rest = scope["path"].split("/", 3)
        return self.functions.find(name), "/" + (rest[0] if rest else "")


def is_api(path: str) -> bool:
    return path.startswith(API) or path in API_EXACT


def from_this_machine(scope: dict[str, Any]) -> bool:
    """Tell whether the peer is on loopback: jobs need no secret, so nobody else may start them.

    A forwarded request comes from a proxy on this machine, not from this machine.
    """
    client = scope.get("client")
    forwarded = any(name == b"x-forwarded-for" for name, _ in scope["headers"])
    return client is not None and not forwarded and ipaddress.ip_address(client[0]).is_loopback


async def read_body(receive: Any) -> bytes:
    body, more = bytearray(), True
    while more and len(body) <= MAX_ASYNC_BODY:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


async def answer(send: Any, code: int, body: Any, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    content = b"" if body is None else orjson.dumps(body)
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": head + (headers or [])})
    await send({"type": "http.response.body", "body": content})


async def stream(receive: Any, send: Any, lines: Any, stopping: asyncio.Event) -> None:
    """Send lines as they come until they end, the client goes or the server stops."""
    head = [(b"content-type", b"application/x-ndjson")]
    await send({"type": "http.response.start", "status": 200, "headers": head})

    async def pump() -> None:
        async for line in lines:
            await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    tasks = [asyncio.create_task(work) for work in (pump(), gone(), stopping.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
