"""Replay: the same however it is cut, minutes rolled up, and on real candles what everyone remembers."""

from __future__ import annotations

import csv
import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from math import log
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from shared.dev.replay import MarketClock, replay, replay_into
from shared.env import ROOT, Env, read_settings
from shared.models import DAY, HOUR, MINUTE
from shared.platform import d1
from shared.store import candle_series, candles, signals

START = 1_700_006_400_000 // DAY * DAY


def write(
    folder: Path, name: str, step: int, n: int, *, seed: int = 0, start: int = START, every: int = 37
) -> Path:
    """A klines file of a random walk with jumps and a hole."""
    rng = np.random.default_rng(seed)
    moves = rng.standard_t(4, n) * 0.005
    moves[150::every] += 0.2
    closes = 100 * np.exp(np.cumsum(moves))
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.csv.gz"
    with gzip.open(path, "wt", newline="") as file:
        out = csv.writer(file)
        out.writerow(("open_time", "open", "high", "low", "close", "volume"))
        for i, close in enumerate(closes.tolist()):
            if i % 97 != 60:
                out.writerow((start + i * step, close, close * 1.01, close * 0.99, close, 10 + i % 7))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "bars", "BTCUSDT-1h", HOUR, 500, seed=1)
    write(tmp_path / "bars", "ETHUSDT-1h", HOUR, 420, seed=2, start=START + 30 * HOUR)
    write(tmp_path / "bars", "SOLUSDT-1d", DAY, 130, seed=3, start=START - 120 * DAY)
    return tmp_path / "bars"


@pytest.fixture
async def other(env: Env, tmp_path: Path) -> AsyncIterator[Env]:
    """A second, empty database."""
    db = await d1.connect(f"file:{tmp_path / 'other.db'}")
    await d1.migrate(db, ROOT / "migrations")
    yield replace(env, db=db)
    await db.close()


async def written(env: Env) -> dict[str, list[Any]]:
    tables = ("signals", "signal_outcomes", "outbox", "candles", "candle_series", "candle_revisions")
    found = {name: await env.db.prepare(f"SELECT * FROM {name} ORDER BY 1, 2, 3").raw() for name in tables}
    found["state"] = await env.db.prepare("SELECT name, cursor, state FROM detector_state").raw()
    return found


async def replayed(env: Env, path: Path, **asked: Any) -> Any:
    clock = MarketClock()
    return await replay_into(replace(env, now=clock), path, clock, **asked)


async def test_close_by_close_and_in_stretches_write_the_same(env: Env, other: Env, folder: Path) -> None:
    shares: list[float] = []
    summary = await replayed(env, folder, progress=shares.append)
    assert summary.signals["price_anomaly"] > 10
    assert shares[-1] == 1
    await replayed(other, folder, stretch=1)
    assert await written(env) == await written(other)


async def test_replaying_again_adds_nothing(env: Env, folder: Path) -> None:
    await replayed(env, folder)
    before = await written(env)
    await replayed(env, folder)
    assert await written(env) == before


async def test_every_bar_is_known_at_its_close_and_raises_then(env: Env, folder: Path) -> None:
    await replayed(env, folder)
    rows = await env.db.prepare("SELECT open_time + step, known_at FROM candles").raw()
    assert all(close == known for close, known in rows)
    for one in await signals.page(env.db, limit=1000):
        assert one.known_at == one.at == one.metadata["open_time"] + one.step
    late = "SELECT count(*) FROM signal_outcomes WHERE status = 'resolved' AND resolved_at <> due_at"
    assert await env.db.prepare(late).raw() == [(0,)]


async def test_what_is_known_as_of_a_time_is_what_a_shorter_replay_finds(
    env: Env, other: Env, tmp_path: Path
) -> None:
    """No look-ahead: cut the future off and the past says the same."""
    whole = write(tmp_path / "whole", "BTCUSDT-1h", HOUR, 500, seed=5)
    await replayed(env, whole)
    with gzip.open(whole, "rt") as file:
        lines = file.readlines()
    short = tmp_path / "short" / "BTCUSDT-1h.csv"
    short.parent.mkdir()
    short.write_text("".join(lines[:301]))
    end = int(lines[300].partition(",")[0]) + HOUR
    await replayed(other, short)
    before = {one.id: one.raw_score for one in await signals.page(env.db, as_of=end, limit=1000)}
    alone = {one.id: one.raw_score for one in await signals.page(other.db, limit=1000)}
    assert before == alone
    assert len(alone) > 3


async def test_minutes_are_rolled_up_into_watched_bars(env: Env, tmp_path: Path) -> None:
    path = write(tmp_path / "minutes", "BTCUSDT-1m", MINUTE, 900, seed=4, start=START + 2 * MINUTE, every=600)
    summary = await replayed(env, path)
    assert await candle_series.steps(env.db) == [MINUTE, 5 * MINUTE, HOUR]
    assert summary.signals
    assert {one.step for one in await signals.page(env.db)} == {5 * MINUTE}
    hours = await candles.read(env.db, 1, HOUR, START, START + DAY)
    assert hours[0].open_time == START + HOUR
    minutes = await candles.read(env.db, 1, MINUTE, START + HOUR, START + 2 * HOUR)
    assert hours[0].close == minutes[-1].close


async def test_two_exchanges_and_a_file_given_twice_invent_no_moves(
    env: Env, other: Env, tmp_path: Path
) -> None:
    alone = write(tmp_path / "one", "binance_BTCUSDT-1h", HOUR, 400, seed=6)
    await replayed(env, alone)
    both = write(tmp_path / "both", "binance_BTCUSDT-1h", HOUR, 400, seed=6).parent
    write(both, "binance_again_BTCUSDT-1h", HOUR, 400, seed=6)
    with gzip.open(alone, "rt") as file, gzip.open(both / "kraken_XBTUSD-1h.csv.gz", "wt") as elsewhere:
        lines = file.readlines()[:300]
        times = [line.partition(",")[0] for line in lines[1:]]
        elsewhere.write(lines[0] + "".join(f"{at},500,501,499,500,1\n" for at in times))
    summary = await replayed(other, both)
    assert summary.rows > 1000
    told = [{one.id: one.raw_score for one in await signals.page(e.db, limit=1000)} for e in (env, other)]
    assert len(told[0]) > 3
    assert told[0] == told[1]


async def test_at_n_times_the_speed_it_takes_its_time(env: Env, tmp_path: Path) -> None:
    path = write(tmp_path / "few", "BTCUSDT-1h", HOUR, 40)
    summary = await replayed(env, path, speed=HOUR / 1000 * 150)
    assert 0.2 < summary.seconds < 5


async def test_bad_rows_and_files_that_are_no_candles_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "bars", "BTCUSDT-1h", HOUR, 120)
    with gzip.open(path, "at") as file:
        file.write("not,a,bar,at,all,really\n")
    (path.parent / "notes.csv").write_text("a,b\n1,2\n")
    settings = read_settings(
        {"LIBSQL_URL": f"file:{tmp_path / 'r.db'}", "LAKE_URL": f"file:{tmp_path / 'lake'}"}
    )
    summary = await replay(settings, path.parent)
    assert (summary.files, summary.refused, len(summary.skipped)) == (1, 1, 1)
    assert "notes.csv" in summary.skipped[0]
    assert summary.as_dict()["rows"] == summary.rows == 119
    assert any("rows/s" in line for line in summary.lines())


async def test_an_empty_stretch_of_history_is_no_error(env: Env, tmp_path: Path) -> None:
    path = write(tmp_path / "few", "BTCUSDT-1h", HOUR, 5)
    summary = await replayed(env, path)
    assert (summary.signals, summary.anomalies) == ({}, [])


async def test_real_daily_candles_show_the_days_everyone_remembers(env: Env, real: Path) -> None:
    summary = await replayed(env, real / "candles" / "binance_1d")
    opened = {one["opened"][:10]: one for one in summary.anomalies}
    assert opened["2020-03-12"]["raised"] == "2020-03-13T00:00Z"
    assert opened["2020-03-12"]["direction"] == "down"
    assert any(day.startswith("2022-11") for day in opened)
    assert summary.outcomes["1h"].keys() == summary.outcomes["4h"].keys() == {"no data"}
    assert summary.outcomes["24h"]["resolved"] > 100
    for one in summary.anomalies:
        await recompute(env, one["id"])


async def recompute(env: Env, id: str) -> None:
    """The score from stored candles and the evidence's bounds, with the standard library alone."""
    found = await signals.by_id(env.db, id)
    assert found is not None
    window = found.metadata["window"]
    bars = await candles.read(env.db, found.asset, found.step, window["base"], found.at)
    moves = [
        log(b.close / a.close) / max(1.0, (b.open_time - a.open_time) / found.step) ** 0.5
        for a, b in pairwise(bars)
    ]
    usual, last = moves[:-1], moves[-1]
    assert len(usual) == window["n"]
    scale = max(1.4826 * median(abs(move - median(usual)) for move in usual), 0.0005)
    assert abs(last - median(usual)) / scale == pytest.approx(found.raw_score, rel=1e-12)
