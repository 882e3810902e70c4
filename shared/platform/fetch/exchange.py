"""One attempt: redirects checked hop by hop, the body counted while it is decompressed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from shared.platform.addresses import AddressRefused
from shared.platform.fetch.policy import retry_after
from shared.platform.fetch.records import FetchFailed, Request, Validators

if TYPE_CHECKING:
    import httpx2

REDIRECTS = 3
REDIRECT = (301, 302, 303, 307, 308)
TOTAL = 30.0  # seconds for one attempt, whatever trickles in
CONNECT, SILENCE = 5.0, 10.0


async def exchange(
    client: httpx2.AsyncClient, request: Request, known: Validators | None, now: int, seconds: float
) -> tuple[int, httpx2.Headers, bytes]:
    """Status 200 or 304, headers, body; FetchFailed for everything else. `seconds` is what the run has."""
    import httpx2

    try:
        async with asyncio.timeout(min(seconds, TOTAL)):
            return await follow(client, request, known, now)
    except (TimeoutError, httpx2.TimeoutException) as error:
        raise FetchFailed("timeout", "no whole answer in time") from error
    except AddressRefused as error:
        raise FetchFailed("address", str(error)) from error
    except httpx2.ConnectError as error:
        raise FetchFailed("network", str(error) or "no connection") from error
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise FetchFailed("refused", "not a URL") from error
    except httpx2.RequestError as error:
        raise FetchFailed("network", type(error).__name__) from error  # its text may quote our headers


async def follow(
    client: httpx2.AsyncClient, request: Request, known: Validators | None, now: int
) -> tuple[int, httpx2.Headers, bytes]:
    url, headers = request.full_url(), conditional_headers(known)
    home = origin(url)
    for _ in range(REDIRECTS + 1):
        own = dict(request.headers) if origin(url) == home else {}  # keys stay with the host they are for
        async with client.stream("GET", url, headers={**own, **headers}) as response:
            if response.status_code not in REDIRECT:
                check_answer(response, request, 200 if known is None else 304, now)
                return response.status_code, response.headers, await bounded(response, request.max_bytes)
            url = target(url, response.headers.get("location", ""))
    raise FetchFailed("refused", f"more than {REDIRECTS} redirects")


def conditional_headers(known: Validators | None) -> dict[str, str]:
    pairs = known and (("if-none-match", known.etag), ("if-modified-since", known.last_modified))
    return {name: value for name, value in pairs or () if value}


def origin(url: str) -> tuple[str, str]:
    """Scheme and host; refused where the URL is not plain http or https, or carries a user."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise FetchFailed("refused", "not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise FetchFailed("refused", "only plain http and https URLs")
    return parts.scheme, parts.netloc.lower()


def target(url: str, location: str) -> str:
    """Where a redirect leads; from https never back to http."""
    found = urljoin(url, location)
    if not location or (origin(url)[0] == "https" and origin(found)[0] != "https"):
        raise FetchFailed("refused", "a redirect that leads nowhere, or away from https")
    return found


def check_answer(response: httpx2.Response, request: Request, also: int, now: int) -> None:
    """Status (200, or `also`) and content type, before a byte of the body is read."""
    if response.status_code not in (200, also):
        raise FetchFailed(
            "status",
            f"HTTP {response.status_code}",
            status=response.status_code,
            retry_after=retry_after(response.headers.get("retry-after"), now),
        )
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.accept and response.status_code == 200 and kind not in request.accept:
        raise FetchFailed("content_type", f"content type {kind[:100]!r}", status=200)


async def bounded(response: httpx2.Response, limit: int) -> bytes:
    """The body, at most `limit` bytes after decompression: httpx2 inflates in pieces of 1 MiB."""
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and len(declared) < 20 and int(declared) > limit:
        raise FetchFailed("too_large", f"{declared} bytes, more than {limit}", status=response.status_code)
    parts, size = list[bytes](), 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > limit:
            raise FetchFailed("too_large", f"more than {limit} bytes", status=response.status_code)
        parts.append(part)
    return b"".join(parts)
