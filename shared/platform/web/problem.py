"""Errors as application/problem+json (RFC 9457), from the first route on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from math import ceil

import orjson

from shared.errors import Problem, Unavailable
from shared.platform.web.asgi import Headers

CONTENT_TYPE = (b"content-type", b"application/problem+json")
CODES = {
    400: "VALIDATION_ERROR",
    401: "INVALID_API_KEY",
    403: "INSUFFICIENT_SCOPE",
    404: "DATA_NOT_AVAILABLE",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMIT_EXCEEDED",
    431: "HEADERS_TOO_LARGE",
    503: "SERVICE_UNAVAILABLE",
}
# types others have registered; all the rest are explained on our own page
TYPES = {"RATE_LIMIT_EXCEEDED": "https://iana.org/assignments/http-problem-types#quota-exceeded"}


def instant(now: int) -> str:
    """Write an instant in ms as ISO 8601 UTC: 2025-11-30T01:45:00.000Z."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=now)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def problem_body(error: Problem, request_id: str, now: int) -> bytes:
    """Serialise a problem; `details` may hold anything JSON can, the rest as text."""
    members = {
        "type": TYPES.get(error.code, f"/docs#{error.code}"),
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.status,
        "detail": str(error),
        "code": error.code,
        "details": error.details,
        "timestamp": instant(now),
        "request_id": request_id,
    }
    policies = error.details.get("violated_policies")
    if policies:
        members["violated-policies"] = policies
    return orjson.dumps(members, default=str, option=orjson.OPT_NON_STR_KEYS)


def problem_headers(error: Problem) -> Headers:
    """What the status asks for beside the body: WWW-Authenticate, Retry-After, Allow."""
    headers: Headers = [CONTENT_TYPE, (b"cache-control", b"no-store")]
    if error.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="cryptointel"'))
    if error.code == "INSUFFICIENT_SCOPE":
        needs = str(error.details.get("scope", "")).encode("ascii", "replace")
        headers.append((b"www-authenticate", b'Bearer error="insufficient_scope", scope="%s"' % needs))
    wait = error.details.get("retry_after", 5 if error.status == 503 else None)
    if isinstance(wait, int | float):
        headers.append((b"retry-after", b"%d" % max(1, ceil(wait))))
    return headers


def of_status(status: int, detail: str | None = None) -> Problem:
    """Make the problem of a bare HTTP status, as a framework raises it."""
    problem = Problem(detail or HTTPStatus(status).phrase, code=CODES.get(status))
    problem.status = status
    return problem


def unexpected() -> Problem:
    """What the caller is told of a bug: nothing but the request id to quote."""
    return Problem("something went wrong here; quote the request id when you report it")


def unavailable() -> Problem:
    """What the caller is told while the database or another part is away."""
    return Unavailable("a part of the server does not answer right now; try again soon")
