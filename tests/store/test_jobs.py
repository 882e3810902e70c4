"""The schedule: leases that one run gets, fences that stop late writers, marks and runs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared.collect.planning import choose, in_order, next_run
from shared.errors import Invalid
from shared.models import MINUTE
from shared.platform.d1 import D1Error
from shared.store import jobs
from shared.store.jobs import LEASE_MS, Job, JobRun

NOW = 1_763_726_400_000


async def test_the_schedule_as_it_is_delivered(db: Any) -> None:
    found = {job.job: job for job in await jobs.load(db)}
    enabled = {name: (job.interval_ms // MINUTE, job.priority) for name, job in found.items() if job.enabled}
    assert enabled == {
        "crypto_prices": (5, "high"),
        "klines": (1, "high"),
        "order_books": (5, "medium"),
        "crypto_news": (15, "medium"),
        "defi": (15, "low"),
    }
    assert found["ml_features"].depends_on == ("crypto_prices", "technical_indicators", "sentiment_analysis")
    assert not found["ml_features"].enabled


async def test_one_of_many_gets_the_lease(db: Any) -> None:
    tokens = await asyncio.gather(*(jobs.lease(db, "klines", f"run{n}", NOW) for n in range(20)))
    assert sorted(token for token in tokens if token) == [1]
    assert await jobs.lease(db, "klines", "later", NOW + LEASE_MS - 1) is None
    assert await jobs.lease(db, "klines", "later", NOW + LEASE_MS) == 2


async def test_a_job_that_is_not_due_is_leased_only_early(db: Any) -> None:
    token = await jobs.lease(db, "klines", "a", NOW)
    assert token
    await jobs.finish(
        db, "klines", token, next_run=NOW + MINUTE, last_run=NOW, last_ok=NOW, last_stored=None, error=None
    )
    assert await jobs.lease(db, "klines", "b", NOW + 1) is None
    assert await jobs.lease(db, "klines", "b", NOW + 1, early=True) == 2


async def test_a_lease_or_run_written_by_a_wrong_clock_does_not_hold(db: Any) -> None:
    assert await jobs.lease(db, "klines", "a", NOW + 10**9) == 1
    assert await jobs.lease(db, "klines", "b", NOW) == 2


async def test_a_batch_under_an_older_token_stores_nothing(db: Any) -> None:
    old = await jobs.lease(db, "defi", "a", NOW)
    new = await jobs.lease(db, "defi", "b", NOW + LEASE_MS)
    assert old
    assert new
    run = JobRun("r", "defi", "s", NOW, NOW, NOW, "ok")
    with pytest.raises(D1Error) as failed:
        await db.batch([jobs.fence_statement(db, "defi", old), jobs.run_statement(db, run)])
    assert jobs.lost_lease(failed.value)
    assert await jobs.runs(db, "defi") == []
    await db.batch([jobs.fence_statement(db, "defi", new), jobs.run_statement(db, run)])
    assert await jobs.runs(db, "defi") == [run]


async def test_finishing_late_changes_nothing(db: Any) -> None:
    old = await jobs.lease(db, "defi", "a", NOW)
    await jobs.lease(db, "defi", "b", NOW + LEASE_MS)
    await jobs.finish(db, "defi", old or 0, next_run=1, last_run=1, last_ok=1, last_stored=1, error="late")
    (defi,) = [job for job in await jobs.load(db) if job.job == "defi"]
    assert (defi.last_run, defi.last_error, defi.lease_until) == (None, None, NOW + 2 * LEASE_MS)


async def test_what_has_delivered_for_a_window(db: Any) -> None:
    window = NOW - NOW % (5 * MINUTE)
    for source, status, of in (
        ("a", "ok", window),
        ("b", "failed", window),
        ("c", "unchanged", window),
        ("d", "ok", window - 5 * MINUTE),
    ):
        run = JobRun("r", "crypto_prices", source, of, NOW, NOW, status)
        await jobs.run_statement(db, run).run()
    assert await jobs.collected(db, "crypto_prices", window) == {"a", "c"}


async def test_source_states_tell_last_success_and_last_data(db: Any) -> None:
    for n, (status, stored, error) in enumerate(
        [("ok", 5, None), ("ok", 0, None), ("failed", 0, "HTTP 500")]
    ):
        run = JobRun(f"r{n}", "defi", "a", NOW + n, NOW + n, NOW + n, status, stored=stored, error=error)
        await jobs.run_statement(db, run).run()
    states = await jobs.source_states(db, ["a", "nobody"], NOW)
    a = states["a"]
    assert (a.last_run, a.last_status, a.last_error) == (NOW + 2, "failed", "HTTP 500")
    assert (a.last_ok, a.last_stored) == (NOW + 1, NOW)
    assert states["nobody"].last_run is None
    assert (await jobs.source_states(db, ["a"], NOW + 1))["a"].last_stored is None


async def test_a_mark_moves_forward_and_counts(db: Any) -> None:
    for at, added in ((1000, 3), (500, 0), (2000, 2)):
        await jobs.extracted_statement(db, "BTCUSDT", "klines", at, added, NOW).run()
    assert await jobs.progress(db, ["BTCUSDT", "ETHUSDT"]) == {("BTCUSDT", "klines"): 2000}
    rows = await db.prepare("SELECT record_count FROM extraction_metadata").raw()
    assert rows == [(5,)]


async def test_jobs_are_switched_on_and_off(db: Any) -> None:
    await jobs.enable(db, {"defi": False, "ml_features": True})
    on = {job.job for job in await jobs.load(db) if job.enabled}
    assert "ml_features" in on
    assert "defi" not in on


def job(name: str, priority: str = "medium", after: tuple[str, ...] = (), **rest: Any) -> Job:
    plain = Job(name, 5 * MINUTE, priority, after, True, 0, None, None, None, None, 0)
    return replace(plain, **rest)


def test_order_is_priority_then_age_and_never_before_what_it_needs() -> None:
    found = in_order(
        [
            job("low", "low"),
            job("features", "critical", ("prices", "indicators")),
            job("indicators", "high", ("prices",)),
            job("prices", "high", next_run=5),
            job("older", "high", next_run=1),
            job("a", "medium", ("b",)),
            job("b", "medium", ("a",)),
        ]
    )
    assert [j.job for j in found] == ["older", "prices", "indicators", "features", "low", "a", "b"]


def test_choosing() -> None:
    schedule = [job("due"), job("later", next_run=NOW + 1), job("off", enabled=False), job("unable")]
    able = {"due", "later", "off"}

    def names(*args: Any) -> list[str]:
        return sorted(j.job for j in choose(schedule, *args, able, NOW))

    assert names(None, False) == ["due"]
    assert names(None, True) == ["due", "later"]
    assert names(["off", "later"], False) == ["later", "off"]
    with pytest.raises(Invalid, match="no job x"):
        names(["x"], False)
    with pytest.raises(Invalid, match="no source of ours serves unable yet"):
        names(["unable", "due"], False)


def test_the_next_run_is_the_next_window_or_sooner_after_a_failure() -> None:
    prices, window = job("prices"), NOW - NOW % (5 * MINUTE)
    assert next_run(prices, window, NOW, failed=False) == window + 5 * MINUTE
    assert next_run(prices, window, window + 1000, failed=True) == window + 1000 + 100_000
    assert next_run(prices, window, window + 4 * MINUTE, failed=True) == window + 5 * MINUTE
