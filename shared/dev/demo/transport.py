"""The network of the demo: an httpx2 transport behind which the demo world answers."""

from __future__ import annotations

from hashlib import sha256

import httpx2

from shared.dev.demo.world import DemoWorld


class DemoTransport(httpx2.AsyncBaseTransport):
    """Answer every request from the world, with an ETag: what did not change is a 304."""

    def __init__(self, world: DemoWorld) -> None:
        self.world = world

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        status, kind, body = self.world.answer(str(request.url))
        headers = {"content-type": f"{kind}; charset=utf-8"}
        if status == 200:
            headers["etag"] = f'"{sha256(body).hexdigest()[:32]}"'
            if request.headers.get("if-none-match") == headers["etag"]:
                return httpx2.Response(304, headers=headers)
        return httpx2.Response(status, headers=headers, content=body)
