"""Webhooks over HTTP: made once with a secret, strict bodies, nobody else's business."""

from __future__ import annotations

from typing import Any

import pytest

from shared.access import keys
from shared.store import users

World = Any
PATH = "/api/v1/webhooks"
URL = "https://hooks.example.com/in"


@pytest.fixture
async def hook(world: World) -> dict[str, Any]:
    answer = await world.trading.post(PATH, json={"url": URL, "symbols": ["btc"]})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{PATH}/{answer.json()['data']['id']}"
    made: dict[str, Any] = answer.json()["data"]
    return made


async def test_the_secret_is_shown_once(world: World, hook: dict[str, Any]) -> None:
    assert hook["secret"].startswith("whsec_")
    again = (await world.trading.get(f"{PATH}/{hook['id']}")).json()["data"]
    assert {k: v for k, v in hook.items() if k != "secret"} == again
    assert [one["id"] for one in (await world.trading.get(PATH)).json()["data"]] == [hook["id"]]


async def test_what_is_given_changes_and_the_rest_stays(world: World, hook: dict[str, Any]) -> None:
    changed = await world.trading.patch(f"{PATH}/{hook['id']}", json={"enabled": False})
    assert changed.json()["data"]["enabled"] is False
    assert changed.json()["data"]["symbols"] == ["BTC"]
    tested = await world.trading.post(f"{PATH}/{hook['id']}/test")
    assert (tested.status_code, tested.json()["code"]) == (409, "CONFLICT")


async def test_a_test_event_is_queued_logged_and_sent_again(world: World, hook: dict[str, Any]) -> None:
    event = (await world.trading.post(f"{PATH}/{hook['id']}/test")).json()["event"]
    log = (await world.trading.get(f"{PATH}/{hook['id']}/deliveries")).json()
    assert [one["event"] for one in log["data"]] == [event]
    replayed = await world.trading.post(f"{PATH}/{hook['id']}/deliveries/{event}/replay")
    assert replayed.status_code in (202, 404)  # 404 while it is still waiting for its first attempt


async def test_rotation_shows_a_new_secret(world: World, hook: dict[str, Any]) -> None:
    answer = await world.trading.post(f"{PATH}/{hook['id']}/rotate-secret", json={"overlap_seconds": 0})
    assert answer.json()["data"]["secret"] not in (None, hook["secret"])


async def test_deleting_is_final(world: World, hook: dict[str, Any]) -> None:
    assert (await world.trading.delete(f"{PATH}/{hook['id']}")).status_code == 204
    assert (await world.trading.get(f"{PATH}/{hook['id']}")).status_code == 404


async def test_somebody_elses_webhook_does_not_exist_but_an_admin_may_see_it(
    world: World, hook: dict[str, Any], client_for: Any
) -> None:
    await users.create(world.env.db, "bob", "trader", world.env.now())
    made = await keys.create(world.env, owner="bob", level="trading")
    async with client_for(world.app, made.key) as bob:
        theirs, unknown = await bob.get(f"{PATH}/{hook['id']}"), await bob.get(f"{PATH}/{'0' * 26}")
    assert theirs.status_code == unknown.status_code == 404
    changing = ("timestamp", "request_id")
    assert {k: v for k, v in theirs.json().items() if k not in changing} == {
        k: v for k, v in unknown.json().items() if k not in changing
    }
    assert (await world.master.get(f"{PATH}/{hook['id']}")).status_code == 200


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"url": URL, "owner": "usr_x"}, "owner"),
        ({"url": URL, "role": "admin"}, "role"),
        ({"url": 5}, "url"),
        ({}, "url"),
        ({"url": URL, "scheme": "v9"}, "scheme"),
        ({"url": URL, "event_types": ["everything"]}, "event_types"),
        ({"url": URL, "symbols": "BTC"}, "symbols"),
        ({"url": "https://user:pass@x.example"}, ""),
        ({"url": "file:///etc/passwd"}, ""),
    ],
)
async def test_a_wrong_field_is_a_422_that_names_it(world: World, body: Any, names: str) -> None:
    answer = await world.trading.post(PATH, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "VALIDATION_ERROR"
    assert answer.json()["detail"].startswith(names)


@pytest.mark.parametrize(
    ("content", "type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"url=x", "application/x-www-form-urlencoded", 415),
        (b'{"url": NaN}', "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b'{"url":"' + b"a" * 1_100_000 + b'"}', "application/json", 413),
        (b"", "application/json", 400),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    world: World, content: bytes, type: str, status: int
) -> None:
    answer = await world.trading.post(PATH, content=content, headers={"content-type": type})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), [("PUT", PATH), ("POST", "/api/v1/market-data/BTC")])
async def test_a_wrong_method_says_which_are_allowed(world: World, method: str, path: str) -> None:
    answer = await world.trading.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == ("GET, POST" if path == PATH else "GET")


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1/", "/api/v1/market-data/", "/api/v2/x", "/docs/"])
async def test_an_unknown_path_is_a_404_problem(world: World, path: str) -> None:
    answer = await world.trading.get(path)
    assert (answer.status_code, answer.json()["status"]) == (404, 404)
