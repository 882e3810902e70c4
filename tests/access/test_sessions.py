"""Dashboard sessions: one-time link, cookie, ends, and requests from other sites."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from http.cookies import SimpleCookie
from typing import Any

import pytest

from shared.access import sessions
from shared.access.identify import identify
from shared.access.scopes import MASTER, READ
from shared.access.sessions import ABSOLUTE_MS, IDLE_MS, LINK_MS, TOUCH_MS
from shared.env import Env
from shared.errors import Forbidden, NotFound, Unauthorized
from shared.models import Principal
from shared.platform.kv import KVUnavailable
from shared.store import users


async def logged_in(env: Env, name: str = "ann", old: str | None = None) -> sessions.Session:
    return await sessions.log_in(env, await sessions.make_login_token(env, name), old)


def cookie(session: str) -> list[tuple[bytes, bytes]]:
    return [(b"cookie", f"theme=dark; __Host-sid={session};a=b".encode())]


async def alive(env: Env, session: str) -> bool:
    try:
        await identify(env, cookie(session))
    except Unauthorized:
        return False
    return True


async def test_a_link_survives_a_store_that_is_away(access: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await sessions.make_login_token(access, "ann")

    async def away(kv: object) -> bool:
        return False

    with monkeypatch.context() as patched:
        patched.setattr(type(access.kv), "ping", away)
        with pytest.raises(KVUnavailable):
            await sessions.log_in(access, token)
    assert (await sessions.log_in(access, token)).user.name == "ann"


async def test_a_link_logs_in_once(access: Env) -> None:
    token = await sessions.make_login_token(access, "ann")
    found = await asyncio.gather(*[sessions.log_in(access, token) for _ in range(20)], return_exceptions=True)
    opened = [s for s in found if isinstance(s, sessions.Session)]
    assert len(opened) == 1
    assert all(isinstance(e, Unauthorized) for e in found if e is not opened[0])
    principal = await identify(access, cookie(opened[0].id))
    user = opened[0].user
    assert principal == Principal(
        user.id, "session", MASTER, "100000/hour", user.id, access.now() + ABSOLUTE_MS
    )
    assert token.encode() not in str(await access.db.prepare("SELECT * FROM login_links").raw()).encode()


async def test_links_end_and_name_a_user(access: Env, clock: Any) -> None:
    token = await sessions.make_login_token(access, "ann")
    clock.advance(LINK_MS)
    for text in (token, "", "x" * 10_000, "é\x00"):
        with pytest.raises(Unauthorized):
            await sessions.log_in(access, text)
    with pytest.raises(NotFound):
        await sessions.make_login_token(access, "nobody")


async def test_the_cookie_is_bound_to_this_host(access: Env) -> None:
    session = await logged_in(access)
    header = sessions.set_cookie(session.id)
    morsel = SimpleCookie(header)["__Host-sid"]
    assert morsel.value == session.id
    assert (morsel["secure"], morsel["httponly"], morsel["samesite"], morsel["path"]) == (
        True,
        True,
        "Lax",
        "/",
    )
    assert morsel["domain"] == ""
    assert len(session.id) * 6 >= 256
    gone = SimpleCookie(sessions.set_cookie(""))["__Host-sid"]
    assert (gone.value, gone["max-age"]) == ("", "0")


async def test_the_id_is_nowhere_in_the_store(access: Env) -> None:
    session = await logged_in(access)
    names = [key.name for key in (await access.kv.list()).keys]
    assert {name.rpartition(":")[0] for name in names} == {"session", f"session:user:{session.user.id}"}
    values = [await access.kv.get(name) for name in names]
    assert session.id not in f"{names}{values}"


async def test_logging_in_makes_a_new_id_and_ends_the_preset_one(access: Env) -> None:
    first = await logged_in(access)
    second = await logged_in(access, old=first.id)
    assert second.id != first.id
    assert not await alive(access, first.id)
    third = await sessions.rotate(access, second.id)
    assert third.id not in (first.id, second.id)
    assert not await alive(access, second.id)
    assert await alive(access, third.id)
    with pytest.raises(Unauthorized):
        await sessions.rotate(access, second.id)
    assert not await alive(access, "preset-by-an-attacker-0123456789")


async def test_idle_sessions_end(access: Env, clock: Any) -> None:
    session = await logged_in(access)
    for _ in range(4):
        clock.advance(IDLE_MS - TOUCH_MS)
        assert await alive(access, session.id)
    clock.advance(IDLE_MS)
    assert not await alive(access, session.id)


async def test_activity_and_new_ids_do_not_move_the_end(access: Env, clock: Any) -> None:
    session = await logged_in(access)
    for _ in range(ABSOLUTE_MS // (IDLE_MS // 2) - 1):
        clock.advance(IDLE_MS // 2)
        assert await alive(access, session.id)
    session = await sessions.rotate(access, session.id)
    assert await alive(access, session.id)
    clock.advance(IDLE_MS // 2)
    assert not await alive(access, session.id)


async def test_logging_out_and_ending_all(access: Env) -> None:
    one, two, other = await logged_in(access), await logged_in(access), await logged_in(access, "vic")
    await sessions.end(access, one.id)
    await sessions.end(access, one.id)
    assert not await alive(access, one.id)
    three = await logged_in(access)
    replica = replace(access, memory={})
    assert await sessions.end_all(access, one.user.id) == 2
    assert [await alive(replica, s.id) for s in (two, three, other)] == [False, False, True]


async def test_a_request_that_races_with_the_log_out_revives_nothing(access: Env, clock: Any) -> None:
    session = await logged_in(access)
    clock.advance(TOUCH_MS)
    data = await sessions.read(access, session.id)
    await sessions.end(access, session.id)
    assert data is not None
    await sessions.touch(access, session.user.id, session.id, 1000)
    assert not await alive(access, session.id)


async def test_a_session_has_what_its_user_has_now(access: Env) -> None:
    session = await logged_in(access)
    await users.set_role(access.db, session.user.id, "viewer")
    assert (await identify(access, cookie(session.id))).scopes == READ
    await users.disable(access.db, session.user.id, access.now())
    assert not await alive(access, session.id)


async def test_without_the_store_nobody_is_let_in(access: Env, monkeypatch: Any) -> None:
    session = await logged_in(access)

    async def gone(*_: Any, **__: Any) -> Any:
        raise KVUnavailable("gone")

    for name in ("get", "put"):
        monkeypatch.setattr(type(access.kv), name, gone)
    with pytest.raises(KVUnavailable):
        await identify(access, cookie(session.id))
    with pytest.raises(KVUnavailable):
        await logged_in(access)


@pytest.mark.parametrize(
    ("method", "headers", "allowed"),
    [
        ("GET", {"sec-fetch-site": "cross-site"}, True),
        ("HEAD", {}, True),
        ("POST", {"sec-fetch-site": "same-origin"}, True),
        ("POST", {"sec-fetch-site": "none"}, True),
        ("POST", {"origin": "http://127.0.0.1:8080"}, True),
        ("POST", {}, False),
        ("POST", {"sec-fetch-site": "cross-site"}, False),
        ("POST", {"sec-fetch-site": "same-site"}, False),
        ("POST", {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8080"}, False),
        ("POST", {"origin": "null"}, False),
        ("POST", {"origin": "http://127.0.0.1:8081"}, False),
        ("POST", {"origin": "https://127.0.0.1:8080"}, False),
        ("POST", {"origin": "http://127.0.0.1:8080.evil.example"}, False),
        ("POST", {"origin": "http://127.0.0.1:8080, http://evil.example"}, False),
        ("DELETE", {"sec-fetch-site": "\xff"}, False),
        ("post", {}, False),
    ],
)
async def test_unsafe_requests_come_from_our_own_page(
    access: Env, method: str, headers: dict[str, str], allowed: bool
) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    if allowed:
        sessions.check_same_site(access, method, raw)
        return
    with pytest.raises(Forbidden) as found:
        sessions.check_same_site(access, method, raw)
    assert found.value.status == 403
