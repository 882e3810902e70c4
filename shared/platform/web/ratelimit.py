"""Rate-limit headers: draft-ietf-httpapi-ratelimit-headers-10, and the older X-RateLimit names."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

from shared.platform.kv import Decision, Layer
from shared.platform.web.asgi import Headers


@lru_cache(maxsize=1024)
def template(scope: str, limit: int, period_s: float) -> bytes:
    """Headers of one policy as they go over the wire, open: left, seconds, left, seconds."""
    name = scope.encode("ascii", "replace")
    return (
        b'ratelimit-policy: "%b";q=%d;w=%d\r\nratelimit: "%b";r=%%d;t=%%d\r\n'
        b"x-ratelimit-limit: %d\r\nx-ratelimit-remaining: %%d\r\nx-ratelimit-reset: %%d\r\n"
    ) % (name, limit, period_s, name, limit)


def limit_lines(decision: Decision) -> bytes:
    """Header lines of the layer with least left; it has grown by at least one request after `t` seconds."""
    layer: Layer = decision.layer
    left, seconds = decision.remaining, ceil(decision.reset_s if decision.allowed else decision.retry_after_s)
    return template(layer.scope, layer.limit, layer.period_s) % (left, seconds, left, seconds)


def limit_headers(decision: Decision) -> Headers:
    """Return the same as pairs, for an ordinary answer."""
    lines = limit_lines(decision).split(b"\r\n")[:-1]
    return [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
