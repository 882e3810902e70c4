"""The log of signals: sealed once, one chain from many hands, and every change found."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.env import ROOT, Env
from shared.models import DAY, HOUR, Candle
from shared.signals.audit import audit
from shared.signals.identity import signal_key, ulid_of
from shared.signals.ledger import GENESIS, seal
from shared.signals.outcomes import resolve
from shared.signals.raising import HORIZONS
from shared.store import candles, signal_log, signals
from shared.store.signals import Signal

AT = 1_700_000_000_000 // DAY * DAY


def a_signal(number: int) -> Signal:
    at = AT + number * HOUR
    key = signal_key("price_anomaly", "bitcoin", HOUR, at)
    return Signal(
        id=ulid_of(key, at),
        key=key,
        type="price_anomaly",
        asset=1,
        symbol="BTC",
        name="Bitcoin",
        direction="up",
        raw_score=9.5,
        confidence_score=0.4,
        step=HOUR,
        at=at,
        known_at=at,
        reference_price=100.0,
        state="active",
        created_at=at,
        updated_at=at,
        expires_at=at + DAY,
        metadata={"volatility_1h": 0.01, "source": "binance", "mad": 0.004},
    )


@pytest.fixture
async def env(env: Env) -> Env:
    """Four signals: two resolved, two raised later; all sealed."""
    env.now = lambda: AT + 4 * HOUR
    for number in range(4):
        await env.db.batch(signals.add_statements(env.db, a_signal(number), HORIZONS))
    await seal(env)
    await candles.add(env.db, [bar(number) for number in range(-60 * 24, 8 * 24 - 22)], AT)
    env.now = lambda: AT + 7 * DAY + HOUR
    await resolve(env)
    return env


def bar(number: int) -> Candle:
    close = 100.0 + number % 7
    return Candle(1, "binance", HOUR, AT + number * HOUR, close, close + 1, close - 1, close, 5.0)


async def run(env: Env, sql: str, *values: Any) -> None:
    """Change what is stored as somebody would who wants to look better."""
    assert (await env.db.prepare(sql).bind(*values).run()).meta.changes


async def test_an_untouched_log_is_whole(env: Env) -> None:
    found = await audit(env)
    assert found.findings == []
    assert (found.entries, found.signals, found.waiting, found.older) == (6, 4, 0, 0)
    entries = await signal_log.after(env.db, 0, 10)
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert [entry.kind for entry in entries] == ["raised"] * 4 + ["resolved"] * 2
    assert entries[0].previous == GENESIS
    assert [entry.previous for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
    days = await signal_log.days(env.db, 10**6, 10)
    assert [(day.entries, day.root) for day in days] == [(2, entries[5].hash), (4, entries[3].hash)]


async def test_sealing_again_adds_nothing(env: Env) -> None:
    assert await seal(env) == {"sealed": 0}
    assert (await audit(env)).entries == 6


async def test_a_later_peak_and_the_expiry_are_no_edits(env: Env) -> None:
    peak = signals.Update(a_signal(3).id, AT + 5 * HOUR, 20.0, {"raw_score": 20.0})
    await env.db.batch([signals.update_statement(env.db, peak)])
    await signals.expire(env.db, env.now())
    assert (await audit(env)).findings == []


IMMUTABLE = {
    "key": "'other'",
    "type": "'volume_spike'",
    "asset": "2",
    "symbol": "'ETH'",
    "direction": "'down'",
    "raw_score": "raw_score + 0.0000001",
    "confidence_score": "0.9",
    "at": "at - 1",
    "known_at": "known_at - 1",
    "created_at": "created_at - 1",
    "step": "300000",
    "reference_price": "reference_price - 0.5",
    "expires_at": "expires_at + 1",
    "state": "'active'",
    "metadata": "json_set(metadata, '$.mad', 0.005)",
}


@pytest.mark.parametrize("column", IMMUTABLE)
async def test_every_edit_of_a_signal_is_found(env: Env, column: str) -> None:
    await run(env, f"UPDATE signals SET {column} = {IMMUTABLE[column]} WHERE id = ?", a_signal(0).id)
    found = await audit(env)
    assert found.findings
    assert all(a_signal(0).id in line for line in found.findings)


OUTCOME = {
    "due_at": "due_at + 1",
    "status": "'no data'",
    "forward_return": "forward_return + 0.000001",
    "max_favourable": "0.9",
    "max_adverse": "0.0001",
    "hit": "1 - hit",
    "resolved_at": "resolved_at - 1",
    "horizon": "horizon + 1",
}
MATCHED = {
    "n": "n - 1",
    "hits": "0",
    "opposite_hits": "opposite_hits + 1",
    "mean_return": "mean_return - 0.01",
    "entries": "json_set(entries, '$[0][2]', -0.5)",
    "horizon": "horizon + 1",
}


@pytest.mark.parametrize("column", OUTCOME)
async def test_every_edit_of_an_outcome_is_found(env: Env, column: str) -> None:
    sql = f"UPDATE signal_outcomes SET {column} = {OUTCOME[column]} WHERE signal = ? AND horizon = ?"
    await run(env, sql, a_signal(1).id, DAY)
    assert any(a_signal(1).id in line for line in (await audit(env)).findings)


@pytest.mark.parametrize("column", MATCHED)
async def test_every_edit_of_matched_entries_is_found(env: Env, column: str) -> None:
    sql = f"UPDATE matched_entries SET {column} = {MATCHED[column]} WHERE signal = ? AND horizon = ?"
    await run(env, sql, a_signal(1).id, HOUR)
    assert any(a_signal(1).id in line for line in (await audit(env)).findings)


@pytest.mark.parametrize("column", ["signal", "kind", "at", "content_hash", "previous", "hash", "seq"])
async def test_every_edit_of_the_log_is_found(env: Env, column: str) -> None:
    edits = {"kind": "'resolved'", "at": "at + 1", "seq": "100"}
    value = edits.get(column, "replace(replace(" + column + ", '0', 'x'), '1', '0') || 'f'")
    await run(env, f"UPDATE signal_log SET {column} = {value} WHERE seq = 3")
    assert any("entry 3" in line or "entries 3" in line for line in (await audit(env)).findings)


@pytest.mark.parametrize("column", ["day", "entries", "seq", "root"])
async def test_every_edit_of_a_day_is_found(env: Env, column: str) -> None:
    value = "'00'" if column == "root" else f"{column} + 1"
    await run(env, f"UPDATE signal_log_days SET {column} = {value} WHERE entries = 4")
    assert any("root of 2023-11-14" in line for line in (await audit(env)).findings)


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ("signal_outcomes", "signal = ? AND horizon = 3600000"),
        ("matched_entries", "signal = ? AND horizon = 3600000"),
        ("signals", "id = ?"),
        ("signal_log", "signal = ? AND kind = 'raised'"),
    ],
)
async def test_deleting_is_found(env: Env, table: str, where: str) -> None:
    await env.db.prepare(f"DELETE FROM {table} WHERE {where}").bind(a_signal(1).id).run()
    assert (await audit(env)).findings


async def test_what_was_there_when_the_log_began_is_counted(env: Env) -> None:
    await run(env, "DELETE FROM signal_log")
    await run(env, "DELETE FROM signal_log_days")
    for number in range(4):
        await run(env, "INSERT INTO signal_log_queue VALUES (?, ?, 'raised')", 0, a_signal(number).id)
    await run(env, "UPDATE signals SET state = 'expired'")
    await seal(env)
    found = await audit(env)
    assert (found.findings, found.older) == ([], 4)


async def test_inserting_is_found(env: Env) -> None:
    await env.db.batch(signals.add_statements(env.db, a_signal(-60), HORIZONS))
    assert (await audit(env)).findings == [f"signal {a_signal(-60).id} is not in the log"]
    await seal(env)
    (finding,) = (await audit(env)).findings
    assert "was sealed 9.5 days after it says it was known" in finding


async def test_a_signal_that_never_passed_the_queue_is_found(env: Env) -> None:
    await env.db.prepare("DROP TRIGGER signals_log_raised").run()
    fresh = replace(a_signal(5), known_at=env.now())
    await env.db.batch(signals.add_statements(env.db, fresh, HORIZONS))
    assert (await audit(env)).findings == [f"signal {fresh.id} is not in the log"]


async def test_what_is_raised_just_now_waits_for_its_entry(env: Env) -> None:
    fresh = replace(a_signal(5), known_at=env.now())
    await env.db.batch(signals.add_statements(env.db, fresh, HORIZONS))
    found = await audit(env)
    assert (found.findings, found.waiting) == ([], 1)


async def test_a_state_set_back_and_forth_is_found_and_stops_nothing(env: Env) -> None:
    await run(env, "UPDATE signals SET state = 'active' WHERE id = ?", a_signal(0).id)
    assert len((await audit(env)).findings) == 1
    await run(env, "UPDATE signals SET state = 'resolved' WHERE id = ?", a_signal(0).id)
    fresh = replace(a_signal(5), known_at=env.now())
    await env.db.batch(signals.add_statements(env.db, fresh, HORIZONS))
    assert await seal(env) == {"sealed": 1}
    assert ((await audit(env)).findings, (await audit(env)).entries) == ([], 7)


async def test_reordering_is_found(env: Env) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        await run(env, "UPDATE signal_log SET seq = ? WHERE seq = ?", new, old)
    lines = (await audit(env)).findings
    assert any("entry 2" in line for line in lines)
    assert any("entry 3" in line for line in lines)


async def test_a_whole_new_chain_is_found_against_a_kept_head(env: Env) -> None:
    kept = (await signal_log.head(env.db) or pytest.fail("no head")).hash
    assert (await audit(env, kept)).findings == []
    await run(env, "UPDATE signals SET raw_score = 99 WHERE id = ?", a_signal(2).id)
    await run(env, "DELETE FROM signal_log")
    await run(env, "DELETE FROM signal_log_days")
    for number in range(4):
        one = a_signal(number)
        await run(env, "INSERT INTO signal_log_queue VALUES (?, ?, 'raised')", one.known_at, one.id)
    for number in range(2):
        await run(
            env, "INSERT INTO signal_log_queue VALUES (?, ?, 'resolved')", env.now(), a_signal(number).id
        )
    await seal(env, lambda known: known)
    assert (await audit(env)).findings == []  # nobody can tell …
    (finding,) = (await audit(env, kept)).findings  # … but who kept the head
    assert finding == f"head {kept} is not in the log: it was cut short or written anew"


async def test_truncation_is_found_against_a_kept_head_and_by_the_signals(env: Env) -> None:
    kept = (await signal_log.head(env.db) or pytest.fail("no head")).hash
    await run(env, "DELETE FROM signal_log WHERE seq > 4")
    lines = (await audit(env, kept)).findings
    assert f"head {kept} is not in the log: it was cut short or written anew" in lines
    assert sum("the log does not say so" in line for line in lines) == 2


async def test_many_sealing_at_once_make_one_chain(env: Env) -> None:
    for number in range(5, 30):
        fresh = replace(a_signal(number), known_at=env.now())
        await env.db.batch(signals.add_statements(env.db, fresh, HORIZONS))
    done = await asyncio.gather(*(seal(env) for _ in range(8)))
    assert sum(one["sealed"] for one in done) == 25
    assert (await audit(env)).findings == []


SEALER = """
import asyncio, sys
from dataclasses import replace
from shared.env import read_settings
from shared.platform.bindings import open_env
from shared.signals.ledger import seal
from shared.store import signals
async def main():
    env = await open_env(read_settings({"LIBSQL_URL": sys.argv[1]}), now=lambda: int(sys.argv[2]))
    first = int(sys.argv[3])
    sys.path.insert(0, sys.argv[4])
    from test_ledger import a_signal
    from shared.signals.raising import HORIZONS
    sealed = 0
    for number in range(first, first + 15):
        fresh = replace(a_signal(number), known_at=env.now())
        await env.db.batch(signals.add_statements(env.db, fresh, HORIZONS))
        sealed += (await seal(env))["sealed"]
    print(sealed)
    await env.close()
asyncio.run(main())
"""


async def test_four_processes_sealing_at_once_make_one_chain(env: Env, tmp_path: Path) -> None:
    place, now, here = f"file:{tmp_path / 'test.db'}", str(env.now()), str(Path(__file__).parent)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SEALER, place, now, str(10 + 15 * n), here],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        for n in range(4)
    ]
    told = [int(process.communicate()[0]) for process in processes]
    found = await audit(env)
    assert sum(told) == 60
    assert (found.entries, found.findings) == (66, [])
