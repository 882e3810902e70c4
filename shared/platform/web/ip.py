"""The client's address: the peer's, or what our own proxies say. Anyone can send X-Forwarded-For."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from shared.platform.web.asgi import Scope

UNKNOWN = "unknown"


def client_ip(scope: Scope, hops: int) -> IPv4Address | IPv6Address | None:
    """Return the address behind `hops` proxies of ours (0: the peer itself); None where it is not told."""
    if not hops:
        client = scope.get("client")
        return parse(client[0]) if client else None
    lists = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    told = b",".join(lists).decode("latin-1").split(",")
    return parse(told[-hops]) if len(told) >= hops else None


def parse(text: str | None) -> IPv4Address | IPv6Address | None:
    """Read an address, also as `1.2.3.4:567` or `[::1]:567`; None for anything else."""
    text = (text or "").strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def bucket(address: IPv4Address | IPv6Address | None) -> str:
    """Name who counts as one caller: an IPv4 address or an IPv6 /64, which one subscriber owns whole."""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False).network_address)
    return str(address) if address else UNKNOWN


def from_this_machine(scope: Scope) -> bool:
    """Tell whether the peer is on loopback and speaks for itself: a forwarded request does not."""
    client = scope.get("client")
    address = parse(client[0]) if client else None
    forwarded = any(name in (b"x-forwarded-for", b"forwarded") for name, _ in scope["headers"])
    return address is not None and address.is_loopback and not forwarded
