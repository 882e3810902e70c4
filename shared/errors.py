"""The few errors a caller can act on.

Problem                 something the caller of the product is told, with a code and an HTTP status
  Invalid               the input is wrong; `field` names what
  Unauthorized, Forbidden, NotFound, Conflict, TooMany, Unavailable
Refused                 one record from outside is not valid: costs a row
Malformed               an answer from outside cannot be read: costs a source
"""

from __future__ import annotations


class Problem(Exception):
    """An error with a stable code (REF-12) and an HTTP status; `details` is shown to the caller."""

    code = "INTERNAL_ERROR"
    status = 500

    def __init__(self, message: str, *, code: str | None = None, **details: object) -> None:
        super().__init__(message)
        self.code = code or self.code
        self.details = details


class Invalid(Problem):
    code, status = "VALIDATION_ERROR", 400


class Unauthorized(Problem):
    code, status = "INVALID_API_KEY", 401


class Forbidden(Problem):
    code, status = "INSUFFICIENT_SCOPE", 403


class NotFound(Problem):
    code, status = "DATA_NOT_AVAILABLE", 404


class Conflict(Problem):
    code, status = "CONFLICT", 409


class TooMany(Problem):
    code, status = "RATE_LIMIT_EXCEEDED", 429


class Unavailable(Problem):
    code, status = "SERVICE_UNAVAILABLE", 503


class Refused(ValueError):
    """One record is not valid; the message says which field and why."""


class Malformed(ValueError):
    """A whole answer cannot be read: not the format, not the content type, too deep, too long."""
