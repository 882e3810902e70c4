"""Who gets in, what they may do, how much of it: keys, tokens, sessions, scopes and limits over HTTP."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import http_sf
import pytest

from shared.access import keys, sessions
from shared.access.scopes import LEVELS, granted

World = Any
PRICE = "/api/v1/market-data/BTC"
NAMED = {"symbol": "BTC", "type": "price_anomaly"}  # other path parameters are "x"
OPEN = ("/health", "/ready", "/metrics", "/docs", "/openapi.json", "/api/v1/auth/session")


@pytest.fixture(autouse=True)
async def price(world: World) -> None:
    await world.quote("BTC", ("coingecko", 100.0))


async def test_without_a_credential_only_the_open_paths_answer(world: World) -> None:
    for path in OPEN:
        assert (await world.nobody.get(path)).status_code == 200, path
    for path in (PRICE, "/api/v1/signals", "/api/v1/health", "/api/v1/stream", "/api/v1/rate-limit"):
        answer = await world.nobody.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_API_KEY"), path
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("name", ["api_key", "access_token", "token", "key"])
async def test_a_key_in_the_url_is_no_credential(world: World, name: str) -> None:
    answer = await world.nobody.get(PRICE, params={name: world.keys["master"]})
    assert answer.status_code == 401
    assert world.keys["master"] not in answer.text


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "Bearer a b", "Bearer cik_dev_x", "bearer x.y.z"])
async def test_a_wrong_credential_is_refused_also_where_reading_is_open(
    world: World, client_for: Any, value: str
) -> None:
    async with client_for(world.again(public_read=True)) as client:
        assert (await client.get(PRICE)).status_code == 200
        answer = await client.get(PRICE, headers={"authorization": value})
    assert answer.status_code == 401


async def test_each_route_asks_for_the_scopes_it_declares(world: World) -> None:
    schema = (await world.nobody.get("/openapi.json")).json()
    checked = 0
    for path, operations in schema["paths"].items():
        url = re.sub(r"{(\w+)}", lambda found: NAMED.get(found[1], "x"), path)
        for method, operation in operations.items():
            needed = operation["x-required-scopes"]
            for level, scopes in LEVELS.items():
                if path == "/api/v1/stream" and all(granted(scopes, scope) for scope in needed):
                    continue  # it would not end
                answer = await getattr(world, level).request(method, url)
                refused = answer.status_code == 403 and answer.json()["code"] == "INSUFFICIENT_SCOPE"
                assert refused != all(granted(scopes, scope) for scope in needed), (method, path, level)
                checked += 1
    assert checked > 60


async def test_a_missing_scope_is_named(world: World) -> None:
    answer = await world.readonly.get("/api/v1/webhooks")
    assert (answer.status_code, answer.json()["details"]) == (403, {"scope": "write:webhooks"})
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


async def test_a_revoked_key_is_out_within_a_second_also_on_the_hot_path(world: World, clock: Any) -> None:
    other = replace(world.env, memory={})  # another replica, which nobody tells
    for _ in range(3):
        assert (await world.readonly.get(PRICE)).status_code == 200
    record = await keys.find(other, world.keys["readonly"])
    assert record is not None
    await keys.revoke(other, record.id)
    clock.advance(1001)
    assert (await world.readonly.get(PRICE)).status_code == 401


async def test_a_key_is_exchanged_for_a_token_with_fewer_scopes(world: World, client_for: Any) -> None:
    asked = {"ttl": 60, "scopes": ["read:prices"]}
    answer = await world.trading.post("/api/v1/auth/token", json=asked)
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 60)
    async with client_for(world.app, answer.json()["access_token"]) as client:
        assert (await client.get(PRICE)).status_code == 200
        assert (await client.get("/api/v1/signals")).status_code == 403
        again = await client.post("/api/v1/auth/token", json={})
    assert (again.status_code, again.json()["code"]) == (403, "API_KEY_REQUIRED")


async def log_in(world: World, client: Any) -> str:
    token = await sessions.make_login_token(world.env, "ada")
    answer = await client.post("/api/v1/auth/session", json={"token": token})
    assert (answer.status_code, answer.content) == (204, b"")
    return str(answer.headers["set-cookie"])


async def test_a_login_link_sets_a_host_cookie_and_works_once(world: World) -> None:
    token = await sessions.make_login_token(world.env, "ada")
    answer = await world.nobody.post("/api/v1/auth/session", json={"token": token})
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-sid=")
    assert len(name) >= len("__Host-sid=") + 22
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
    assert not any(attribute.startswith("Domain") for attribute in attributes)
    again = await world.nobody.post("/api/v1/auth/session", json={"token": token})
    assert again.status_code == 401


async def test_a_session_reads_writes_from_our_page_only_and_ends(world: World) -> None:
    cookie = {"cookie": (await log_in(world, world.nobody)).split(";")[0]}
    who = (await world.nobody.get("/api/v1/auth/session", headers=cookie)).json()
    assert (who["user"], who["role"], who["now"]) == ("ada", "admin", world.env.now())
    assert (await world.nobody.get(PRICE, headers=cookie)).status_code == 200
    foreign = await world.nobody.delete("/api/v1/auth/session", headers=cookie)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "CROSS_SITE_REQUEST")
    own = cookie | {"sec-fetch-site": "same-origin"}
    ended = await world.nobody.delete("/api/v1/auth/session", headers=own)
    assert ended.status_code == 204
    assert "Max-Age=0" in ended.headers["set-cookie"]
    assert (await world.nobody.get(PRICE, headers=cookie)).status_code == 401
    assert (await world.nobody.get("/api/v1/auth/session", headers=cookie)).json()["user"] is None


async def test_a_login_replaces_the_cookie_the_browser_came_with(world: World) -> None:
    first = (await log_in(world, world.nobody)).split(";")[0]
    token = await sessions.make_login_token(world.env, "ada")
    headers = {"cookie": first, "sec-fetch-site": "same-origin"}
    answer = await world.nobody.post("/api/v1/auth/session", json={"token": token}, headers=headers)
    assert answer.headers["set-cookie"].split(";")[0] != first
    assert (await world.nobody.get(PRICE, headers={"cookie": first})).status_code == 401


async def test_a_demo_is_read_without_login_on_this_machine_only(world: World, client_for: Any) -> None:
    app = world.again(demo=True)
    async with client_for(app, address="127.0.0.1") as here, client_for(app) as elsewhere:
        assert (await here.get(PRICE)).status_code == 200
        assert (await here.get("/api/v1/auth/session")).json()["public_read"] is True
        assert (await here.post("/api/v1/webhooks", json={"url": "https://x.test"})).status_code == 401
        forwarded = await here.get(PRICE, headers={"x-forwarded-for": "203.0.113.1"})
        assert forwarded.status_code == 401
        assert (await elsewhere.get(PRICE)).status_code == 401


async def limited(world: World, client_for: Any, rate: str) -> Any:
    made = await keys.create(world.env, owner="ada", level="readonly", rate_limit=rate)
    return client_for(world.app, made.key)


async def test_the_limit_is_exact_and_says_how_long_to_wait(
    world: World, client_for: Any, clock: Any
) -> None:
    async with await limited(world, client_for, "5/minute;burst=5") as client:
        answers = [await client.get(PRICE) for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        left = [http_sf.parse(a.headers["ratelimit"].encode(), tltype="list")[0][1]["r"] for a in answers]
        assert left == [4, 3, 2, 1, 0, 0, 0]
        refused = answers[-1]
        [(policy, parameters)] = http_sf.parse(refused.headers["ratelimit-policy"].encode(), tltype="list")
        assert (policy, parameters) == ("user", {"q": 5, "w": 60})
        body = refused.json()
        assert body["code"] == "RATE_LIMIT_EXCEEDED"
        assert body["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
        assert body["violated-policies"] == ["user"]
        [(_, told)] = http_sf.parse(refused.headers["ratelimit"].encode(), tltype="list")
        assert int(refused.headers["retry-after"]) >= told["t"]
        clock.advance(told["t"] * 1000)
        assert (await client.get(PRICE)).status_code == 200


async def test_an_endpoints_own_limit_leaves_the_callers_alone(world: World, client_for: Any) -> None:
    async with await limited(world, client_for, "1000/hour") as client:
        answers = [await client.get("/api/v1/auth/session") for _ in range(22)]
        assert {a.status_code for a in answers[:20]} == {200}
        refused = answers[-1]
        assert (refused.status_code, refused.json()["violated-policies"]) == (429, ["endpoint"])
        assert (await client.get(PRICE)).status_code == 200


async def test_strangers_are_limited_by_address_and_cannot_choose_it(world: World, client_for: Any) -> None:
    app = world.again(public_read=True)
    async with client_for(app) as client, client_for(app, address="2001:db8::1") as six:
        seen = [
            (await client.get(PRICE, headers={"x-forwarded-for": f"9.9.9.{n}"})).status_code
            for n in range(110)
        ]
        assert (seen.count(200), seen[-1]) == (100, 429)
        await six.get(PRICE)
        async with client_for(app, address="2001:db8::2") as neighbour:
            left = (await neighbour.get(PRICE)).headers["x-ratelimit-remaining"]
    assert left == "98"


async def test_behind_our_proxy_the_last_forwarded_address_counts(world: World, client_for: Any) -> None:
    app = world.again(public_read=True, trusted_proxy_hops=1)
    async with client_for(app, address="10.0.0.1") as client:
        first = await client.get(PRICE, headers={"x-forwarded-for": "1.1.1.1, 203.0.113.5:4711"})
        second = await client.get(PRICE, headers={"x-forwarded-for": "2.2.2.2, 203.0.113.5"})
        junk = await client.get(PRICE, headers={"x-forwarded-for": "' OR 1=1--"})
    assert [a.headers["x-ratelimit-remaining"] for a in (first, second, junk)] == ["99", "98", "99"]


async def test_what_is_left_can_be_asked(world: World, client_for: Any) -> None:
    async with await limited(world, client_for, "10/minute;burst=10") as client:
        for _ in range(3):
            await client.get(PRICE)
        policies = (await client.get("/api/v1/rate-limit")).json()["policies"]
    user = next(one for one in policies if one["policy"] == "user")
    assert (user["limit"], user["window_seconds"], user["remaining"]) == (10, 60, 6)
