"""The transport of real connections: every one goes to an address that was checked just before."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.platform.addresses import EVERYWHERE, Lookup, Network, resolve

if TYPE_CHECKING:
    from httpcore2 import AsyncNetworkStream
    from httpx2 import AsyncBaseTransport

TRIED_ADDRESSES = 4


@cache
def tls_context() -> ssl.SSLContext:
    """One for the process: building it takes 18 ms."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Guard:
    """Network backend of httpcore2 that resolves, checks all addresses, and connects to one of those.

    TLS still names and verifies the host: only the TCP connection is told the address.
    """

    def __init__(
        self, allowed: Iterable[Network], trusted: frozenset[tuple[str, int]], lookup: Lookup
    ) -> None:
        import httpcore2

        self.sockets = httpcore2.AnyIOBackend()
        self.allowed, self.trusted, self.lookup = tuple(allowed), trusted, lookup

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, **options: Any
    ) -> AsyncNetworkStream:
        from httpcore2 import ConnectError, ConnectTimeout

        allowed = EVERYWHERE if (host, port) in self.trusted else self.allowed
        try:
            async with asyncio.timeout(timeout):
                addresses = await resolve(host, port, allowed=allowed, lookup=self.lookup)
        except TimeoutError as error:
            raise ConnectTimeout("name not resolved in time") from error
        except OSError as error:
            raise ConnectError(str(error)) from error
        failed: Exception = ConnectError("no address")
        for address in addresses[:TRIED_ADDRESSES]:  # an unreachable family (IPv6) fails at once
            try:
                return await self.sockets.connect_tcp(address, port, timeout=timeout, **options)
            except (ConnectError, ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def guarded_transport(
    allowed: Iterable[Network], trusted: frozenset[tuple[str, int]], lookup: Lookup
) -> AsyncBaseTransport:
    """An httpx2 transport that asks no proxy and connects only where the guard lets it."""
    import httpcore2
    import httpx2

    transport = httpx2.AsyncHTTPTransport(verify=tls_context())
    # httpx2 has no argument for the network backend, its core has
    transport._pool = httpcore2.AsyncConnectionPool(
        ssl_context=tls_context(),
        max_connections=None,
        max_keepalive_connections=32,
        keepalive_expiry=30,
        network_backend=Guard(allowed, trusted, lookup),  # type: ignore[arg-type]  # by duck: import stays lazy
    )
    return transport
