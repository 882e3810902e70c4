"""What is asked, what came, what went wrong, and what is remembered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

Reason = Literal[
    "timeout",  # no whole answer in time
    "network",  # no connection, or it broke, or the bytes could not be decoded
    "status",  # a status that is neither 200 nor 304
    "refused",  # a URL or a redirect we do not follow
    "address",  # the name leads to an address we do not connect to
    "too_large",  # more bytes than asked for, after decompression
    "content_type",  # not one of the types asked for
    "not_before",  # the provider, or its budget, said later
    "breaker_open",  # the host failed too often
    "deadline",  # the run has no time left
]
SECRET = re.compile(r"key|token|secret|sign|auth|pass|session", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """One GET. Keys of providers belong in `headers`: those never leave for another host or into an error.

    `accept` lists the content types that may be parsed; empty accepts any. `cost` is what the call takes
    from the host's `budget_per_minute`. `conditional=False` for URLs that are asked once, such as the next
    stretch of candles: no validators are sent or kept for them.
    """

    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    max_bytes: int = 5_000_000
    accept: tuple[str, ...] = ()
    cost: int = 1
    budget_per_minute: int | None = None
    conditional: bool = True

    def full_url(self) -> str:
        if not self.params:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(self.params)}"


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells that a URL has not changed. `url` is without secrets."""

    url: str
    etag: str | None
    last_modified: str | None
    body_sha256: bytes | None
    at: int


@dataclass(frozen=True, slots=True)
class Answer:
    """`unchanged`: 304, or a body equal to the one last remembered; there is nothing to read.

    Fetch itself remembers no body. The collector puts `fetch_memory.validator_statement(db, validators)`
    into the batch that stores the rows: were they kept before, a crash between fetching and storing
    would make the next run skip data that nobody stored.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    unchanged: bool
    url: str
    from_retry: int = 0
    validators: Validators | None = None


class FetchFailed(Exception):
    """Why there is no answer. `not_before`: when to ask again at the earliest, milliseconds."""

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        status: int | None = None,
        not_before: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.not_before = not_before
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class HostState:
    """A host as it is known across processes. Instants are 0 where nothing holds."""

    failures: int = 0
    open_until: int = 0
    not_before: int = 0


class FetchMemory(Protocol):
    """What outlives the process. Every change is one atomic statement: others fetch at the same time."""

    async def recall(self, host: str, url: str | None) -> tuple[HostState, Validators | None]: ...

    async def failed(self, host: str, error: str, open_until: int, limit: int) -> None:
        """Count a failure below `limit`; the one that reaches it opens the breaker until `open_until`."""

    async def claim_probe(self, host: str, seen: int, open_until: int) -> bool:
        """Take the one probe of a breaker last seen open until `seen`; it opens again at once."""

    async def recovered(self, host: str) -> None: ...

    async def hold(self, host: str, not_before: int, error: str) -> None: ...

    async def charge(self, host: str, window: int, cost: int, budget: int) -> int | None:
        """Take `cost` from the minute `window`: what is used now, or None where it does not fit."""

    async def observe(self, host: str, window: int, used: int) -> None:
        """The provider itself counts `used` for this minute."""

    async def remember(self, validators: Validators) -> None: ...


def without_secrets(url: str) -> str:
    """The URL for errors and as a key: values of key, token, … are dropped, and so is any user part."""
    parts = urlsplit(url)
    query = [
        (name, "" if SECRET.search(name) else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, urlencode(query), ""))
