"""Users and their one-time links."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.errors import Conflict
from shared.store import users


async def test_users_are_found_by_name_and_id(db: Any) -> None:
    made = await users.create(db, "ann", "trader", 1000)
    assert made == users.User(made.id, "ann", "trader", 1000, None)
    assert await users.by_name(db, "ann") == made
    assert await users.by_id(db, made.id) == made
    assert await users.by_name(db, "bob") is None
    assert await users.by_id(db, "ann") is None


async def test_a_name_is_taken_once(db: Any) -> None:
    await users.create(db, "ann", "trader", 1000)
    with pytest.raises(Conflict, match="'ann'"):
        await users.create(db, "ann", "admin", 2000)


async def test_roles_change_and_the_first_disabling_counts(db: Any) -> None:
    made = await users.create(db, "ann", "trader", 1000)
    await users.set_role(db, made.id, "viewer")
    await users.disable(db, made.id, 2000)
    await users.disable(db, made.id, 3000)
    assert await users.by_id(db, made.id) == users.User(made.id, "ann", "viewer", 1000, 2000)


async def test_a_link_works_once_of_many_at_once(db: Any) -> None:
    made = await users.create(db, "ann", "trader", 1000)
    await users.add_login_link(db, b"hash", made.id, 1000, 5000)
    found = await asyncio.gather(*[users.use_login_link(db, b"hash", 2000) for _ in range(20)])
    assert [user for user in found if user] == [made]


@pytest.mark.parametrize("when", [5000, 9000])
async def test_a_late_link_is_none(db: Any, when: int) -> None:
    made = await users.create(db, "ann", "trader", 1000)
    await users.add_login_link(db, b"hash", made.id, 1000, 5000)
    assert await users.use_login_link(db, b"hash", when) is None
    assert await users.use_login_link(db, b"other", 2000) is None


async def test_a_disabled_user_has_no_link(db: Any) -> None:
    made = await users.create(db, "ann", "trader", 1000)
    await users.add_login_link(db, b"hash", made.id, 1000, 5000)
    await users.disable(db, made.id, 1500)
    assert await users.use_login_link(db, b"hash", 2000) is None


async def test_a_new_link_drops_the_expired_ones_of_its_user(db: Any) -> None:
    made = await users.create(db, "ann", "trader", 1000)
    await users.add_login_link(db, b"old", made.id, 1000, 2000)
    await users.add_login_link(db, b"live", made.id, 1000, 9000)
    await users.add_login_link(db, b"new", made.id, 3000, 9000)
    rows = await db.prepare("SELECT hash FROM login_links ORDER BY hash").raw()
    assert [bytes(row[0]) for row in rows] == [b"live", b"new"]
