"""Where credentials are read from, and what this process remembers of them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from shared.access import keys, tokens
from shared.access.identify import ANONYMOUS, credential, identify, identify_cached, identify_token, require
from shared.access.scopes import granted
from shared.env import Env
from shared.errors import Forbidden, Unauthorized
from shared.models import Principal

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], None),
        ([(b"authorization", b"Bearer abc")], b"abc"),
        ([(b"authorization", b"bearer  abc ")], b"abc"),
        ([(b"x-api-key", b" abc ")], b"abc"),
        ([(b"authorization", b"Bearer abc"), (b"x-api-key", b"def")], b"abc"),
        ([(b"cookie", b"__Host-sid=abc"), (b"referer", b"https://x/?api_key=abc")], None),
    ],
)
def test_credentials_are_read_from_two_headers(headers: Any, expected: bytes | None) -> None:
    assert credential(headers) == expected


@pytest.mark.parametrize(
    "value", [b"", b"Bearer", b"Bearer ", b"Basic abc", b"abc", b"Bearer a b", b"Digest x=y"]
)
async def test_another_scheme_is_refused(access: Env, value: bytes) -> None:
    with pytest.raises(Unauthorized):
        await identify(access, [(b"authorization", value)])


async def test_nobody_is_anonymous(access: Env) -> None:
    assert await identify(access, [(b"cookie", b"a=b"), (b"host", b"x")]) is ANONYMOUS
    assert ANONYMOUS.scopes == frozenset()


@pytest.mark.parametrize("token", [b"\xff\xfe", b"x", b"a.b.c", b"cik_dev_x", b"x" * 100_000, b"\x00", b"."])
async def test_odd_tokens_are_nobodys(access: Env, token: bytes) -> None:
    with pytest.raises(Unauthorized, match="the API key or token is not valid"):
        await identify_token(access, token)


async def test_an_identity_is_remembered_for_a_second(access: Env, clock: Any, monkeypatch: Any) -> None:
    made = await keys.create(access, owner="tom", level="trading")
    token = made.key.encode()
    assert identify_cached(access, token) is None
    principal = await identify(access, [(b"x-api-key", token)])
    assert identify_cached(access, token) is principal
    clock.advance(999)
    assert identify_cached(access, token) is principal
    clock.advance(1)
    assert identify_cached(access, token) is None


async def test_a_jwt_costs_one_signature_check(access: Env, clock: Any, monkeypatch: Any) -> None:
    made = await keys.create(access, owner="tom", level="trading")
    token = tokens.mint(access, made.record).encode()
    checks = 0
    verify = tokens.verify

    def counted(env: Env, text: str) -> Principal:
        nonlocal checks
        checks += 1
        return verify(env, text)

    monkeypatch.setattr(tokens, "verify", counted)
    for _ in range(5):
        assert (await identify_token(access, token)).kind == "jwt"
        clock.advance(1500)
    assert checks == 1


async def test_what_is_remembered_is_bounded(access: Env, monkeypatch: Any) -> None:
    monkeypatch.setattr("shared.access.identify.MOST", 10)
    for number in range(50):
        with pytest.raises(Unauthorized):
            await identify_token(access, b"token %d" % number)
    assert len(access.memory["identities"]) <= 10


@pytest.mark.parametrize(
    ("scopes", "scope", "expected"),
    [
        ({"read:news"}, "read:news", True),
        ({"read:news"}, "read:news:all", False),
        ({"read:signals"}, "read:signals:realtime", False),
        ({"admin:*"}, "admin:users", True),
        ({"admin:*"}, "admin:users:delete", True),
        ({"admin:*"}, "admin", False),
        ({"admin:*"}, "administrator:x", False),
        ({"admin:*"}, "read:news", False),
        (set(), "read:news", False),
    ],
)
def test_scopes(scopes: set[str], scope: str, expected: bool) -> None:
    assert granted(frozenset(scopes), scope) is expected
    principal = Principal("x", "key", frozenset(scopes), "1/hour")
    if expected:
        require(principal, scope)
        return
    with pytest.raises(Forbidden) as found:
        require(principal, scope)
    assert (found.value.code, found.value.details) == ("INSUFFICIENT_SCOPE", {"scope": scope})


def test_importing_it_is_cheap() -> None:
    """Nothing heavy beyond what every function imports anyway."""
    usual = "import sys, orjson, shared.env, shared.models, shared.platform.kv, shared.platform.d1"
    code = f"{usual}; before = {{*sys.modules}}; import shared.access.identify; "
    code += "print(*{*sys.modules} - before)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    heavy = {"redis", "jwt", "cryptography", "aiocache", "ssl", "http", "email", "asyncio"}
    assert heavy & {name.partition(".")[0] for name in loaded.stdout.split()} == set()


async def test_the_remembered_way_costs_a_few_microseconds(access: Env) -> None:
    made = await keys.create(access, owner="tom", level="trading")
    token = made.key.encode()
    await identify_token(access, token)
    best = 1.0
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(2000):
            identify_cached(access, token)
        best = min(best, (time.perf_counter() - started) / 2000)
    assert best < 10e-6
