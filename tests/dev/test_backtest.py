"""The backtest: the same signals and outcomes as a replay, told with intervals and without flattery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_replay import write

from shared.dev.backtest import backtest
from shared.dev.backtest_report import HEAD, Report
from shared.dev.replay import replay
from shared.env import Settings, read_settings
from shared.models import DAY, HOUR
from shared.platform import d1

ASSETS = ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "AVAX", "LINK", "DOT", "LTC")
TABLES = {
    "signals": "SELECT key, direction, raw_score, step, at, known_at, reference_price, state FROM signals",
    "outcomes": """SELECT s.key, o.horizon, o.status, o.forward_return, o.max_favourable, o.max_adverse,
        o.hit, o.resolved_at FROM signal_outcomes o JOIN signals s ON s.id = o.signal""",
    "matched": """SELECT s.key, m.horizon, m.n, m.hits, m.opposite_hits, m.mean_return, m.entries
        FROM matched_entries m JOIN signals s ON s.id = m.signal""",
}


def settings(folder: Path) -> Settings:
    folder.mkdir()
    return read_settings({"LIBSQL_URL": f"file:{folder / 'x.db'}", "LAKE_URL": f"file:{folder / 'lake'}"})


async def stored(folder: Path) -> dict[str, list[Any]]:
    db = await d1.connect(f"file:{folder / 'x.db'}")
    found = {name: sorted(await db.prepare(sql).raw()) for name, sql in TABLES.items()}
    await db.close()
    # whether a signal that is over is also complete depends on how far the clock went
    found["signals"] = [row[:-1] for row in found["signals"]]
    return found


async def test_it_finds_and_measures_what_a_replay_does(tmp_path: Path) -> None:
    write(tmp_path / "bars", "BTCUSDT-1d", DAY, 420, seed=1)
    write(tmp_path / "bars", "ETHUSDT-1d", DAY, 400, seed=2)
    write(tmp_path / "bars", "SOLUSDT-1h", HOUR, 300, seed=3)
    await replay(settings(tmp_path / "a"), tmp_path / "bars")
    await backtest(settings(tmp_path / "b"), tmp_path / "bars")
    replayed, tested = await stored(tmp_path / "a"), await stored(tmp_path / "b")
    assert len(tested["signals"]) > 15
    assert any(n for _, _, n, *_ in tested["matched"])
    for name in TABLES:
        assert tested[name] == replayed[name], name


@pytest.fixture
async def report(tmp_path: Path) -> Report:
    """Ten assets that jump every 37 days: after a jump there is none for a while."""
    for number, name in enumerate(ASSETS):
        write(tmp_path / "bars", f"{name}USDT-1d", DAY, 800, seed=number)
    (tmp_path / "bars" / "notes.csv").write_text("a,b\n1,2\n")
    shares: list[float] = []
    found = await backtest(
        settings(tmp_path / "scratch"),
        tmp_path / "bars",
        steps=[DAY],
        types=["price_anomaly"],
        progress=shares.append,
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1
    return found


async def test_the_report_is_honest(report: Report) -> None:
    assert report.rows == 10 * 800 - 10 * 8
    assert len(report.skipped) == 1
    assert [line.record.horizon for line in report.lines] == [DAY, 7 * DAY]
    week = report.lines[1]
    assert week.primary
    assert week.record.n > 100
    assert week.record.verdict == "no edge shown"
    assert week.record.lift is not None
    assert week.record.lift.mean < 0
    assert week.fit is not None
    assert week.fit.model["kind"] == "base"
    (cells,) = report.rows_told(everything=False)
    told = dict(zip(HEAD, cells, strict=True))
    assert (told["type"], told["bars"], told["after"], told["assets"]) == ("price_anomaly", "1d", "7d", "10")
    assert told["verdict"] == "no edge shown"
    assert len(report.rows_told(everything=True)) == 2
    assert "1 kinds judged at their primary horizon, no edge shown by any" in report.total()
    assert any("not read: notes.csv" in line for line in report.notes())
    (_, asked) = report.as_dict()["data"]
    assert asked["lift_95"] == [week.record.lift.low, week.record.lift.high]
    assert asked["calibration"]["n"] == week.record.n
