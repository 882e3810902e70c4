"""One attempt: a POST to a checked address, no redirects, 15 seconds and 64 KiB at most."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from shared.platform.addresses import AddressRefused, Lookup, Network, forbidden, resolve, system_lookup
from shared.platform.fetch.connect import tls_context
from shared.platform.fetch.policy import retry_after
from shared.webhooks.schedule import Result

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from aiohttp.abc import ResolveResult

TOTAL, CONNECT = 15.0, 5.0  # seconds: the whole attempt, body included; the connection alone
READ_MAX = 64 * 1024
SHOWN = 1000  # characters of the answer kept in the log
HEADERS = {
    "content-type": "application/json",
    "user-agent": "cryptointel-webhooks/1",
    "accept": "*/*",
    "accept-encoding": "identity",
}


class GuardedResolver:
    """aiohttp's resolver: all addresses of a name checked at the moment of connecting."""

    def __init__(self, allowed: tuple[Network, ...], lookup: Lookup) -> None:
        self.allowed, self.lookup = allowed, lookup

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        del family
        found = await resolve(host, port, allowed=self.allowed, lookup=self.lookup)
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in found
        ]

    async def close(self) -> None:
        pass


def guarded_socket(allowed: tuple[Network, ...]) -> Callable[[Any], socket.socket]:
    """The last look before connecting: literal addresses in a URL never reach a resolver."""

    def open_socket(info: Any) -> socket.socket:
        family, kind, proto, _, target = info
        why = forbidden(target[0], allowed)
        if why:
            raise AddressRefused(f"the address is not allowed: {why}")
        return socket.socket(family, kind, proto)

    return open_socket


def open_session(allowed: Iterable[Network] = (), lookup: Lookup = system_lookup) -> ClientSession:
    """A session for one delivery run; close it."""
    import aiohttp

    networks = tuple(allowed)
    connector = aiohttp.TCPConnector(
        limit=0,
        resolver=GuardedResolver(networks, lookup),  # type: ignore[arg-type]  # by duck: import stays lazy
        use_dns_cache=False,
        socket_factory=guarded_socket(networks),
        ssl=tls_context(),
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=TOTAL, sock_connect=CONNECT),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers=HEADERS,
        skip_auto_headers=("accept-encoding",),
        trust_env=False,
    )


async def post(session: ClientSession, url: str, body: bytes, headers: Mapping[str, str], now: int) -> Result:
    """Success is a 2xx alone. A redirect is a failure: whoever signed up must name the real target."""
    import aiohttp

    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            shown = await beginning(response)
            status, wait = response.status, retry_after(response.headers.get("retry-after"), now)
    except TimeoutError:
        return Result(None, "timeout")
    except AddressRefused as error:
        return Result(None, str(error))
    except aiohttp.ClientConnectorCertificateError as error:
        return Result(None, f"certificate: {error.certificate_error}"[:200])
    except aiohttp.ClientConnectorError as error:
        return Result(
            None, f"no connection: {error.os_error.strerror or type(error.os_error).__name__}"[:200]
        )
    except (aiohttp.ClientError, ValueError, OSError) as error:
        return Result(None, type(error).__name__)
    return Result(status, None if 200 <= status < 300 else f"HTTP {status}", shown, wait)


async def beginning(response: ClientResponse) -> str:
    """The first 1,000 characters. Of a longer body 64 KiB are read and the connection is dropped."""
    parts, size = list[bytes](), 0
    while size <= READ_MAX:
        part = await response.content.read(READ_MAX)
        if not part:
            break
        size += len(part)
        parts.append(part)
    else:
        response.close()
    text = b"".join(parts)[: 4 * SHOWN].decode("utf-8", "replace")[:SHOWN]
    return text.replace("\0", "�")
