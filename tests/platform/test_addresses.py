"""Hostile addresses and URLs (W7): refused when registered, and never connected to."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from shared.errors import Invalid
from shared.platform.addresses import AddressRefused, check_url, forbidden, networks, resolve, system_lookup

FORBIDDEN = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
FREE = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "172.32.0.1",
    "192.167.0.1",
    "2606:4700:4700::1111",
    "2a00::1",
]

# None of these may be registered in production; the guard must stop the few that a name could hide.
HOSTILE = [
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "javascript:alert(1)",
    "//example.com/",
    "example.com/hook",
    "https://",
    "https:///path",
    "https://user@example.com/",
    "https://user:pass@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com:22/",
    "https://example.com:6379/",
    "https://example.com:99999/",
    "https://example.com:port/",
    "https://example.com/#fragment",
    "https://exa mple.com/",
    "https://example.com/\r\nX-Injected: 1",
    "https://example.com%00.evil.com/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com%2f@evil.com/",
    "https://bücher.example/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://localhost/",
    "https://intranet/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://0/",
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://example.com.0x7f/",
    "https://10.1.2.3/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00:ec2::254]/",
    "https://[::1/",
    "https://-example.com/",
    "https://example..com/",
    "https://" + "a" * 64 + ".com/",
    "https://example.com/" + "a" * 2048,
]


@pytest.mark.parametrize("ip", FORBIDDEN)
def test_forbidden(ip: str) -> None:
    assert forbidden(ip)
    assert forbidden(ip_address(ip))


@pytest.mark.parametrize("ip", FREE)
def test_free(ip: str) -> None:
    assert forbidden(ip) is None


def test_what_is_no_address_is_forbidden() -> None:
    assert forbidden("2130706433") == forbidden("example.com") == "not an address"


def test_allowed_networks_are_exempt_and_nothing_else() -> None:
    allowed = networks(["127.0.0.0/8", "10.1.0.0/16"])
    assert forbidden("127.0.0.1", allowed) is None
    assert forbidden("10.1.2.3", allowed) is None
    assert forbidden("10.2.0.1", allowed) == "private"


@pytest.mark.parametrize("url", HOSTILE, ids=lambda url: url[:40])
def test_hostile_urls_are_refused_at_registration(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_url(url)
    assert caught.value.details == {"field": "url"}


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook?a=1&b=%20",
        "https://example.com:8443/",
        "https://xn--bcher-kva.example/x",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
    ],
)
def test_plain_urls_pass(url: str) -> None:
    assert check_url(url) == url


def test_development_takes_http_and_any_high_port_but_no_private_address_unless_allowed() -> None:
    assert check_url("http://example.com:9000/", development=True)
    with pytest.raises(Invalid):
        check_url("http://example.com:22/", development=True)
    with pytest.raises(Invalid, match="loopback"):
        check_url("http://127.0.0.1:9000/", development=True)
    allowed = networks(["127.0.0.0/8"])
    assert check_url("http://127.0.0.1:9000/", development=True, allowed=allowed)
    assert check_url("http://localhost:9000/", development=True, allowed=allowed)


@pytest.mark.parametrize("trick", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "localhost"])
async def test_what_the_system_turns_into_loopback_is_caught_after_resolving(trick: str) -> None:
    assert await system_lookup(trick, 80)
    with pytest.raises(AddressRefused, match=r"loopback|this network"):
        await resolve(trick, 80)


async def test_one_forbidden_address_among_many_refuses_the_name() -> None:
    async def mixed(host: str, port: int) -> list[str]:
        return ["8.8.8.8", "10.0.0.1"]

    with pytest.raises(AddressRefused, match="private"):
        await resolve("mixed.example", 443, lookup=mixed)


async def test_the_checked_addresses_are_what_the_caller_connects_to() -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    async def rebinding(host: str, port: int) -> list[str]:
        await asyncio.sleep(0)
        return next(answers)

    assert await resolve("rebind.example", 443, lookup=rebinding) == ["93.184.216.34"]
    with pytest.raises(AddressRefused):
        await resolve("rebind.example", 443, lookup=rebinding)


async def test_a_name_without_addresses_is_no_connection() -> None:
    async def nothing(host: str, port: int) -> list[str]:
        return []

    with pytest.raises(OSError):
        await resolve("empty.example", 443, lookup=nothing)
