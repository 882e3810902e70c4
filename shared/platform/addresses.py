"""Which addresses and URLs given by others we may connect to.

`ipaddress.is_global` is no such check: it calls 224.0.0.1, 64:ff9b::7f00:1 and 2002:7f00:1:: global.
So there is an explicit list, applied to what a name resolves to, at the moment of connecting; a URL is
checked when it is registered only so that its owner hears of a mistake early.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from shared.errors import Invalid

Network = IPv4Network | IPv6Network
Lookup = Callable[[str, int], Awaitable[list[str]]]

# IANA special-purpose registries, cloud metadata addresses, and every way to write IPv4 inside IPv6.
DENIED_V4 = (
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "cloud metadata"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "AS112"),
    ("192.52.193.0/24", "AMT"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "AS112"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
)
DENIED_V6 = (
    ("::ffff:0:0/96", "IPv4-mapped"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "NAT64"),
    ("2001::/32", "Teredo"),
    ("2001::/23", "protocol assignments"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "AS112"),
    ("3fff::/20", "documentation"),
    ("::1/128", "loopback"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("ff00::/8", "multicast"),
)
GLOBAL_V6 = IPv6Network("2000::/3")
V4 = tuple((IPv4Network(network), why) for network, why in DENIED_V4)
V6 = tuple((IPv6Network(network), why) for network, why in DENIED_V6)

LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{LABEL}\.)*{LABEL}\Z")
NUMERIC_END = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\Z")
PORTS = {"https": {None, 443, 8443}, "http": {None, 80, 8080}}


EVERYWHERE: tuple[Network, ...] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))


class AddressRefused(Exception):
    """The target is not one we connect to; the message names the family, never the address."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Parse `127.0.0.0/8`, `10.1.2.3`, …; ValueError names the wrong one."""
    return tuple(ip_network(text) for text in texts)


def forbidden(ip: str | IPv4Address | IPv6Address, allowed: Iterable[Network] = ()) -> str | None:
    """Why this address may not be connected to, or None; `allowed` networks are exempt."""
    try:
        address = ip_address(ip) if isinstance(ip, str) else ip
    except ValueError:
        return "not an address"
    if any(address in network for network in allowed):
        return None
    if isinstance(address, IPv4Address):
        return next((why for network, why in V4 if address in network), None)
    found = next((why for network, why in V6 if address in network), None)
    return found or (None if address in GLOBAL_V6 else "not global unicast")


async def system_lookup(host: str, port: int) -> list[str]:
    """All addresses of a name, in the system's order of preference; OSError where there is none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def resolve(
    host: str, port: int, *, allowed: Iterable[Network] = (), lookup: Lookup = system_lookup
) -> list[str]:
    """Addresses to connect to, each one checked.

    One forbidden address among them refuses the name: an attacker's DNS answers may mix. The caller
    connects to what is returned here and never resolves again, else the second answer may differ.
    """
    allowed = tuple(allowed)
    found = [host] if is_literal(host) else await lookup(host, port)
    for address in found:
        why = forbidden(address, allowed)
        if why:
            raise AddressRefused(f"the address is not allowed: {why}")
    if not found:
        raise OSError(f"{host} has no address")
    return found


def host_and_port(url: str) -> tuple[str, int]:
    """Where a URL leads: its host in lower case and its port, 443 or 80 where it names none."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def check_url(text: str, *, development: bool = False, allowed: Iterable[Network] = ()) -> str:
    """A webhook URL as its owner gave it, or Invalid with the reason.

    https on port 443 or 8443; in development also http, and any port from 1024 up.
    """
    if len(text) > 2048 or not re.fullmatch(r"[\x21-\x7e]+", text) or "\\" in text:
        raise Invalid("url: at most 2048 printable ASCII characters, no spaces", field="url")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Invalid("url: not a URL", field="url") from None
    if parts.scheme not in (("https", "http") if development else ("https",)):
        raise Invalid("url: must start with https://", field="url")
    if "@" in parts.netloc or parts.fragment:
        raise Invalid("url: no user, password or fragment", field="url")
    if port not in PORTS[parts.scheme] and not (development and port and port >= 1024):
        raise Invalid(f"url: port {port} is not allowed", field="url")
    check_host(parts.hostname or "", tuple(allowed))
    return text


def check_host(host: str, allowed: tuple[Network, ...]) -> None:
    if is_literal(host):
        why = forbidden(host, allowed)
        if why:
            raise Invalid(f"url: the address is not allowed: {why}", field="url")
        return
    # getaddrinfo reads 2130706433, 0x7f.1 and 0177.0.0.1 as 127.0.0.1
    if not NAME.match(host) or NUMERIC_END.search(host):
        raise Invalid("url: not a host name", field="url")
    if "." not in host and not allowed:
        raise Invalid("url: the host must be a public name", field="url")
