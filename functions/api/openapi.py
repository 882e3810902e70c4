"""The OpenAPI description: FastAPI's, with our security schemes, scopes and problems."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI

PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "timestamp", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "details": {"type": "object"},
        "timestamp": {"type": "string", "format": "date-time"},
        "request_id": {"type": "string"},
    },
}
SECURITY_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "API key (`cik_…`) or JWT"},
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-sid", "description": "Dashboard session"},
}
# What each code means; the `type` of a problem points here.
CODES = {
    "INVALID_API_KEY": "401: no API key, token or session, or one that is not valid",
    "SESSION_ENDED": "401: the session has ended; log in again",
    "INSUFFICIENT_SCOPE": "403: the credential lacks the scope named in `details.scope`",
    "CROSS_SITE_REQUEST": "403: a page of another origin sent this",
    "API_KEY_REQUIRED": "403: only an API key can do this",
    "USER_REQUIRED": "403: only a credential of a user can do this",
    "INVALID_SYMBOL": "404: no asset has this name; `details.near` holds similar ones",
    "DATA_NOT_AVAILABLE": "404: nothing is known of this (yet)",
    "METHOD_NOT_ALLOWED": "405: the path does not take this method",
    "CONFLICT": "409: the state of the thing does not allow this",
    "PAYLOAD_TOO_LARGE": "413: the body is larger than 1 MiB",
    "UNSUPPORTED_MEDIA_TYPE": "415: the body is not application/json",
    "VALIDATION_ERROR": "400 for a parameter, 422 for a body: `detail` names the field",
    "INVALID_TIMEFRAME": "400: no such interval or period, or too many bars",
    "MALFORMED_BODY": "400: the body is not JSON",
    "BAD_REQUEST": "400: the request itself is malformed",
    "RATE_LIMIT_EXCEEDED": "429: wait `Retry-After` seconds; `violated-policies` names the policy",
    "HEADERS_TOO_LARGE": "431: more than 32 KiB of headers",
    "INTERNAL_ERROR": "500: a bug here; quote `request_id`",
    "SERVICE_UNAVAILABLE": "503: a part of the server is away; try again after `Retry-After` seconds",
}


STREAM = {
    "get": {
        "tags": ["stream"],
        "summary": "Follow events as they happen",
        "description": "Server-sent events: `id`, `event` (the topic) and `data` (JSON). Send Last-Event-ID "
        "to go on where you were; an event `missed` says that some are lost. Each topic needs its scope.",
        "operationId": "stream",
        "parameters": [
            {
                "name": "topics",
                "in": "query",
                "description": "Comma separated: prices, signals, news, health (default: all)",
                "required": False,
                "schema": {"type": "string"},
            }
        ],
        "responses": {"200": {"description": "Events without end", "content": {"text/event-stream": {}}}},
        "x-required-scopes": ["read:prices", "read:signals", "read:news", "read:health"],
    }
}


def methods_of(app: FastAPI, path: str) -> list[str]:
    """List the methods a path takes, for the Allow header of a 405."""
    found: set[str] = set()
    for template, operations in describe(app)["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found |= {method.upper() for method in operations}
    return sorted(found)


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description, made once."""
    if app.openapi_schema is None:
        schema = app.openapi()
        components = schema.setdefault("components", {})
        # FastAPI's own validation errors are answered as problems, like every other
        kept = {k: v for k, v in components.get("schemas", {}).items() if "ValidationError" not in k}
        components["schemas"] = {**kept, "Problem": PROBLEM_SCHEMA}
        schema["paths"]["/api/v1/stream"] = STREAM  # plain ASGI, so FastAPI does not know it
        components["securitySchemes"] = SECURITY_SCHEMES
        schema["security"] = [{"key": []}, {"session": []}]
        schema["x-problem-codes"] = CODES
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation.get("responses", {}).pop("422", None)
    assert app.openapi_schema is not None
    return app.openapi_schema
