"""What `make up` prints: the one-time login link, and once in a database's life an API key."""

from __future__ import annotations

from shared.env import Env

ADMIN = "admin"


async def make_login_link(env: Env, user: str) -> str:
    """Make a one-time link; the token is in the fragment, which no server or log ever sees."""
    from shared.access import sessions

    token = await sessions.make_login_token(env, user)
    return f"{env.settings.public_base_url}/login#{token}"


async def ensure_admin(env: Env) -> bool:
    """Create the admin where there is none; tell whether it was."""
    from shared.store import users

    if await users.by_name(env.db, ADMIN):
        return False
    await users.create(env.db, ADMIN, "admin", env.now())
    return True


async def first_key(env: Env) -> str | None:
    """Create the admin and a master key in a new database; None where there is an admin already."""
    from shared.access import keys

    if not await ensure_admin(env):
        return None
    return (await keys.create(env, owner=ADMIN, level="master", name="first key")).key
