"""Dashboard sessions: a one-time link, then a cookie whose hash is the key in the key-value store.

A lost store is a logged-out user: nothing here guesses (KVUnavailable is passed on).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from shared.access.scopes import RATES, ROLE_LEVELS, role_scopes
from shared.access.secrets import random_text
from shared.env import Env
from shared.errors import Forbidden, NotFound, Unauthorized
from shared.models import HOUR, MINUTE, Principal
from shared.platform.kv import KVUnavailable
from shared.store import users
from shared.store.users import User

COOKIE = "__Host-sid"
COOKIE_START = f"{COOKIE}=".encode()
LINK_MS = 10 * MINUTE
IDLE_MS = 30 * MINUTE
ABSOLUTE_MS = 12 * HOUR
TOUCH_MS = MINUTE  # a session is written again at most this often
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))

Headers = Iterable[tuple[bytes, bytes]]


class Session(NamedTuple):
    """A new session: the value for the cookie, shown once, and whose it is."""

    id: str
    user: User


async def make_login_token(env: Env, user_name: str) -> str:
    """A token for `<base>/login#<token>`: works once, within ten minutes. Raises NotFound."""
    user = await users.by_name(env.db, user_name)
    if user is None or user.disabled_at is not None:
        raise NotFound(f"there is no user {user_name!r}")
    token = random_text()
    now = env.now()
    await users.add_login_link(env.db, sha256(token.encode()).digest(), user.id, now, now + LINK_MS)
    return token


async def log_in(env: Env, token: str, old: str | None = None) -> Session:
    """Use a login token; `old` (a cookie the browser came with) ends. Raises Unauthorized."""
    if not await env.kv.ping():
        # before the link is used up: without a place for the session it would be lost
        raise KVUnavailable("sessions cannot be kept just now")
    user = await users.use_login_link(env.db, sha256(token.encode()).digest(), env.now())
    if user is None:
        raise Unauthorized("the login link is used, too old or unknown: make a new one")
    if old:
        await end(env, old)
    return await start(env, user, env.now())


async def start(env: Env, user: User, began: int) -> Session:
    """A session under a new id that ends 12 hours after `began`."""
    session = random_text()
    left = (began + ABSOLUTE_MS - env.now()) / 1000
    if left <= 0:
        raise Unauthorized("the session has ended")
    await env.kv.put(key_of(session), orjson.dumps({"user": user.id, "began": began}), ttl=left)
    await touch(env, user.id, session, left)
    return Session(session, user)


async def rotate(env: Env, session: str) -> Session:
    """The same session under a new id: after each change of what it may do. Raises Unauthorized."""
    data = await read(env, session)
    user = await users.by_id(env.db, data["user"]) if data else None
    if data is None or user is None:
        raise Unauthorized("the session has ended")
    await end(env, session)
    return await start(env, user, data["began"])


async def identify(env: Env, session: str) -> Principal:
    """The principal of a session cookie, which counts as activity. Raises Unauthorized when it ended."""
    data = await read(env, session)
    user = await users.by_id(env.db, data["user"]) if data else None
    if data is None or user is None or user.disabled_at is not None:
        raise Unauthorized("the session has ended: log in again", code="SESSION_ENDED")
    if env.now() - data["seen"] >= TOUCH_MS:
        await touch(env, user.id, session, (data["began"] + ABSOLUTE_MS - env.now()) / 1000)
    return Principal(
        user.id,
        "session",
        role_scopes(user.role),
        RATES[ROLE_LEVELS[user.role]],
        user.id,
        data["began"] + ABSOLUTE_MS,
    )


async def end(env: Env, session: str) -> None:
    """Log out; an unknown session is logged out already."""
    data = await read(env, session)
    await env.kv.delete(key_of(session))
    if data:
        await env.kv.delete(member_key(data["user"], session))


async def end_all(env: Env, user_id: str) -> int:
    """End every session of a user, everywhere at once; return how many there were."""
    prefix = f"session:user:{user_id}:"
    ended = 0
    while names := [key.name for key in (await env.kv.list(prefix)).keys]:
        for name in names:
            await env.kv.delete(f"session:{name.removeprefix(prefix)}")
            await env.kv.delete(name)
        ended += len(names)
    return ended


async def read(env: Env, session: str) -> dict[str, Any] | None:
    """What is stored of a session that has neither idled out nor reached its end."""
    if not 20 <= len(session) <= 100:
        return None
    found = await env.kv.get(key_of(session))
    if found is None:
        return None
    data: dict[str, Any] = orjson.loads(found)
    seen = await env.kv.get(member_key(data["user"], session))
    now = env.now()
    if seen is None or now >= data["began"] + ABSOLUTE_MS or now >= int(seen) + IDLE_MS:
        return None
    return {**data, "seen": int(seen)}


async def touch(env: Env, user_id: str, session: str, left_s: float) -> None:
    """Note activity, under a key of its own: a request that races with a log-out revives nothing.

    One key a session, not one list a user: two replicas that log a user in lose nothing.
    """
    await env.kv.put(member_key(user_id, session), str(env.now()), ttl=min(IDLE_MS / 1000, left_s))


def digest(session: str) -> str:
    return sha256(session.encode()).hexdigest()


def key_of(session: str) -> str:
    return f"session:{digest(session)}"


def member_key(user_id: str, session: str) -> str:
    return f"session:user:{user_id}:{digest(session)}"


def session_cookie(headers: Headers) -> str | None:
    """The session of a request's Cookie header."""
    for name, value in headers:
        if name == b"cookie":
            for part in value.split(b";"):
                part = part.strip()
                if part.startswith(COOKIE_START):
                    return part[len(COOKIE_START) :].decode("latin-1")
    return None


def set_cookie(session: str) -> str:
    """The Set-Cookie value of a session; an empty one deletes the cookie."""
    age = ABSOLUTE_MS // 1000 if session else 0
    return f"{COOKIE}={session}; Max-Age={age}; Path=/; Secure; HttpOnly; SameSite=Lax"


def check_same_site(env: Env, method: str, headers: Headers) -> None:
    """Refuse (403) an unsafe request with a cookie unless the browser says that our own page sent it."""
    if method in SAFE:
        return
    found = {
        name: value.decode("latin-1") for name, value in headers if name in (b"sec-fetch-site", b"origin")
    }
    site = found.get(b"sec-fetch-site")
    own = urlsplit(env.settings.public_base_url)
    if site in ("same-origin", "none"):
        return
    if site is None and found.get(b"origin") == f"{own.scheme}://{own.netloc}":
        return
    raise Forbidden("this request did not come from our own page", code="CROSS_SITE_REQUEST")
