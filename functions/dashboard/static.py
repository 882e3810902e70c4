"""The dashboard function: the built page over ASGI, with headers that let nothing foreign run in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from functions.dashboard.site import File, Site, load, version_of
from shared.env import Env

Message = MutableMapping[str, Any]
Header = tuple[bytes, bytes]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    b"font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    b"require-trusted-types-for 'script'; trusted-types 'none'"
)
SECURITY: tuple[Header, ...] = (
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
TRANSPORT: Header = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
A_DAY = b"public, max-age=86400, immutable"  # names carry a hash of the content
TEXT = b"text/plain; charset=utf-8"
HTML = b"text/html; charset=utf-8"
NOT_BUILT = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Dashboard not built</title>
<h1>The dashboard is not built yet</h1>
<p>The API works without it. To build the page once, with Node 20.19 or newer:</p>
<pre>cd dashboard &amp;&amp; npm ci --ignore-scripts &amp;&amp; npm run build</pre>
<p>or <code>make up</code>. Then reload: no restart is needed.</p></html>
"""


class Dashboard:
    """Serve one build. A newer build is picked up on the next page load."""

    def __init__(self, dist: Path, *, https: bool = False) -> None:
        self.dist = dist
        self.site: Site | None = None
        self.security = (*SECURITY, TRANSPORT) if https else SECURITY

    def with_env(self, env: Env) -> Any:
        """Return the same function for a server whose Env is open, with its log and its counts."""
        from shared.platform.web import guard

        https = env.settings.public_base_url.startswith("https:")
        return guard(Dashboard(self.dist, https=https), env, "dashboard")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        status, headers, body = self.answer(scope)
        headers += self.security
        if status != 304:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def answer(self, scope: Message) -> tuple[int, list[Header], bytes]:
        """Decide status, headers and body; nothing here waits."""
        path, asked = scope["path"], dict(scope["headers"])
        if scope["method"] not in ("GET", "HEAD"):
            return 405, [(b"allow", b"GET, HEAD"), (b"content-type", TEXT)], b"Method not allowed\n"
        site = self.current(path)
        if path == "/health":
            return (200, *plain(b"ok\n")) if site else (503, *plain(b"not built\n"))
        if site is None:
            return 503, [(b"content-type", HTML), (b"cache-control", b"no-store")], NOT_BUILT
        if file := site.assets.get(path):
            return content(file, asked, A_DAY)
        if site.is_route(path):
            return content(site.index, asked, b"no-cache")
        if b"text/html" in asked.get(b"accept", b"") and not path.startswith("/assets/"):
            # A person gets the page's own "not found"; its status still tells the truth.
            _, headers, body = content(site.index, {**asked, b"if-none-match": b""}, b"no-cache")
            return 404, headers, body
        return (404, *plain(b"Not found\n"))

    def current(self, path: str) -> Site | None:
        """Return the build, read again where index.html changed; assets do not change under their name."""
        if self.site and path in self.site.assets:
            return self.site
        version = version_of(self.dist)
        if version == 0:
            self.site = None
        elif self.site is None or self.site.version != version:
            self.site = load(self.dist) or self.site
        return self.site


def plain(body: bytes) -> tuple[list[Header], bytes]:
    return [(b"content-type", TEXT), (b"cache-control", b"no-store")], body


def content(file: File, asked: dict[bytes, bytes], cache: bytes) -> tuple[int, list[Header], bytes]:
    """Answer 200 in the best encoding the client takes, or 304 where it has this content already."""
    headers = [(b"etag", file.etag), (b"cache-control", cache), (b"vary", b"accept-encoding")]
    if matches(asked.get(b"if-none-match", b""), file.etag):
        return 304, headers, b""
    headers.append((b"content-type", file.type))
    taken = accepted(asked.get(b"accept-encoding", b""))
    for name, body in file.encoded:
        if name in taken:
            return 200, [*headers, (b"content-encoding", name)], body
    return 200, headers, file.body


def matches(tags: bytes, etag: bytes) -> bool:
    """Compare weakly: proxies that compress turn a strong tag into a weak one."""
    bare = etag.removeprefix(b"W/")
    return any(tag.strip() == b"*" or tag.strip().removeprefix(b"W/") == bare for tag in tags.split(b","))


def accepted(header: bytes) -> set[bytes]:
    """Read Accept-Encoding into the encodings that are not refused by q=0."""
    taken = set()
    for part in header.lower().split(b","):
        name, _, weight = part.partition(b";")
        if weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000"):
            taken.add(name.strip())
    return taken


async def lifespan(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})
