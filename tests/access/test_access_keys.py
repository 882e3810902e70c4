"""API keys: their format, what is stored of them, their life."""

from __future__ import annotations

import asyncio
import logging
import re
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from shared.access import keys
from shared.access.identify import identify
from shared.access.scopes import LEVELS, MASTER, READ, TRADE
from shared.env import Env
from shared.errors import Conflict, Invalid, NotFound, Unauthorized
from shared.models import Principal
from shared.store import users


def bearer(token: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"x"), (b"authorization", b"Bearer " + token.encode())]


async def who(env: Env, token: str) -> Principal | None:
    try:
        return await identify(env, bearer(token))
    except Unauthorized as error:
        return None if str(error) == "the API key or token is not valid" else pytest.fail(str(error))


def number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 62 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".index(digit)
    return value


@pytest.mark.parametrize(
    ("environment", "short"), [("development", "dev"), ("staging", "stg"), ("production", "prod")]
)
def test_format(environment: str, short: str) -> None:
    made = {keys.generate(environment) for _ in range(50)}
    assert len(made) == 50
    for key in made:
        match = re.fullmatch(rf"cik_{short}_([0-9A-Za-z]{{43}})([0-9A-Za-z]{{6}})", key)
        assert match
        assert number(match[1]) < 2**256
        assert number(match[2]) == crc32(key[:-6].encode())
        assert keys.well_formed(key)


async def test_a_key_is_shown_once_and_stored_nowhere(access: Env, tmp_path: Path, caplog: Any) -> None:
    with caplog.at_level(logging.DEBUG):
        made = await keys.create(access, owner="ann", level="master", name="bot")
        assert await who(access, made.key) is not None
        listed = await keys.every(access)
    assert [(k.prefix, k.name) for k in listed] == [(made.key[:12], "bot")]
    await access.db.exec("PRAGMA optimize")
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(file.name.startswith("test.db") for file in files)
    secret = made.key[12:].encode()
    for data in (*[file.read_bytes() for file in files], caplog.text.encode(), repr(listed).encode()):
        assert secret not in data
        assert b64encode(secret) not in data
    assert [key.name for key in (await access.kv.list()).keys] == []


async def test_a_wrong_checksum_costs_no_query(access: Env, monkeypatch: Any) -> None:
    made = await keys.create(access, owner="ann", level="readonly")
    queries = 0
    prepare = type(access.db).prepare

    def counted(self: Any, sql: str) -> Any:
        nonlocal queries
        queries += 1
        return prepare(self, sql)

    monkeypatch.setattr(type(access.db), "prepare", counted)
    digits = keys.DIGITS
    for i in range(1000):
        place = 8 + i % (len(made.key) - 8)
        swapped = digits[(digits.index(made.key[place]) + 1 + i // 49) % 62]
        assert await who(access, made.key[:place] + swapped + made.key[place + 1 :]) is None
    for text in (
        "",
        "cik_",
        "cik_dev_",
        made.key + "0",
        made.key[:-1],
        made.key.upper(),
        "cik_dev_" + "é" * 49,
    ):
        assert await who(access, text or "x") is None
    foreign = keys.generate("production")
    assert await who(access, foreign) is None
    assert queries == 0
    assert await who(access, keys.generate("development")) is None
    assert queries == 1


@pytest.mark.parametrize(
    ("owner", "level", "scopes"),
    [("ann", "master", MASTER), ("tom", "trading", TRADE), ("vic", "readonly", READ)],
)
async def test_levels(access: Env, owner: str, level: str, scopes: frozenset[str]) -> None:
    made = await keys.create(access, owner=owner, level=level)
    principal = await who(access, made.key)
    user = await users.by_name(access.db, owner)
    assert user is not None
    rate = {"readonly": "1000/hour", "trading": "10000/hour", "master": "100000/hour"}[level]
    assert principal == Principal(made.record.id, "key", scopes, rate, user.id, None)


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"owner": "nobody", "level": "readonly"}, NotFound, "nobody"),
        ({"owner": "ann", "level": "root"}, Invalid, "level: 'root'"),
        ({"owner": "vic", "level": "trading"}, Invalid, "viewer cannot own a trading key"),
        (
            {"owner": "ann", "level": "readonly", "scopes": ["write:webhooks"]},
            Invalid,
            "scopes: write:webhooks",
        ),
        ({"owner": "ann", "level": "readonly", "scopes": ["read:*"]}, Invalid, "read:"),
        ({"owner": "ann", "level": "readonly", "scopes": []}, Invalid, "none"),
        (
            {"owner": "ann", "level": "readonly", "rate_limit": "lots"},
            Invalid,
            "'lots' is not like 1000/hour",
        ),
        ({"owner": "ann", "level": "readonly", "expires_at": 5}, Invalid, "in the past"),
    ],
)
async def test_what_a_key_cannot_be(
    access: Env, asked: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=re.escape(words)):
        await keys.create(access, **asked)
    assert await keys.every(access) == []


async def test_a_key_never_has_more_than_its_owner_still_may(access: Env) -> None:
    made = await keys.create(access, owner="tom", level="trading")
    await users.set_role(access.db, made.record.owner, "viewer")
    principal = await who(access, made.key)
    assert principal is not None
    assert principal.scopes == READ
    narrow = await keys.create(access, owner="ann", level="master", scopes=["admin:users", "read:news"])
    principal = await who(access, narrow.key)
    assert principal is not None
    assert principal.scopes == {"admin:users", "read:news"}
    assert set(LEVELS) == {"readonly", "trading", "master"}


async def test_rotation_overlaps_and_copies(access: Env, clock: Any) -> None:
    old = await keys.create(
        access, owner="tom", level="trading", name="bot", scopes=["read:news"], rate_limit="7/minute"
    )
    assert await who(access, old.key)
    new = await keys.rotate(access, old.record.id, overlap_s=3)
    assert await who(access, old.key)
    assert await who(access, new.key)
    same = ("owner", "level", "scopes", "rate_limit", "name")
    assert [getattr(new.record, n) for n in same] == [getattr(old.record, n) for n in same]
    assert new.record.rotated_from == old.record.id
    clock.advance(2999)
    assert await who(access, old.key)
    clock.advance(1)
    assert await who(access, old.key) is None
    last = await keys.rotate(access, new.record.id)
    assert await who(access, new.key) is None
    assert await who(access, last.key)
    with pytest.raises(Conflict):
        await keys.rotate(access, old.record.id)
    with pytest.raises(NotFound):
        await keys.rotate(access, "key_none")


async def test_a_revoked_key_is_dead_here_at_once_and_elsewhere_in_a_second(access: Env, clock: Any) -> None:
    other = replace(access, memory={})
    made = await keys.create(access, owner="ann", level="readonly")
    assert await who(access, made.key)
    assert await who(other, made.key)
    await keys.revoke(access, made.record.id)
    await keys.revoke(access, made.record.id)
    assert await who(access, made.key) is None
    clock.advance(1000)
    assert await who(other, made.key) is None
    with pytest.raises(NotFound):
        await keys.revoke(access, "key_none")


async def test_an_expired_key_is_dead_though_it_was_just_seen(access: Env, clock: Any) -> None:
    made = await keys.create(access, owner="ann", level="readonly", expires_at=clock() + 500)
    assert await who(access, made.key)
    clock.advance(500)
    assert await who(access, made.key) is None


async def test_many_callers_at_once(access: Env) -> None:
    made = [await keys.create(access, owner="ann", level="readonly") for _ in range(5)]
    found = await asyncio.gather(*[who(access, made[i % 5].key) for i in range(100)])
    assert [p.id for p in found if p] == [made[i % 5].record.id for i in range(100)]
