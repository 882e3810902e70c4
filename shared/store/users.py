"""Users and their one-time login links."""

from __future__ import annotations

import os
from dataclasses import dataclass

from shared.errors import Conflict
from shared.platform.d1 import D1Database, D1Error

SQL_CREATE = "INSERT INTO users (id, name, role, created_at) VALUES (?, ?, ?, ?)"
SQL_BY_ID = "SELECT id, name, role, created_at, disabled_at FROM users WHERE id = ?"
SQL_BY_NAME = "SELECT id, name, role, created_at, disabled_at FROM users WHERE name = ?"
SQL_SET_ROLE = "UPDATE users SET role = ?2 WHERE id = ?1"
SQL_DISABLE = "UPDATE users SET disabled_at = ?2 WHERE id = ?1 AND disabled_at IS NULL"
SQL_ADD_LINK = "INSERT INTO login_links (hash, user, expires_at) VALUES (?, ?, ?)"
# Compare and set: of two who open the same link at once, one changes the row.
SQL_USE_LINK = "UPDATE login_links SET used_at = ?2 WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2"
SQL_LINK_USER = """SELECT u.id, u.name, u.role, u.created_at, u.disabled_at
FROM login_links AS l JOIN users AS u ON u.id = l.user WHERE l.hash = ? AND u.disabled_at IS NULL"""
SQL_DROP_LINKS = "DELETE FROM login_links WHERE user = ? AND expires_at <= ?"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in or own keys; `role` is admin, trader, viewer or service."""

    id: str
    name: str
    role: str
    created_at: int
    disabled_at: int | None = None


async def create(db: D1Database, name: str, role: str, now: int) -> User:
    """Add a user; raises Conflict when the name is taken."""
    user = User(f"usr_{os.urandom(8).hex()}", name, role, now)
    try:
        await db.prepare(SQL_CREATE).bind(user.id, name, role, now).run()
    except D1Error as error:
        if "UNIQUE" in str(error):
            raise Conflict(f"there is a user {name!r} already") from error
        raise
    return user


async def by_id(db: D1Database, user_id: str) -> User | None:
    row = await db.prepare(SQL_BY_ID).bind(user_id).first()
    return User(**row) if row else None


async def by_name(db: D1Database, name: str) -> User | None:
    row = await db.prepare(SQL_BY_NAME).bind(name).first()
    return User(**row) if row else None


async def set_role(db: D1Database, user_id: str, role: str) -> None:
    await db.prepare(SQL_SET_ROLE).bind(user_id, role).run()


async def disable(db: D1Database, user_id: str, now: int) -> None:
    """Shut a user out; keys of a disabled user stop working with it."""
    await db.prepare(SQL_DISABLE).bind(user_id, now).run()


async def add_login_link(db: D1Database, token_hash: bytes, user_id: str, now: int, expires_at: int) -> None:
    """Store a link by the sha256 of its token, and drop this user's expired ones."""
    await db.batch(
        [
            db.prepare(SQL_DROP_LINKS).bind(user_id, now),
            db.prepare(SQL_ADD_LINK).bind(token_hash, user_id, expires_at),
        ]
    )


async def use_login_link(db: D1Database, token_hash: bytes, now: int) -> User | None:
    """Take the link: its user the first time, None ever after, when late, or for a disabled user."""
    used = await db.prepare(SQL_USE_LINK).bind(token_hash, now).run()
    if used.meta.changes != 1:
        return None
    row = await db.prepare(SQL_LINK_USER).bind(token_hash).first()
    return User(**row) if row else None
