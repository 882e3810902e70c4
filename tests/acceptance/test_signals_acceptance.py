"""Signals, features and rules as their users meet them: consistent, repeatable, provable, and one's own."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from candle_files import HOUR, crash_file, market_file
from hook_receiver import Receiver
from product_support import COMMAND, ROOT, SQL_QUIET, Product, create_key
from standardwebhooks import Webhook

SYMBOLS = ("BTC", "ETH", "SOL")
SQL_SIGNALS = "SELECT id, key, raw_score, direction, reference_price, expires_at FROM signals ORDER BY id"
SQL_COUNTS = [
    f"SELECT count(*) FROM {table}"
    for table in ("signals", "signal_outcomes", "matched_entries", "calibrations", "signal_log")
]
# One signal that went somewhere and is settled, and its entry.
ONE = """(SELECT s.id FROM signals s JOIN signal_outcomes o ON o.signal = s.id AND o.hit IS NOT NULL
WHERE s.state = 'resolved' ORDER BY s.id, o.horizon LIMIT 1)"""
EDITS = {
    "raw_score": f"UPDATE signals SET raw_score = raw_score * 1.000001 WHERE id = {ONE}",
    "confidence": f"UPDATE signals SET confidence_score = 0.9 WHERE id = {ONE}",
    "evidence": f"UPDATE signals SET metadata = json_set(metadata, '$.threshold', 1) WHERE id = {ONE}",
    "outcome": f"UPDATE signal_outcomes SET hit = 1 - hit WHERE hit IS NOT NULL AND signal = {ONE}",
    "matched": f"DELETE FROM matched_entries WHERE signal = {ONE}",
    "a signal gone": f"DELETE FROM signals WHERE id = {ONE}",
    "an entry gone": "DELETE FROM signal_log WHERE seq = 2",
    "the last entry gone": "DELETE FROM signal_log WHERE seq = (SELECT max(seq) FROM signal_log)",
    "entries in another order": "UPDATE signal_log SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END "
    "WHERE seq IN (2, 3); UPDATE signal_log SET seq = -seq WHERE seq < 0",
}


def beside(folder: Path) -> Product:
    """A product that is not served: only its command line."""
    folder.mkdir(parents=True, exist_ok=True)
    return Product(folder, {"LIBSQL_URL": f"file:{folder / 'cryptointel.db'}"})


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """Sixty days of hours of three markets, detected on, measured, and entered into the log."""
    folder = tmp_path_factory.mktemp("settled")
    product, end = beside(folder / "data"), time.time_ns() // 1_000_000 // HOUR * HOUR
    product.run("migrate")
    for symbol in SYMBOLS:
        product.run("import", str(market_file(folder, symbol, name="1h", step=HOUR, bars=1000, end=end)))
    assert json.loads(product.run("detect", "--json"))["raised"] > 20
    product.run("maintain")
    return product


@pytest.fixture
def copied(settled: Product, tmp_path: Path) -> Product:
    """A copy that a test may spoil."""
    shutil.copytree(settled.folder, tmp_path / "copy")
    return beside(tmp_path / "copy")


def test_every_edit_of_the_record_is_found_and_named(copied: Product) -> None:
    clean, one = copied.run("verify"), copied.rows(f"SELECT {ONE}")[0][0]
    assert "all as logged" in clean
    whole = copied.folder / "whole.db"
    copied.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(copied.database, whole)
    for name, edit in EDITS.items():
        shutil.copy(whole, copied.database)
        for statement in edit.split(";"):
            copied.rows(statement)
        said = copied.run("verify", code=1)
        assert "wrong" in said, name
        assert ("entr" in said) if "entr" in name else (one in said), (name, said)
        copied.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(whole, copied.database)
    assert copied.run("verify") == clean
    head = copied.rows("SELECT hash FROM signal_log ORDER BY seq DESC LIMIT 1")[0][0]
    assert copied.run("verify", "--head", head) == clean
    copied.run("verify", "--head", "0" * 64, code=1)


def test_jobs_that_run_again_add_nothing(copied: Product) -> None:
    before = copied.rows(SQL_SIGNALS), [copied.rows(sql) for sql in SQL_COUNTS]
    for _ in range(3):
        assert json.loads(copied.run("detect", "--json"))["raised"] == 0
        copied.run("maintain")
    assert (copied.rows(SQL_SIGNALS), [copied.rows(sql) for sql in SQL_COUNTS]) == before


def test_detection_that_is_killed_finds_what_an_undisturbed_one_does(tmp_path: Path) -> None:
    end = time.time_ns() // 1_000_000 // HOUR * HOUR
    imported = beside(tmp_path / "imported")
    imported.run("migrate")
    for symbol in SYMBOLS:
        file = market_file(tmp_path, symbol, name="5m", step=HOUR // 12, bars=1000, end=end)
        imported.run("import", str(file))
    undisturbed = beside(shutil.copytree(imported.folder, tmp_path / "undisturbed"))
    began = time.monotonic()
    undisturbed.run("detect")
    took = time.monotonic() - began
    killed = beside(shutil.copytree(imported.folder, tmp_path / "killed"))
    ends = [kill_detect(killed, took * share) for share in (0.4, 0.6, 0.75, 0.85, 0.95)]
    ends += [kill_detect(killed, 3 * took, writing=True)]
    assert -9 in ends
    killed.run("detect")
    assert killed.rows(SQL_SIGNALS) == undisturbed.rows(SQL_SIGNALS) != []
    assert "all as logged" in killed.run("verify")


def kill_detect(product: Product, after: float, *, writing: bool = False) -> int:
    """Start detection and kill it `after` seconds, or as soon as it writes; the exit code."""
    log = product.folder / "cryptointel.db-wal"
    environ = {**product.whole_environ(), "LAKE_URL": f"file:{product.folder / 'lake'}"}
    before, deadline = size(log), time.monotonic() + after
    process = subprocess.Popen(
        [*COMMAND, "detect"], env=environ, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and time.monotonic() < deadline:
        if writing and size(log) > before:
            break
        time.sleep(0.001)
    process.kill()
    return process.wait()


def size(file: Path) -> int:
    return os.path.getsize(file) if file.exists() else 0


@pytest.fixture
def served(launch: Callable[..., Product], settled: Product, tmp_path: Path) -> Product:
    """The settled markets behind the API."""
    shutil.copytree(settled.folder, tmp_path / "served")
    return launch("served")


def data(product: Product, path: str) -> Any:
    answer = product.get(path)
    assert answer.status == 200, (path, answer)
    return answer.json()["data"]


def test_a_number_is_the_same_wherever_it_is_told(served: Product) -> None:
    bar = served.get("/api/v1/technical/BTC?indicators=rsi,adx&timeframe=1h").json()
    told = {name: value for found in bar["data"] for name, value in found["values"].items()}
    row = data(served, "/api/v1/ml-features/BTC?format=flat&timeframe=1h")
    chart = served.get("/api/analytics/data/rsi/BTC?interval=1h&limit=5").json()
    assert row["at"] == bar["at"] == chart["data"][-1][0] + HOUR
    last = dict(zip(chart["columns"], chart["data"][-1], strict=True))
    assert told["rsi_14"] == pytest.approx(last["rsi"], abs=1e-9)
    assert row["rsi_14"] == pytest.approx(told["rsi_14"] / 100, abs=1e-9)
    assert row["adx_14"] == pytest.approx(told["adx_14"] / 100, abs=1e-9)


def test_the_track_record_is_that_of_the_signals_it_lists(served: Product) -> None:
    # imported history was known late: it may be looked at, and counts nothing
    served.rows("UPDATE signals SET known_at = at")
    signals = data(served, "/api/v1/signals?limit=1000")
    assert len(signals) == served.rows("SELECT count(*) FROM signals")[0][0] < 1000
    counted, hits = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for signal in signals:
        for outcome in signal["outcomes"]:
            if outcome["status"] == "resolved":
                key = signal["type"], signal["interval"], outcome["horizon"]
                counted[key] += 1
                hits[key] += outcome["hit"] or 0
    told = data(served, "/api/v1/signals/performance")
    assert {(row["type"], row["interval"], row["horizon"]): row["n"] for row in told} == counted
    measured = [row for row in told if row["status"] == "measured"]
    assert measured
    for row in measured:
        assert row["hits"] == hits[row["type"], row["interval"], row["horizon"]]
        assert row["hit_rate_95"][0] <= row["hit_rate"] <= row["hit_rate_95"][1]
    over = [signal for signal in signals if signal["state"] != "active"]
    assert [s["id"] for s in data(served, "/api/v1/signals/history?limit=1000")] == [s["id"] for s in over]
    past = over[len(over) // 2]["known_at"]
    then = data(served, f"/api/v1/signals?limit=1000&as_of={past}")
    assert {s["id"] for s in then} == {s["id"] for s in signals if s["known_at"] <= past}


def test_a_corrected_candle_makes_a_new_version_and_no_signal(served: Product, tmp_path: Path) -> None:
    first = data(served, "/api/v1/ml-features/BTC?format=flat&timeframe=1h")
    signals = served.rows(SQL_SIGNALS)
    file = market_file(tmp_path, "BTC", name="1h", step=HOUR, bars=1000, end=first["at"])
    rows = [*csv.reader(file.open())]
    rows[-1][4] = str(float(rows[-1][4]) * 1.00001)
    with file.open("w", newline="") as out:
        csv.writer(out).writerows(rows)
    served.run("import", str(file))
    assert json.loads(served.run("detect", "--json"))["raised"] == 0
    served.run("maintain")
    second = data(served, "/api/v1/ml-features/BTC?format=flat&timeframe=1h")
    assert second["at"] == first["at"]
    assert second["known_at"] > first["known_at"]
    assert second["return_1"] == pytest.approx(first["return_1"] + 1e-5, abs=1e-7)
    then = data(served, f"/api/v1/ml-features/BTC?format=flat&timeframe=1h&as_of={first['known_at']}")
    assert then == first
    assert served.rows(SQL_SIGNALS) == signals
    assert "all as logged" in served.run("verify")


def test_a_rule_reaches_its_owner_and_nobody_else(
    launch: Callable[..., Product], receiver: Receiver, tmp_path: Path
) -> None:
    product = launch()
    product.rows(SQL_QUIET)
    product.rows("INSERT INTO users (id, name, role, created_at) VALUES ('u2', 'other', 'trader', 0)")
    other = replace(product, key=create_key(product, level="trading", owner="other"))
    hooks = [
        user.post("/api/v1/webhooks", {"url": receiver.url, "event_types": ["rule.fired"]}).json()["data"]
        for user in (product, other)
    ]
    crash = crash_file(tmp_path, "BTC")
    (tmp_path / "quiet").mkdir()
    quiet = tmp_path / "quiet" / crash.name
    quiet.write_text("".join(crash.read_text().splitlines(keepends=True)[:-1]))
    product.run("import", str(quiet))
    product.post("/function/detect-signals")
    wanted = {
        "name": "Crash",
        "expression": "change(close, 1h) < -10%",
        "symbols": ["BTC"],
        "direction": "down",
    }
    made = product.post("/api/v1/rules", wanted)
    assert made.status == 201, made
    rule = made.json()["data"]
    assert rule["dry_run"]["fires"] == 0
    product.rows("UPDATE user_rules SET since = since - 7200000")  # as though made two hours ago
    product.run("import", str(crash))
    for _ in range(2):
        product.post("/function/detect-signals")
        product.post("/function/deliver")
    assert len(receiver.got) == 1
    (headers, body), (mine, theirs) = receiver.got[0], hooks
    event = Webhook(mine["secret"]).verify(body, headers)
    assert (event["type"], event["data"]["rule"], event["data"]["symbol"]) == (
        "rule.fired",
        rule["id"],
        "BTC",
    )
    assert event["data"]["evidence"]
    with pytest.raises(Exception, match="signature"):
        Webhook(theirs["secret"]).verify(body, headers)
    fired = data(product, f"/api/v1/rules/{rule['id']}/events")
    assert [found["at"] for found in fired] == [event["data"]["at"]]
    assert other.get(f"/api/v1/rules/{rule['id']}").status == 404
    assert other.call("DELETE", f"/api/v1/rules/{rule['id']}").status == 404
    assert data(other, "/api/v1/rules") == []
