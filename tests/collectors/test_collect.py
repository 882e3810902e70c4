"""One tick: what is due is collected once, whoever else tries, and the rest is left alone."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from provider_support import MINUTE, Provider

from shared.collect.run import collect
from shared.errors import Invalid
from shared.sources import SOURCES
from shared.store import jobs


async def count(env: Any, table: str) -> int:
    return int(await env.db.prepare(f"SELECT count(*) AS n FROM {table}").first("n"))


async def test_a_first_run_collects_every_source(world: Any, provider: Provider) -> None:
    summary = await collect(world)
    assert summary["status"] == "ok"
    assert summary["sources_processed"] == len(SOURCES)
    statuses = {s["status"] for job in summary["jobs"].values() for s in job["sources"].values()}
    assert statuses == {"ok"}
    assert await count(world, "quotes") == 132
    assert await count(world, "order_books") == 20
    assert await count(world, "metrics") == 4
    assert await count(world, "articles") == 3 * (len(SOURCES) - 6)
    assert await count(world, "job_runs") == len(SOURCES)
    minutes = await world.db.prepare("SELECT count(*) AS n FROM candles WHERE step = 60000").first("n")
    assert minutes == 20 * 99  # a hundred, of which the newest is still open
    assert await count(world, "candles") > minutes  # rolled up as well
    assert summary["records_collected"] == 132 + 20 + 4 + minutes + await count(world, "articles")
    assert world.memory["triggered"] == ["detect-signals"]


async def test_the_same_window_twenty_times_in_parallel_stores_once(world: Any, provider: Provider) -> None:
    summaries = await asyncio.gather(*(collect(world) for _ in range(20)))
    asked = dict(provider.asked)
    runs = {s["run"] for s in summaries if s["sources_processed"]}
    assert sum(s["sources_processed"] for s in summaries) == len(SOURCES)
    assert all(s["status"] == "already_collected" for s in summaries if s["run"] not in runs)
    assert len(runs) <= 5  # each job is one run's; several runs may share the jobs
    assert (asked["/api/v3/coins/markets"], asked["/api/v3/klines"]) == (1, 20)
    assert await count(world, "job_runs") == len(SOURCES)
    again = await asyncio.gather(*(collect(world, ["klines", "crypto_news"]) for _ in range(20)))
    assert {s["status"] for s in again} == {"already_collected"}
    assert dict(provider.asked) == asked


async def test_each_job_runs_when_its_interval_is_over(world: Any, clock: Any, provider: Provider) -> None:
    await collect(world)
    ran = []
    for _ in range(15):
        clock.advance(MINUTE)
        ran.append({name for name, job in (await collect(world))["jobs"].items() if "sources" in job})
    assert ran[:4] == [{"klines"}] * 4
    assert ran[4] == {"klines", "crypto_prices", "order_books"}
    assert ran[14] == {"klines", "crypto_prices", "order_books", "crypto_news", "defi"}


async def test_only_new_bars_are_asked_for_and_counted(world: Any, clock: Any) -> None:
    await collect(world, ["klines"])
    clock.advance(MINUTE)
    summary = await collect(world)
    assert summary["jobs"]["klines"]["sources"]["binance_klines"]["stored"] == 20
    rows = await world.db.prepare(
        "SELECT * FROM extraction_metadata WHERE symbol = 'BTCUSDT' AND data_type = 'klines'"
    ).raw()
    assert rows == [("BTCUSDT", "klines", clock.now // MINUTE * MINUTE - MINUTE, 100, clock.now)]


async def test_a_silent_hour_is_caught_up(world: Any, clock: Any) -> None:
    await collect(world)
    clock.advance(60 * MINUTE)
    await collect(world)
    rows = await world.db.prepare(
        "SELECT open_time FROM candles WHERE step = 60000 AND asset = 1 ORDER BY open_time"
    ).raw()
    opens = [at for (at,) in rows]
    assert len(opens) == 159
    assert opens == list(range(opens[0], opens[0] + 159 * MINUTE, MINUTE))


async def test_a_silent_week_is_caught_up_run_by_run(world: Any, clock: Any) -> None:
    await collect(world, ["klines"])
    clock.advance(7 * 1440 * MINUTE)
    for _ in range(12):
        await collect(world, ["klines"])
        clock.advance(MINUTE)
    bars, first, last = (
        await world.db.prepare(
            "SELECT count(*), min(open_time), max(open_time) FROM candles WHERE step = 60000 AND asset = 1"
        ).raw()
    )[0]
    assert last > clock.now - 3 * MINUTE
    assert bars == (last - first) // MINUTE + 1


async def test_news_wait_for_prices_that_another_run_is_collecting(world: Any, clock: Any) -> None:
    token = await jobs.lease(world.db, "crypto_prices", "another run", clock.now)
    assert token
    summary = await collect(world)
    assert summary["jobs"]["crypto_news"] == {"status": "waiting"}
    assert summary["jobs"]["crypto_prices"] == {"status": "already_collected"}
    assert summary["jobs"]["klines"]["status"] == "ok"
    await jobs.release(world.db, "crypto_prices", token)
    assert (await collect(world))["jobs"]["crypto_news"]["status"] == "ok"


async def test_news_are_collected_although_prices_fail(world: Any, provider: Provider) -> None:
    provider.broken["/coins/markets"] = provider.broken["/ticker/"] = lambda url: (500, {}, b"")
    summary = await collect(world)
    assert summary["status"] == "partial"
    assert summary["jobs"]["crypto_prices"]["status"] == "failed"
    assert summary["jobs"]["crypto_news"]["status"] == "ok"


async def test_a_run_that_lost_its_lease_stores_nothing(
    world: Any, clock: Any, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in the middle of its work, it wakes up after another run has taken the job over."""
    fetch = world.http.get

    async def slow(request: Any, *, deadline: int) -> Any:
        answer = await fetch(request, deadline=deadline)
        if "chains" in request.url:
            later = clock.now + 2 * jobs.LEASE_MS
            assert await jobs.lease(world.db, "defi", "another run", later, early=True)
        return answer

    monkeypatch.setattr(world.http, "get", slow)
    summary = await collect(world, ["defi"])
    assert summary["jobs"]["defi"] == {"status": "lease_lost"}
    assert await count(world, "metrics") <= 2  # stablecoins may have been before; chains were not
    assert await world.db.prepare("SELECT 1 FROM metrics WHERE name LIKE 'tvl:%'").raw() == []
    assert await world.db.prepare("SELECT 1 FROM job_runs WHERE source = 'defillama_chains'").raw() == []


async def test_a_failed_source_is_asked_again_within_the_window_and_only_that(
    world: Any, clock: Any, provider: Provider
) -> None:
    provider.broken["coindesk"] = lambda url: (404, {}, b"")
    await collect(world)
    provider.broken.clear()
    before = sum(n for path, n in provider.asked.items() if path == "/v2/chains" or "rss" in path)
    clock.advance(5 * MINUTE)
    summary = await collect(world)
    assert list(summary["jobs"]["crypto_news"]["sources"]) == ["coindesk"]
    after = sum(n for path, n in provider.asked.items() if path == "/v2/chains" or "rss" in path)
    assert after == before + 1


async def test_an_unchanged_answer_is_not_read_again(world: Any, clock: Any, provider: Provider) -> None:
    await collect(world, ["defi", "crypto_news"])
    clock.advance(15 * MINUTE)
    summary = await collect(world, ["defi", "crypto_news"])
    sources = {k: v for job in summary["jobs"].values() for k, v in job["sources"].items()}
    assert {source["status"] for source in sources.values()} == {"unchanged"}
    assert sum(source["stored"] + source["fetched"] for source in sources.values()) == 0


async def test_unknown_jobs_are_named(world: Any) -> None:
    with pytest.raises(Invalid, match=r"no job prices: there are crypto_news, crypto_prices"):
        await collect(world, ["prices"])


async def test_what_was_collected_is_told_live(world: Any, clock: Any) -> None:
    heard: dict[str, list[Any]] = {"prices": [], "news": [], "health": []}

    async def listen() -> None:
        async for event in world.kv.subscribe(("prices", "news", "health")):
            heard[event.topic].append(orjson.loads(event.message))

    listener = asyncio.create_task(listen())
    await asyncio.sleep(0)
    await collect(world)
    while not heard["health"]:
        await asyncio.sleep(0.01)
    listener.cancel()
    (rows,) = heard["prices"]
    bitcoin = next(row for row in rows if row["id"] == "bitcoin")
    assert {vote["source"] for vote in bitcoin["sources"]} == {"binance", "coingecko"}
    assert {"title", "url", "source", "sentiment", "symbols", "at", "known_at"} <= heard["news"][0].keys()
    assert heard["news"][0]["symbols"] == ["BTC"]
    assert heard["news"][0]["sentiment"]["label"] == "positive"
    assert await world.kv.get("version:market_data") == str(clock.now).encode()


async def test_raw_answers_of_series_are_kept(world: Any, clock: Any) -> None:
    await collect(world, ["klines", "order_books"])
    keys = await world.lake.list("2025-11-21")
    assert len(keys) == 40
    assert f"2025-11-21/BTCUSDT_klines_{clock.now}.json" in keys
    assert orjson.loads(await world.lake.get(f"2025-11-21/BTCUSDT_depth_{clock.now}.json"))["bids"]


async def test_metrics_and_the_line_of_the_run(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    from shared.platform import metrics

    with caplog.at_level("INFO", "collect"):
        summary = await collect(world)
    (line,) = [r for r in caplog.records if r.message == "Data collection completed"]
    fields = ("sources_processed", "records_collected", "processing_time_ms")
    assert {name: line.metadata[name] for name in fields} == {name: summary[name] for name in fields}  # type: ignore[attr-defined]
    page = (await metrics.page(world)).decode()
    assert 'crypto_collector_requests_total{collector="coindesk",status="ok"} 1.0' in page
    assert 'crypto_collector_duration_seconds_count{collector="binance_klines"} 1.0' in page
