"""The outermost layer of every function: refuse what is malformed, bound what is large, answer every
error as a problem, put the security headers on, and leave one log line and one count per request."""

from __future__ import annotations

import asyncio
import logging

from shared.env import Env
from shared.errors import Invalid, Problem, Unavailable
from shared.platform.log import current
from shared.platform.web.asgi import App, Headers, Message, Receive, Scope, Send, TooLarge, answer, header
from shared.platform.web.exchange import Exchange, open_exchange
from shared.platform.web.problem import problem_body, problem_headers, unavailable, unexpected
from shared.platform.web.record import request_log

MAX_BODY = 1_048_576
MAX_HEADERS = 32_768
MAX_HEADER_COUNT = 100
CSP = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
EXPOSED = b"etag, link, location, ratelimit, ratelimit-policy, retry-after, x-request-id"


class HeadersTooLarge(Problem):
    code, status = "HEADERS_TOO_LARGE", 431


def security_headers(https: bool, csp: bytes = CSP) -> Headers:
    """Headers of every answer; an app may set its own of the same name instead."""
    headers: Headers = [
        (b"content-security-policy", csp),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    ]
    if https:
        headers.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
    return headers


def check_headers(scope: Scope, max_body: int) -> None:
    """Raise the Problem of a request whose head alone is reason to refuse it."""
    headers: Headers = scope["headers"]
    size = hosts = 0
    length = b""
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            length = value
    if size > MAX_HEADERS or len(headers) > MAX_HEADER_COUNT:
        raise HeadersTooLarge(f"headers may have {MAX_HEADERS} bytes in {MAX_HEADER_COUNT} lines")
    if hosts > 1:
        raise Invalid("more than one Host header", code="BAD_REQUEST")
    if len(length) > 15 or (length and int(length) > max_body):
        raise TooLarge(f"the body may have {max_body} bytes", max_bytes=max_body)


def bounded(receive: Receive, max_body: int) -> Receive:
    """Count what is received; a body without a length is refused as soon as it is too long."""
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > max_body:
            raise TooLarge(f"the body may have {max_body} bytes", max_bytes=max_body)
        return message

    return receive_bounded


class Guard:
    """ASGI middleware over one app; `service` names it in log lines and metrics."""

    guarded = True

    def __init__(
        self, app: App, env: Env, service: str, *, max_body: int = MAX_BODY, csp: bytes = CSP
    ) -> None:
        self.app, self.env, self.service, self.max_body = app, env, service, max_body
        self.log = logging.getLogger(service)
        self.requests = request_log(env, service)
        self.headers = security_headers(env.settings.public_base_url.startswith("https:"), csp)
        self.origins = frozenset(origin.encode() for origin in env.settings.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = current.set(self.service)  # log lines written on the way belong to this function
        try:
            await self.serve(scope, receive, send)
        finally:
            current.reset(token)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = open_exchange(scope, send, self.headers)
        try:
            check_headers(scope, self.max_body)
            if self.origins and await self.cross_origin(exchange):
                return
            await self.app(scope, bounded(receive, self.max_body), exchange.send)
        except Unavailable as error:
            # what is away, and where, is the operator's business
            self.log.error("Unavailable: %s", error, extra={"metadata": {"request_id": exchange.request_id}})
            await self.refuse(exchange, unavailable())
        except Problem as error:
            await self.refuse(exchange, error)
        except asyncio.CancelledError:
            if self.env.stopping.is_set() and not exchange.status:
                await self.refuse(exchange, unavailable())  # a stop waits only so long
            exchange.status = exchange.status or 499
            raise
        except Exception:
            self.log.exception("Request failed", extra={"metadata": {"request_id": exchange.request_id}})
            await self.refuse(exchange, unexpected())
        finally:
            self.note(exchange)

    def note(self, exchange: Exchange) -> None:
        scope, who = exchange.scope, exchange.principal
        self.requests.add(
            scope["method"],
            scope["path"][:1000],
            exchange.label,
            exchange.status,
            exchange.started,
            exchange.request_id,
            who.id if who else None,
        )

    async def refuse(self, exchange: Exchange, error: Problem) -> None:
        """Answer with a problem; an answer that has begun can only be cut short by raising."""
        if exchange.complete:
            return
        if exchange.status:
            raise error
        body = problem_body(error, exchange.request_id, self.env.now())
        await answer(exchange.send, error.status, problem_headers(error), body)

    async def cross_origin(self, exchange: Exchange) -> bool:
        """Let the listed origins read the answer; True where it was a preflight, already answered."""
        scope = exchange.scope
        exchange.extra_headers.append((b"vary", b"origin"))
        origin = header(scope, b"origin")
        if origin not in self.origins or origin is None:
            return False
        exchange.extra_headers.append((b"access-control-allow-origin", origin))
        exchange.extra_headers.append((b"access-control-expose-headers", EXPOSED))
        if scope["method"] != "OPTIONS" or header(scope, b"access-control-request-method") is None:
            return False
        preflight: Headers = [
            (b"access-control-allow-methods", b"GET, POST, PATCH, DELETE"),
            (b"access-control-allow-headers", b"authorization, content-type, if-none-match, idempotency-key"),
            (b"access-control-max-age", b"600"),
        ]
        await answer(exchange.send, 204, preflight)
        return True


def guard(app: App, env: Env, service: str, *, max_body: int = MAX_BODY, csp: bytes = CSP) -> App:
    """Wrap an app once; what is guarded already (it says so by `guarded`) comes back as it is."""
    return app if getattr(app, "guarded", False) else Guard(app, env, service, max_body=max_body, csp=csp)
