"""Health is green only while everything is fresh, answers in time, and never hides what is away."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from shared.env import Env
from shared.models import HOUR, MINUTE, Quote
from shared.ops import health
from shared.platform.d1 import D1Database
from shared.platform.d1.errors import D1Unavailable
from shared.platform.kv import KVUnavailable
from shared.sources import SOURCES
from shared.store import jobs, quotes
from shared.store.jobs import JobRun


async def run_all(env: Env, **failed: str) -> None:
    """Note a run of every source and job that was just now; `failed` are sources by name with why."""
    now = env.now()
    for job in await jobs.load(env.db):
        token = await jobs.lease(env.db, job.job, "test", now, early=True)
        assert token is not None
        await jobs.finish(
            env.db, job.job, token, next_run=now, last_run=now, last_ok=now, last_stored=now, error=None
        )
    runs = [
        JobRun(
            f"run-{now}",
            source.job,
            source.name,
            now,
            now,
            now,
            "failed" if source.name in failed else "ok",
            stored=source.name not in failed,
            error=failed.get(source.name),
        )
        for source in SOURCES
    ]
    await env.db.batch([jobs.run_statement(env.db, run) for run in runs])
    await quotes.add(env.db, [Quote(1, "coingecko", now, 100.0)], now)


def states(report: dict[str, Any]) -> set[str]:
    return {source["status"] for source in report["sources"]}


async def test_what_never_ran_is_red(env: Env) -> None:
    report = await health.report(env)
    assert report["status"] == "unhealthy"
    assert report["services"] == {
        "database": "healthy",
        "cache": "healthy",
        "external_apis": "unhealthy",
        "workers": "unhealthy",
    }
    assert states(report) == {"never run"}
    assert report["metrics"]["uptime"] == "0.00%"


async def test_everything_fresh_is_green_in_the_documents_shape(env: Env) -> None:
    await run_all(env)
    report = await health.report(env, health.Requests(145.0, 0.0002))
    assert {k: report[k] for k in ("status", "timestamp", "services", "metrics")} == {
        "status": "healthy",
        "timestamp": "2025-11-21T12:00:00.000Z",
        "services": dict.fromkeys(("database", "cache", "external_apis", "workers"), "healthy"),
        "metrics": {"uptime": "100.00%", "response_time_ms": 145.0, "error_rate": "0.02%"},
    }
    assert states(report) == {"healthy"}
    assert {job["status"] for job in report["jobs"]} - {"disabled"} == {"healthy"}


async def test_data_that_gets_old_is_never_green(env: Env, clock: Any) -> None:
    await run_all(env)
    clock.advance(16 * MINUTE)
    report = await health.report(env)
    assert report["status"] == "degraded"
    assert report["services"]["external_apis"] != "healthy"
    assert "stale" in states(report)
    clock.advance(7 * 24 * HOUR)
    report = await health.report(env)
    assert report["status"] != "healthy"
    assert "healthy" not in states(report)


async def test_a_frozen_price_is_not_green_though_its_source_says_ok(env: Env, clock: Any) -> None:
    await run_all(env)
    for _ in range(16):
        clock.advance(MINUTE)
    now = env.now()
    for job in await jobs.load(env.db):
        token = await jobs.lease(env.db, job.job, "test", now, early=True)
        assert token is not None
        await jobs.finish(
            env.db, job.job, token, next_run=now, last_run=now, last_ok=now, last_stored=None, error=None
        )
    fresh = [JobRun("again", s.job, s.name, now, now, now, "unchanged") for s in SOURCES]
    await env.db.batch([jobs.run_statement(env.db, run) for run in fresh])
    report = await health.report(env)
    stale = {source["name"] for source in report["sources"] if source["status"] == "stale"}
    assert stale == {"coingecko_markets", "binance_ticker", "binance_klines", "binance_depth"}
    assert states(report) == {"healthy", "stale"}
    assert (report["status"], report["services"]["external_apis"]) == ("degraded", "degraded")


async def test_candles_that_stand_still_are_not_green_while_prices_move(env: Env, clock: Any) -> None:
    await run_all(env)
    clock.advance(5 * MINUTE)
    await run_all(env)
    assert (await health.report(env))["status"] == "healthy"
    for minute in range(1, 5):
        clock.advance(MINUTE)
        now = env.now()
        again = JobRun(f"again-{minute}", "klines", "binance_klines", now, now, now, "ok", fetched=200)
        await jobs.run_statement(env.db, again).run()
    report = await health.report(env)
    klines = next(source for source in report["sources"] if source["name"] == "binance_klines")
    assert (klines["status"], report["services"]["external_apis"]) == ("stale", "degraded")


async def test_one_failing_source_degrades_and_is_named(env: Env) -> None:
    await run_all(env, coindesk="timeout")
    report = await health.report(env)
    assert (report["status"], report["services"]["external_apis"]) == ("degraded", "degraded")
    coindesk = next(source for source in report["sources"] if source["name"] == "coindesk")
    assert (coindesk["status"], coindesk["last_error"]) == ("failing", "timeout")


class Driver:
    """A database that is away: refuses, or never answers."""

    def __init__(self, hangs: bool) -> None:
        self.hangs = hangs

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any) -> Any:
            if self.hangs:
                await asyncio.sleep(60)
            raise D1Unavailable("connection to 10.0.0.3:8080 refused")

        return call


class Away:
    """A key-value store that is away."""

    async def ping(self) -> bool:
        raise KVUnavailable("connection refused")


@pytest.mark.parametrize("hangs", [False, True])
async def test_without_a_database_it_says_so_within_50_ms(env: Env, hangs: bool) -> None:
    await health.report(env)  # imports are done before anybody counts
    server = replace(env.settings, libsql_url="http://10.0.0.3:8080")
    lost = replace(env, db=D1Database(Driver(hangs)), settings=server)
    began = time.perf_counter()
    report = await health.report(lost)
    took = time.perf_counter() - began
    assert (report["status"], report["services"]["database"]) == ("unhealthy", "unhealthy")
    assert took < 0.05 if not hangs else took < 0.1  # 40 ms of waiting, and a busy machine
    assert await health.is_ready(lost) is False
    assert "10.0.0.3" not in str(report)


async def test_without_its_cache_it_is_degraded_and_ready(env: Env) -> None:
    await run_all(env)
    lost = replace(env, kv=Away())
    report = await health.report(lost)
    assert (report["status"], report["services"]["cache"]) == ("degraded", "degraded")
    assert await health.is_ready(lost) is True


async def test_uptime_is_the_share_of_windows_that_ran(env: Env, clock: Any) -> None:
    await run_all(env)
    clock.advance(4 * MINUTE)
    await run_all(env)
    report = await health.report(env)
    assert report["metrics"]["uptime"] == "40.00%"  # two of five minutes
