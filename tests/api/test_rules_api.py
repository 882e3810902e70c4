"""Rules over HTTP: tried before they are stored, errors at their character, nobody else's business."""

from __future__ import annotations

import asyncio
import time
from threading import Event
from typing import Any

import numpy as np
import orjson
import pytest

from shared.access import keys
from shared.models import DAY, HOUR, Candle
from shared.store import assets, candles, rules, users
from shared.store.rules import RuleEvent

World = Any
PATH = "/api/v1/rules"
BODY = {"name": "Dip", "expression": "close < lowest(ago(low, 1), 24)", "symbols": ["btc", "ETHUSDT"]}


@pytest.fixture(autouse=True)
async def history(world: World) -> None:
    """Twenty days of hours of two coins, up to now."""
    known, now = await assets.load(world.env.db), world.env.now()
    for seed, name in enumerate(("BTC", "ETH")):
        asset = known.resolve(name)
        assert asset is not None
        rng = np.random.default_rng(seed)
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 20 * 24)))
        opens = np.concatenate(([100.0], close[:-1]))
        times = now - 20 * DAY + np.arange(len(close)) * HOUR
        bars = [
            Candle(asset.id, "binance", HOUR, int(t), o, max(o, c), min(o, c), c, 5.0)
            for t, o, c in zip(times, opens.tolist(), close.tolist(), strict=True)
        ]
        await candles.add(world.env.db, bars, now)


@pytest.fixture
async def rule(world: World) -> dict[str, Any]:
    answer = await world.trading.post(PATH, json=BODY)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["data"]
    assert answer.headers["location"] == f"{PATH}/{made['id']}"
    return made


@pytest.fixture
async def bob(world: World, client_for: Any) -> Any:
    await users.create(world.env.db, "bob", "trader", world.env.now())
    made = await keys.create(world.env, owner="bob", level="trading")
    async with client_for(world.app, made.key) as client:
        yield client


async def test_a_rule_is_tried_before_it_is_stored(world: World, rule: dict[str, Any]) -> None:
    tried = rule.pop("dry_run")
    assert tried["bars"] == 2 * 20 * 24
    assert 5 < tried["fires"] == len(tried["fired"]) < 200
    assert [one["horizon"] for one in tried["forward"]] == ["1h", "4h", "24h", "7d"]
    assert tried["warnings"] == [] or "insufficient" in tried["warnings"][0]
    assert rule == {
        "id": rule["id"],
        "name": "Dip",
        "expression": BODY["expression"],
        "symbols": ["BTC", "ETH"],
        "timeframe": "1h",
        "direction": "none",
        "cooldown_seconds": 3600,
        "enabled": True,
        "notify": True,
        "created_at": world.env.now(),
        "updated_at": world.env.now(),
        "last_fired_at": None,
        "last_error": None,
    }
    assert (await world.trading.get(f"{PATH}/{rule['id']}")).json()["data"] == rule
    assert (await world.readonly.get(PATH)).json() == {"data": [rule], "next_cursor": None}


async def test_a_dry_run_stores_nothing(world: World) -> None:
    ask = {
        "expression": "close > open",
        "symbols": "all",
        "timeframe": "1h",
        "direction": "up",
        "period": "7d",
    }
    answer = await world.trading.post(f"{PATH}/dry-run", json=ask)
    assert answer.status_code == 200, answer.text
    found = answer.json()["data"]
    assert (found["symbols"], found["timeframe"], found["direction"]) == (["all"], "1h", "up")
    assert found["bars"] == 2 * 7 * 24
    assert len(found["fired"]) == min(found["fires"], 200)
    assert any("it holds on" in one for one in found["warnings"])
    assert (await world.trading.get(PATH)).json()["data"] == []


async def test_errors_point_at_the_character(world: World) -> None:
    ask = {"expression": "close > 1 and\n  rsj(14) < 30", "symbols": ["BTC"]}
    answer = await world.trading.post(f"{PATH}/dry-run", json=ask)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_ERROR")
    assert answer.json()["detail"] == "no name is called 'rsj'; did you mean rsi? (line 2, column 3)"
    assert answer.json()["details"] == {
        "field": "expression",
        "problem": "no name is called 'rsj'",
        "position": 16,
        "line": 2,
        "column": 3,
        "excerpt": "  rsj(14) < 30\n  ^",
        "suggestion": "rsi",
    }


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"symbols": ["BTX"]}, 422, "no asset is called 'BTX'"),
        ({"symbols": []}, 422, "symbols"),
        ({"symbols": ["BTC", "all"]}, 422, "all stands alone"),
        ({"symbols": "top(0)"}, 422, "top(1)"),
        ({"timeframe": "1m"}, 422, "timeframe"),
        ({"period": "5y"}, 422, "period"),
        ({"direction": "left"}, 422, "direction"),
        ({"cooldown_seconds": -1}, 422, "cooldown_seconds"),
        ({"name": ""}, 422, "name"),
        ({"owner": "x"}, 422, "owner"),
        ({"expression": "close"}, 422, "a condition is needed"),
        ({"expression": "close > 1 or " * 160 + "close > 1"}, 422, "characters"),
        ({"expression": 5}, 422, "expression"),
    ],
)
async def test_a_wrong_field_is_a_422_that_names_it(
    world: World, change: dict[str, Any], status: int, words: str
) -> None:
    answer = await world.trading.post(PATH, json={**BODY, **change})
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text


async def test_a_cooldown_below_a_bar_is_refused_with_the_least(world: World) -> None:
    """Also where the bars alone are made longer; unsaid, it is an hour, or a bar that is longer."""
    for path in (PATH, f"{PATH}/dry-run"):
        body = {**BODY, "timeframe": "1d", "cooldown_seconds": 3600}
        if path != PATH:
            del body["name"]
        answer = await world.trading.post(path, json=body)
        assert answer.status_code == 422, answer.text
        told = answer.json()
        assert told["detail"] == "cooldown_seconds: 3600 is less than a bar of 1d, at least 86400"
        assert told["details"] == {"field": "cooldown_seconds", "given": 3600, "least": 86_400}
    assert (await world.trading.get(PATH)).json()["data"] == []
    for given, quiet in (({"timeframe": "1d"}, 86_400), ({"timeframe": "5m"}, 3600)):
        made = await world.trading.post(PATH, json={**BODY, **given})
        assert made.json()["data"]["cooldown_seconds"] == quiet, made.text
    least = await world.trading.post(PATH, json={**BODY, "timeframe": "5m", "cooldown_seconds": 300})
    assert least.json()["data"]["cooldown_seconds"] == 300


async def test_the_parameters_of_events_are_described(world: World) -> None:
    described = (await world.readonly.get("/openapi.json")).json()
    operation = described["paths"][f"{PATH}/{{id}}/events"]["get"]
    found = [(one["name"], one["in"]) for one in operation["parameters"]]
    assert found == [("id", "path"), ("limit", "query"), ("cursor", "query"), ("since", "query")]


async def test_more_bars_than_can_be_judged_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.signals.rules.dry_run.BARS_MAX", 400)
    ask = {"expression": "close > open", "symbols": ["BTC"], "period": "90d"}
    answer = await world.trading.post(f"{PATH}/dry-run", json=ask)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_TIMEFRAME")
    assert "480 bars to judge, at most 400" in answer.json()["detail"]
    smaller = await world.trading.post(f"{PATH}/dry-run", json={**ask, "period": "7d"})
    assert smaller.json()["data"]["bars"] == 168


async def test_a_dry_run_ends_in_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.signals.rules.dry_run.SECONDS_MAX", 0.0)
    answer = await world.trading.post(f"{PATH}/dry-run", json={"expression": "close > 1", "symbols": ["BTC"]})
    assert (answer.status_code, "longer than" in answer.json()["detail"]) == (400, True)


async def test_a_dry_run_nobody_waits_for_is_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = Event()

    def endless(*args: Any) -> dict[str, Any]:
        try:
            while True:
                time.sleep(0.005)
                args[-1]()  # raises when nobody waits any more
        finally:
            ended.set()

    monkeypatch.setattr("shared.signals.rules.dry_run.judged", endless)
    body = orjson.dumps({"expression": "close > open", "symbols": ["BTC"]})
    arriving = iter([{"type": "http.request", "body": body}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(arriving, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    names = {"authorization": f"Bearer {world.keys['trading']}", "content-type": "application/json"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": f"{PATH}/dry-run",
        "raw_path": f"{PATH}/dry-run".encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in names.items()],
        "client": ("203.0.113.9", 1234),
        "server": ("api.test", 80),
    }
    await asyncio.wait_for(world.app(scope, receive, send), 10)
    assert sent[0]["status"] == 499
    assert await asyncio.to_thread(ended.wait, 5)


async def test_without_bars_the_answer_says_so(world: World) -> None:
    ask = {"expression": "close > open", "symbols": ["SOL"]}
    found = (await world.trading.post(f"{PATH}/dry-run", json=ask)).json()["data"]
    assert (found["bars"], found["fires"], found["coverage"]) == (0, 0, 0.0)
    assert found["warnings"] == ["there are no 1h bars of these symbols: nothing was judged"]


async def test_what_is_given_changes_and_the_rest_stays(
    world: World, rule: dict[str, Any], clock: Any
) -> None:
    clock.advance(1000)
    url = f"{PATH}/{rule['id']}"
    renamed = (await world.trading.patch(url, json={"name": "Low", "notify": False})).json()["data"]
    before = {name: value for name, value in rule.items() if name != "dry_run"}
    assert renamed == {**before, "name": "Low", "notify": False, "updated_at": world.env.now()}
    reworded = await world.trading.patch(url, json={"expression": "close > open", "cooldown_seconds": 7200})
    assert reworded.json()["data"]["dry_run"]["fires"] > 50
    stored = (await world.trading.get(url)).json()["data"]
    assert (stored["expression"], stored["cooldown_seconds"]) == ("close > open", 7200)
    for wrong in ({"expression": "close >"}, {"cooldown_seconds": 60}, {"timeframe": "1d"}):
        assert (await world.trading.patch(url, json=wrong)).status_code == 422, wrong
    assert (await world.trading.get(url)).json()["data"] == stored


async def test_deleting_is_final(world: World, rule: dict[str, Any]) -> None:
    url = f"{PATH}/{rule['id']}"
    assert (await world.trading.delete(url)).status_code == 204
    assert (await world.trading.get(url)).status_code == 404
    assert (await world.trading.delete(url)).status_code == 404


async def test_somebody_elses_rule_does_not_exist_not_even_for_an_admin(
    world: World, bob: Any, rule: dict[str, Any]
) -> None:
    url = f"{PATH}/{rule['id']}"
    for method, path, body in (
        ("GET", url, None),
        ("GET", f"{url}/events", None),
        ("PATCH", url, {"name": "mine"}),
        ("DELETE", url, None),
    ):
        assert (await bob.request(method, path, json=body)).status_code == 404, (method, path)
    assert (await bob.get(PATH)).json()["data"] == []
    theirs = (await bob.post(PATH, json=BODY)).json()["data"]["id"]
    assert (await world.master.get(f"{PATH}/{theirs}")).status_code == 404


async def test_writing_needs_the_scope_and_reading_a_user(world: World, client_for: Any) -> None:
    for path in (PATH, f"{PATH}/dry-run", "/api/v1/premium/custom-signals"):
        answer = await world.readonly.post(path, json=BODY)
        assert (answer.status_code, answer.json()["details"]) == (403, {"scope": "write:rules"})
    async with client_for(world.again(public_read=True)) as anybody:
        answer = await anybody.get(PATH)
        assert (answer.status_code, answer.json()["code"]) == (403, "USER_REQUIRED")
        assert (await anybody.get(f"{PATH}/language")).status_code == 200


async def test_the_number_of_rules_is_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.signals.rules.owned.RULES_MAX", 2)
    codes = [(await world.trading.post(PATH, json=BODY)).status_code for _ in range(3)]
    assert codes == [201, 201, 409]


async def test_premium_custom_signals_makes_a_rule(world: World) -> None:
    answer = await world.trading.post("/api/v1/premium/custom-signals", json={**BODY, "enabled": False})
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert made["enabled"] is False
    assert (await world.trading.get(f"{PATH}/{made['id']}")).json()["data"]["name"] == "Dip"


async def test_events_are_paged_newest_first(world: World, rule: dict[str, Any]) -> None:
    found = [
        RuleEvent(
            rule["id"], asset, at * HOUR, at * HOUR + 5, 100.0 + at, {"close": 100.0 + at, "rsi(14)": None}
        )
        for at in (1, 2, 3)
        for asset in (1, 2)
    ]
    await world.env.db.batch([rules.event_statement(world.env.db, one) for one in found])
    url = f"{PATH}/{rule['id']}/events"
    first = (await world.trading.get(url, params={"limit": 4})).json()
    rest = (await world.trading.get(url, params={"limit": 4, "cursor": first["next_cursor"]})).json()
    assert [one["at"] // HOUR for one in first["data"] + rest["data"]] == [3, 3, 2, 2, 1, 1]
    assert len({(one["at"], one["symbol"]) for one in first["data"] + rest["data"]}) == 6
    assert rest["next_cursor"] is None
    assert first["data"][0] == {
        "rule": rule["id"],
        "name": "Dip",
        "symbol": "ETH",
        "asset": "ethereum",
        "direction": "none",
        "timeframe": "1h",
        "at": 3 * HOUR,
        "known_at": 3 * HOUR + 5,
        "price": 103.0,
        "evidence": {"close": 103.0, "rsi(14)": None},
    }
    late = (await world.trading.get(url, params={"since": 3 * HOUR})).json()["data"]
    assert len(late) == 2


async def test_every_example_of_the_language_is_a_rule(world: World) -> None:
    told = (await world.readonly.get(f"{PATH}/language")).json()["data"]
    parts = [*told["operators"], *told["functions"]]
    texts = [one["example"] for one in parts] + [one["expression"] for one in told["examples"]]
    for text in texts:
        answer = await world.trading.post(f"{PATH}/dry-run", json={"expression": text, "symbols": ["BTC"]})
        assert answer.status_code == 200, (text, answer.text)
    assert {"rsi", "macd", "ema"} <= {one["name"] for one in told["indicators"]}
    assert {"price_anomaly", "volume_spike"} <= set(told["signals"])
