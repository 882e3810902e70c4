"""A dead provider costs its own data and nothing else, and the run ends in time and says why."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from provider_support import MINUTE, Provider, Reply

from shared.collect.run import collect
from shared.platform.kv import KVUnavailable
from shared.sources import SOURCES
from shared.store import jobs

HTML = (200, {"content-type": "text/html"}, b"<html>maintenance</html>")
GARBAGE: dict[str, Reply] = {
    "500": (500, {}, b""),
    "html as json": (200, {"content-type": "application/json"}, HTML[2]),
    "NaN": (200, {"content-type": "application/json"}, b'[{"id":"bitcoin","current_price":NaN}]'),
    "nested": (200, {"content-type": "application/json"}, b"[" * 100_000),
    "gone": (0, {}, b""),
}
PATHS = {
    "coingecko_markets": "/coins/markets",
    "binance_ticker": "/ticker/24hr",
    "binance_klines": "/klines",
    "binance_depth": "/depth",
    "defillama_chains": "/v2/chains",
    "defillama_stablecoins": "/stablecoins",
    "coindesk": "coindesk.com",
}


def sources_of(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {k: v for job in summary["jobs"].values() for k, v in job.get("sources", {}).items()}


@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("name", PATHS)
async def test_one_source_down_leaves_the_others_fresh(
    world: Any, provider: Provider, name: str, kind: str
) -> None:
    provider.broken[PATHS[name]] = lambda url: GARBAGE[kind]
    summary = await collect(world)
    found = sources_of(summary)
    assert found.pop(name)["status"] == "failed"
    host = "binance" if name.startswith("binance") else name
    others = {n: s["status"] for n, s in found.items() if not n.startswith(host)}
    assert set(others.values()) == {"ok"}, others
    states = await jobs.source_states(world.db, [name], 0)
    assert states[name].last_status == "failed"
    assert states[name].last_ok is None
    assert states[name].last_error


async def test_one_dead_symbol_costs_that_symbol(world: Any, provider: Provider) -> None:
    provider.broken["symbol=DOGEUSDT"] = lambda url: (400, {}, b'{"code":-1121,"msg":"Invalid symbol."}')
    found = sources_of(await collect(world))
    assert (found["binance_klines"]["status"], found["binance_klines"]["failed"]) == ("partial", 1)
    assert found["binance_klines"]["stored"] == 19 * 99
    marks = await jobs.progress(world.db, ["DOGEUSDT", "BTCUSDT"])
    assert {symbol for symbol, _ in marks} == {"BTCUSDT"}


async def test_bad_rows_cost_rows(world: Any, provider: Provider) -> None:
    def reply(url: str) -> Reply:
        rows = [
            {"id": "bitcoin", "current_price": 9.0, "last_updated": "2025-11-21T11:59:00Z"},
            {"id": "ethereum", "current_price": -1, "last_updated": "2025-11-21T11:59:00Z"},
            {"id": "ripple", "current_price": "x"},
        ]
        return 200, {"content-type": "application/json"}, orjson.dumps(rows)

    provider.broken["/coins/markets"] = reply
    found = sources_of(await collect(world))["coingecko_markets"]
    assert (found["status"], found["stored"], found["refused"], found["fetched"]) == ("ok", 1, 2, 3)
    assert found["error"].startswith("price: -1.0 is not a positive number; ")


async def test_without_network_every_source_says_so(world: Any, provider: Provider) -> None:
    provider.broken["http"] = lambda url: (0, {}, b"")
    summary = await collect(world)
    found = sources_of(summary)
    assert summary["status"] == "failed"
    assert summary["note"].startswith("no network: ")
    assert len(found) == len(SOURCES)
    assert {source["status"] for source in found.values()} == {"failed"}
    assert sum("no network" in source["error"] for source in found.values()) >= len(found) - 3
    assert world.memory["triggered"] == []


async def test_a_provider_that_says_wait_is_not_asked_before(
    world: Any, clock: Any, provider: Provider
) -> None:
    provider.broken["/coins/markets"] = lambda url: (429, {"retry-after": "120"}, b"")
    await collect(world)
    assert provider.asked["/api/v3/coins/markets"] == 1
    provider.broken.clear()
    started = clock.now
    while provider.asked["/api/v3/coins/markets"] == 1:
        clock.advance(MINUTE // 2)
        await collect(world)
    assert 120_000 <= clock.now - started <= 5 * MINUTE


async def test_a_day_of_ticks_stays_within_the_provider_budget(
    world: Any, clock: Any, provider: Provider
) -> None:
    """8,640 calls in 30 days of CoinGecko's 10,000: 288 a day, here two hours of it."""
    for _ in range(120):
        await collect(world, ["crypto_prices"])
        clock.advance(MINUTE)
    assert provider.asked["/api/v3/coins/markets"] == 24


async def test_a_run_ends_at_its_deadline(world: Any, provider: Provider, monkeypatch: Any) -> None:
    monkeypatch.setattr("shared.collect.run.RUN_MS", 200)
    fetch = world.http.get

    async def hang(request: Any, *, deadline: int) -> Any:
        if "coindesk" in request.url:
            await asyncio.sleep(60)
        return await fetch(request, deadline=deadline)

    monkeypatch.setattr(world.http, "get", hang)
    began = asyncio.get_running_loop().time()
    found = sources_of(await collect(world, ["crypto_news"]))
    assert asyncio.get_running_loop().time() - began < 5
    assert found["coindesk"]["error"] == "not finished in time"
    assert found["decrypt"]["status"] == "ok"


async def test_a_mistake_in_one_source_stays_there(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    def wrong(item: object, request: object, ask: object) -> None:
        raise KeyError("oops")

    changed = tuple(replace(s, read=wrong) if s.name == "defillama_chains" else s for s in SOURCES)
    monkeypatch.setattr("shared.collect.run.SOURCES", changed)
    found = sources_of(await collect(world, ["defi"]))
    assert found["defillama_chains"]["error"] == "KeyError: 'oops'"
    assert found["defillama_stablecoins"]["status"] == "ok"


async def test_without_the_key_value_store_data_is_collected_all_the_same(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*args: object, **options: object) -> None:
        raise KVUnavailable("no answer")

    for name in ("publish", "put", "count"):
        monkeypatch.setattr(world.kv, name, gone)
    summary = await collect(world)
    assert summary["status"] == "ok"
    assert world.memory["triggered"] == ["detect-signals"]


async def test_a_lake_that_is_gone_costs_the_raw_copies_only(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(key: str, data: bytes) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(world.lake, "put", full)
    assert sources_of(await collect(world, ["klines"]))["binance_klines"]["stored"] == 20 * 99


async def test_a_clock_that_was_wrong_does_not_silence_a_job(world: Any, clock: Any) -> None:
    clock.advance(60 * MINUTE)
    await collect(world)
    clock.advance(-60 * MINUTE)
    summary = await collect(world)
    assert summary["jobs"]["klines"]["status"] == "ok"
