"""Records of API keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.store import keys, users
from shared.store.keys import KeyRecord


@pytest.fixture
async def record(db: Any) -> KeyRecord:
    owner = await users.create(db, "ann", "trader", 1000)
    scopes = frozenset(("read:prices", "read:news"))
    made = KeyRecord(
        "key_1", "cik_dev_abcd", "bot", owner.id, "readonly", scopes, "1000/hour", 1000, role="trader"
    )
    await keys.add(db, made, b"hash 1")
    return made


async def test_a_record_comes_back_whole(db: Any, record: KeyRecord) -> None:
    assert await keys.by_hash(db, b"hash 1") == record
    assert await keys.by_id(db, "key_1") == record
    assert await keys.by_hash(db, b"hash 2") is None
    assert await keys.every(db) == [record]
    assert await keys.every(db, record.owner) == [record]
    assert await keys.every(db, "somebody") == []


async def test_validity(db: Any, record: KeyRecord) -> None:
    assert record.valid(10**15)
    assert replace(record, expires_at=2000).valid(1999)
    assert not replace(record, expires_at=2000).valid(2000)
    assert not replace(record, revoked_at=1).valid(2)
    assert not replace(record, disabled_at=1).valid(2)


async def test_a_key_is_revoked_once(db: Any, record: KeyRecord) -> None:
    assert await keys.revoke(db, "key_1", 2000)
    assert not await keys.revoke(db, "key_1", 3000)
    assert not await keys.revoke(db, "key_2", 3000)
    found = await keys.by_id(db, "key_1")
    assert found is not None
    assert found.revoked_at == 2000


async def test_a_key_dies_with_its_owner(db: Any, record: KeyRecord) -> None:
    await users.disable(db, record.owner, 2000)
    found = await keys.by_hash(db, b"hash 1")
    assert found is not None
    assert not found.valid(3000)


async def test_replacing_shortens_the_old_key_and_never_lengthens_it(db: Any, record: KeyRecord) -> None:
    second = replace(record, id="key_2", created_at=2000, rotated_from="key_1")
    await keys.replace(db, "key_1", 5000, second, b"hash 2")
    third = replace(record, id="key_3", created_at=3000, rotated_from="key_1")
    await keys.replace(db, "key_1", 9000, third, b"hash 3")
    found = await keys.every(db)
    assert [(k.id, k.expires_at, k.rotated_from) for k in found] == [
        ("key_1", 5000, None),
        ("key_2", None, "key_1"),
        ("key_3", None, "key_1"),
    ]


async def test_last_use_is_noted(db: Any, record: KeyRecord) -> None:
    await keys.used(db, [("key_1", 5000), ("unknown", 1)])
    await keys.used(db, [])
    found = await keys.by_id(db, "key_1")
    assert found is not None
    assert found.last_used_at == 5000
