"""Features over HTTP: three formats, groups, points in time, the dictionary with its coverage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from functions.api.reads.features import FORMATS, TIMEFRAMES
from shared.market.features.codec import encode
from shared.market.features.dictionary import BY_NAME, FEATURES, names
from shared.market.features.feature import GROUPS, VERSION
from shared.models import DAY, HOUR
from shared.store import features

World = Any
PATH = "/api/v1/ml-features"


def packed(**values: float) -> bytes:
    table = np.full((1, len(FEATURES)), np.nan)
    for name, value in values.items():
        table[0, names().index(name)] = value
    return encode(table)[0]


async def put(
    world: World, at: int, known_at: int, asset: int = 1, step: int = HOUR, **values: float
) -> None:
    row = [(at, asset, 1, packed(**values))]
    await world.env.db.batch(features.add_statements(world.env.db, step, VERSION, known_at, row))


@pytest.fixture
async def stored(world: World) -> World:
    """Two hours of bitcoin, the newer one corrected since, one of ethereum."""
    now = world.env.now()
    await put(world, now - HOUR, now - HOUR + 5, return_1=0.01, rsi_14=0.4, quality_score=0.9)
    await put(world, now, now + 5 - HOUR, return_1=0.02, rsi_14=0.5, quality_score=0.8)
    await put(world, now, now, return_1=0.03, rsi_14=0.5, quality_score=0.7)
    await put(world, now, now, asset=2, return_1=-0.5)
    return world


async def get(world: World, path: str) -> Any:
    answer = await world.trading.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_structured_nests_by_group_and_is_the_default(stored: World) -> None:
    found, now = await get(stored, f"{PATH}/BTC"), stored.env.now()
    assert found == await get(
        stored, f"{PATH}/bitcoin/current?format=structured&latest_only=true&timeframe=1h"
    )
    assert (found["symbol"], found["timeframe"], found["dictionary"]) == ("BTC", "1h", VERSION)
    assert found["groups"] == list(GROUPS)
    row = found["data"]
    assert (row["at"], row["known_at"], row["dictionary"], row["source"]) == (now, now, VERSION, "binance")
    assert list(row["features"]) == list(GROUPS)
    assert row["features"]["price"]["return_1"] == 0.03
    assert row["features"]["derivatives"]["funding_rate"] is None
    assert sum(len(group) for group in row["features"].values()) == len(FEATURES)


async def test_flat_is_one_level_and_array_is_names_and_values(stored: World) -> None:
    flat = (await get(stored, f"{PATH}/BTC?format=flat&feature_groups=price,momentum"))["data"]
    wanted = [one.name for one in FEATURES if one.group in ("price", "momentum")]
    assert list(flat) == ["at", "known_at", "source", "dictionary", *wanted]
    assert (flat["return_1"], flat["rsi_14"], flat["gap"]) == (0.03, 0.5, None)
    array = await get(stored, f"{PATH}/BTC?format=array&feature_groups=%20momentum%20,price")
    assert array["names"] == wanted
    assert array["data"]["values"] == [flat[name] for name in wanted]
    assert array["groups"] == ["price", "momentum"]


async def test_rows_of_the_past_come_newest_first(stored: World) -> None:
    now = stored.env.now()
    rows = (await get(stored, f"{PATH}/BTC?latest_only=false&format=flat"))["data"]
    assert [(row["at"], row["return_1"]) for row in rows] == [(now, 0.03), (now - HOUR, 0.01)]
    rows = (await get(stored, f"{PATH}/BTC?latest_only=false&limit=1&format=flat"))["data"]
    assert [row["at"] for row in rows] == [now]


async def test_as_of_answers_with_what_was_known_then(stored: World) -> None:
    now = stored.env.now()
    stored.env.now.advance(HOUR)
    for as_of, expected in (
        (now, (now, 0.03)),
        (now - 1, (now - HOUR, 0.01)),
        (now - HOUR + 5, (now - HOUR, 0.01)),
    ):
        row = (await get(stored, f"{PATH}/BTC?as_of={as_of}&format=flat"))["data"]
        assert (row["at"], row["return_1"]) == expected
    early = await stored.trading.get(f"{PATH}/BTC?as_of={now - HOUR}")
    assert (early.status_code, early.json()["code"]) == (404, "DATA_NOT_AVAILABLE")


async def test_the_rating_of_the_series_says_how_old_it_is(stored: World) -> None:
    found = (await get(stored, f"{PATH}/BTC"))["quality"]
    parts = {name.removeprefix("quality_") for name, one in BY_NAME.items() if one.group == "quality"}
    assert set(found) == parts | {"at", "age_bars", "stale"}
    assert (found["score"], found["coverage"], found["age_bars"], found["stale"]) == (0.7, None, 0.0, False)
    stored.env.now.advance(2 * HOUR + 1)
    later = (await get(stored, f"{PATH}/BTC?limit=3"))["quality"]  # another query: not from memory
    assert (later["age_bars"], later["stale"]) == (2.0, True)


async def test_all_assets_at_once_by_rank(stored: World) -> None:
    found = await get(stored, f"{PATH}/bulk?format=flat&feature_groups=price")
    assert [(row["symbol"], row["return_1"]) for row in found["data"]] == [("BTC", 0.03), ("ETH", -0.5)]
    now = stored.env.now()
    then = await get(stored, f"{PATH}/bulk?format=array&as_of={now - HOUR + 5}")
    assert [(row["symbol"], row["at"]) for row in then["data"]] == [("BTC", now - HOUR)]
    assert (await get(stored, f"{PATH}/bulk?timeframe=1d"))["data"] == []


async def test_the_dictionary_says_what_has_data(stored: World) -> None:
    found = await get(stored, "/api/v1/features")
    assert (found["dictionary"], found["timeframe"], found["assets"]) == (VERSION, "1h", 2)
    by_name = {one["name"]: one for one in found["data"]}
    assert list(by_name) == list(names())
    assert sum(found["groups"].values()) == len(FEATURES)
    told = {
        name: (by_name[name]["coverage"], by_name[name]["status"]) for name in ("return_1", "rsi_14", "vix")
    }
    assert told == {"return_1": (1.0, "ok"), "rsi_14": (0.5, "ok"), "vix": (0.0, "no data")}
    assert by_name["tvl_change_24h"]["inputs"] == ["tvl:{chain}", "tvl:{chain}@24h"]
    assert (by_name["return_96"]["warmup_bars"], by_name["return_96"]["since"]) == (96, 1)
    some = await get(stored, "/api/v1/features?feature_groups=macro&timeframe=5m")
    assert {one["group"] for one in some["data"]} == {"macro"}
    assert (some["assets"], {one["status"] for one in some["data"]}) == (0, {"no data"})


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("feature_groups=price,astrology", "VALIDATION_ERROR", "'astrology' is not one of price, volume"),
        ("format=xml", "VALIDATION_ERROR", f"'xml' is not one of {', '.join(FORMATS)}"),
        ("timeframe=2h", "INVALID_TIMEFRAME", f"'2h' is not one of {', '.join(TIMEFRAMES)}"),
        ("latest_only=maybe", "VALIDATION_ERROR", "'maybe' is not one of true, false"),
        ("latest_only=false&limit=0", "VALIDATION_ERROR", "limit: '0'"),
        ("as_of=yesterday", "VALIDATION_ERROR", "as_of"),
    ],
)
async def test_a_wrong_parameter_is_named(stored: World, query: str, code: str, says: str) -> None:
    answer = await stored.trading.get(f"{PATH}/BTC?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert says in answer.json()["detail"]


async def test_what_is_not_there_says_so(stored: World) -> None:
    answer = await stored.trading.get(f"{PATH}/SOL")
    assert (answer.status_code, answer.json()["code"]) == (404, "DATA_NOT_AVAILABLE")
    assert "1h features of SOL" in answer.json()["detail"]
    assert (await stored.trading.get(f"{PATH}/nonsense")).json()["code"] == "INVALID_SYMBOL"


async def test_features_need_their_scope(stored: World) -> None:
    for path in (f"{PATH}/BTC", f"{PATH}/bulk", "/api/v1/features"):
        assert (await stored.nobody.get(path)).status_code == 401
        assert (await stored.readonly.get(path)).json()["code"] == "INSUFFICIENT_SCOPE"
        assert (await stored.trading.get(path)).status_code == 200


async def test_a_day_of_a_year_ago_is_still_there(world: World) -> None:
    now = world.env.now()
    await put(world, now - 400 * DAY, now - 400 * DAY, step=DAY, return_1=0.1)
    assert (await get(world, f"{PATH}/BTC?timeframe=1d&format=flat"))["data"]["return_1"] == 0.1
