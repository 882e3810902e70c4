"""The housekeeping run: what it forgets, what it must not, and what one failing task costs."""

from __future__ import annotations

from typing import Any

import pytest

from shared.env import Env
from shared.errors import Invalid
from shared.models import DAY, MINUTE, Candle
from shared.ops import maintain as module
from shared.ops.maintain import maintain
from shared.store import candles

OLD, NEW = 31 * DAY, 29 * DAY


async def count(env: Env, table: str) -> int:
    return int((await env.db.prepare(f"SELECT count(*) FROM {table}").raw())[0][0])


async def test_all_tasks_report(env: Env) -> None:
    done = await maintain(env)
    assert done["status"] == "ok"
    assert set(done["tasks"]) == {
        "compact",
        "outcomes",
        "calibrate",
        "seal",
        "features",
        "prune",
        "lake",
        "optimize",
    }
    assert (await maintain(env))["status"] == "ok"


async def test_closed_bars_become_blocks(env: Env) -> None:
    start = env.now() - 9 * DAY
    bars = [
        Candle(1, "binance", 5 * MINUTE, start + n * 5 * MINUTE, 1.0, 2.0, 0.5, 1.5, 3.0) for n in range(2500)
    ]
    await candles.add(env.db, bars, env.now())
    done = await maintain(env, ["compact"])
    assert done["tasks"]["compact"]["bars"] > 2000
    assert await candles.read(env.db, 1, 5 * MINUTE, start, env.now()) == bars
    assert (await maintain(env, ["compact"]))["tasks"]["compact"] == {"bars": 0}


async def test_old_runs_links_and_validators_go(env: Env) -> None:
    now = env.now()
    run = """INSERT INTO job_runs (run, job, source, window, started_at, finished_at, status)
        VALUES (?, 'prices', 'binance', ?, ?, ?, 'ok')"""
    statements = [env.db.prepare(run).bind(str(age), age, now - age, now - age) for age in (OLD, NEW)]
    for age in (OLD, NEW):
        statements.append(
            env.db.prepare("INSERT INTO fetch_validators (url, at) VALUES (?, ?)").bind(str(age), now - age)
        )
        book = "INSERT INTO order_books VALUES (1, 1, ?, ?, '[]', '[]')"
        statements.append(env.db.prepare(book).bind(now - age, now - age))
    user = "INSERT INTO users (id, name, role, created_at) VALUES ('u', 'u', 'admin', 0)"
    statements.append(env.db.prepare(user))
    for name, expires in (("used", now - 2 * DAY), ("fresh", now + DAY)):
        link = "INSERT INTO login_links (hash, user, expires_at) VALUES (?, 'u', ?)"
        statements.append(env.db.prepare(link).bind(name.encode(), expires))
    await env.db.batch(statements)
    done = await maintain(env, ["prune"])
    forgotten = {name: rows for name, rows in done["tasks"]["prune"].items() if rows}
    assert forgotten == {"job_runs": 1, "fetch_validators": 1, "order_books": 1, "login_links": 1}
    assert [await count(env, t) for t in ("job_runs", "fetch_validators", "order_books", "login_links")] == [
        1
    ] * 4


async def test_raw_answers_go_after_a_week(env: Env) -> None:
    for key in ("2025-11-13/BTC_klines_1.json", "2025-11-14/BTC_klines_2.json", "notes/x.json"):
        await env.lake.put(key, b"{}")
    assert (await maintain(env, ["lake"]))["tasks"] == {"lake": {"objects": 1}}
    assert await env.lake.list() == ["2025-11-14/BTC_klines_2.json", "notes/x.json"]
    assert (await maintain(env, ["lake"]))["tasks"] == {"lake": {"objects": 0}}


async def test_events_still_to_deliver_stay(env: Env) -> None:
    now = env.now()
    setup = [
        "INSERT INTO users (id, name, role, created_at) VALUES ('u', 'u', 'admin', 0)",
        "INSERT INTO webhooks (id, owner, url, secret, created_at) VALUES ('w', 'u', 'http://x', 's', 0)",
    ]
    event = (
        "INSERT INTO outbox (id, type, at, payload, dispatched_at) VALUES (?, 'signal.raised', ?, '{}', ?)"
    )
    delivery = "INSERT INTO deliveries (event, webhook, status, next_at) VALUES (?, 'w', ?, 0)"
    statements = [env.db.prepare(sql) for sql in setup]
    for name, status in (("done", "delivered"), ("waiting", "pending"), ("given up", "exhausted")):
        statements.append(env.db.prepare(event).bind(name, now - OLD, now - OLD))
        statements.append(env.db.prepare(delivery).bind(name, status))
    statements.append(env.db.prepare(event).bind("not dispatched", now - OLD, None))
    statements.append(env.db.prepare(event).bind("recent", now - NEW, now - NEW))
    await env.db.batch(statements)
    assert (await maintain(env, ["prune"]))["status"] == "ok"
    left = [row[0] for row in await env.db.prepare("SELECT id FROM outbox ORDER BY id").raw()]
    assert left == ["not dispatched", "recent", "waiting"]
    assert await count(env, "deliveries") == 1


async def test_one_failing_task_costs_one_task(env: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: Env) -> dict[str, Any]:
        raise OSError("disk gone")

    monkeypatch.setitem(module.TASKS, "compact", broken)
    done = await maintain(env)
    assert done["status"] == "partial"
    assert done["tasks"]["compact"] == {"error": "OSError: disk gone"}
    assert "error" not in done["tasks"]["prune"]


async def test_only_one_at_a_time(env: Env) -> None:
    lease = await env.kv.lease("maintain", "somebody else", 60)
    assert lease is not None
    assert (await maintain(env))["status"] == "skipped"
    await env.kv.release(lease)
    assert (await maintain(env))["status"] == "ok"


async def test_an_unknown_task_is_named(env: Env) -> None:
    with pytest.raises(Invalid, match="vacuum"):
        await maintain(env, ["prune", "vacuum"])
