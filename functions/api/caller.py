"""Who asks and how much they may: keys, JWTs and sessions, readers of an open server, rate-limit layers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.access import identify, sessions
from shared.access.limits import ENDPOINTS, Policies
from shared.access.scopes import PUBLIC, granted
from shared.env import Env
from shared.errors import Forbidden, Unauthorized
from shared.models import Principal
from shared.platform.kv import Layer
from shared.platform.web.asgi import Scope
from shared.platform.web.ip import bucket, client_ip, from_this_machine

OPEN = Principal("anonymous", "anonymous", PUBLIC, identify.ANONYMOUS.rate_limit)
DEMO_RATE = "100000/hour"  # the page of a demo polls and streams; it is read by whoever started it
PATTERNS = tuple((re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in ENDPOINTS)


class Caller:
    """The access layer as the hot path needs it."""

    def __init__(self, env: Env) -> None:
        self.env = env
        self.policies = Policies(anonymous=DEMO_RATE) if env.settings.demo else Policies()

    def cached(self, head: dict[bytes, bytes], scope: Scope) -> Principal | None:
        """Tell who asks where that takes no waiting: a key or token seen in the last second, or nobody."""
        authorization = head.get(b"authorization")
        if b"cookie" in head or b"x-api-key" in head:
            return None
        if authorization is None:
            return self.anonymous(scope)
        kind, _, token = authorization.partition(b" ")
        return identify.identify_cached(self.env, token) if kind == b"Bearer" else None

    async def identify(self, scope: Scope) -> Principal:
        """Tell who asks; raise Unauthorized for a credential that is not valid.

        A session that has ended makes a reader anonymous, not refused: the page of an open server stays.
        """
        headers = scope["headers"]
        token = identify.credential(headers)
        if token is not None:
            return await identify.identify_token(self.env, token)
        cookie = sessions.session_cookie(headers)
        if cookie is None:
            return self.anonymous(scope)
        try:
            principal = await sessions.identify(self.env, cookie)
        except Unauthorized:
            return self.anonymous(scope)
        sessions.check_same_site(self.env, scope["method"], headers)
        return principal

    def anonymous(self, scope: Scope) -> Principal:
        """Tell what somebody without a credential may do here."""
        settings = self.env.settings
        demo = settings.demo and from_this_machine(scope)
        return OPEN if settings.public_read or demo else identify.ANONYMOUS

    def layers(self, principal: Principal, endpoint: str, scope: Scope) -> Sequence[Layer]:
        """List the limits a request of this caller to a route counts against."""
        address = ""
        if principal.kind == "anonymous":
            address = bucket(client_ip(scope, self.env.settings.trusted_proxy_hops))
        return self.policies.layers(principal, endpoint, address)


def endpoint_of(path: str) -> str:
    """Find the route with a limit of its own that a path is; any other path is like every other."""
    return next((route for pattern, route in PATTERNS if pattern.fullmatch(path)), "")


def require(principal: Principal, scope: str) -> None:
    """Raise 401 for somebody unknown, 403 for somebody who may not."""
    if granted(principal.scopes, scope):
        return
    if principal.kind == "anonymous":
        raise Unauthorized("this needs an API key, a token or a login: Authorization: Bearer …")
    raise Forbidden(f"this needs the scope {scope}", scope=scope)
