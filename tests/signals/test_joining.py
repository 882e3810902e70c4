"""What is known beside a bar: of its own time, known at its close, and of the right asset."""

from __future__ import annotations

import numpy as np
import pytest
from signals_support import bars_from_paths, store_bars

from shared.env import Env
from shared.models import DAY, HOUR, Metric
from shared.signals.bars import Bars, bars_of
from shared.signals.beside import closes_at
from shared.signals.joining import as_known, beside
from shared.store import assets, metrics

NOW = 400 * DAY


def bar(asset: int, number: int, close: float = 100.0) -> tuple[float, ...]:
    return (asset, 1, number * HOUR, close, close, close, close, 1.0)


def bars(*rows: tuple[float, ...]) -> Bars:
    return bars_of(rows)


async def tell(env: Env, name: str, at: int, value: float, known_at: int | None = None) -> None:
    ids = await assets.source_ids(env.db, {"fred"})
    told = [Metric(name, "fred", at, value)]
    await env.db.batch(metrics.add_statements(env.db, told, ids, at if known_at is None else known_at))


async def bitcoin(env: Env) -> int:
    found = (await assets.load(env.db)).resolve("bitcoin")
    assert found is not None
    return found.id


async def test_bitcoins_close_comes_from_the_same_bars_else_from_the_store(env: Env) -> None:
    own = await bitcoin(env)
    new = bars(bar(own, 5, 50.0), bar(own, 6, 60.0), bar(99, 4), bar(99, 5), bar(99, 6), bar(99, 7))
    found = await beside(env.db, HOUR, new)
    assert found.leader == own
    others = found.markets[0][new.asset == 99]
    np.testing.assert_array_equal(others, [np.nan, 50.0, 60.0, np.nan])
    await store_bars(env, bars(bar(own, 4, 40.0), bar(own, 7, 70.0)))
    found = await beside(env.db, HOUR, new)
    np.testing.assert_array_equal(found.markets[0][new.asset == 99], [40.0, 50.0, 60.0, 70.0])


async def test_indices_are_the_newest_known_at_the_close(env: Env) -> None:
    start = 20 * DAY
    await tell(env, "macro:spx", start, 5000.0)
    await tell(env, "macro:spx", start + 2 * HOUR, 5100.0, known_at=start + 5 * HOUR)
    await tell(env, "macro:dxy", start - 11 * DAY, 99.0)
    hours = [start // HOUR + i for i in (-2, -1, 0, 3, 4, 5)]
    new = bars(*(bar(99, hour) for hour in hours))
    found = await beside(env.db, HOUR, new)
    np.testing.assert_array_equal(found.markets[1], [np.nan, 5000.0, 5000.0, 5000.0, 5100.0, 5100.0])
    assert np.isnan(found.markets[2]).all()  # eleven days old


def test_a_value_that_was_learned_late_does_not_replace_a_newer_one() -> None:
    rows = [("x", 1, 10, 10, 1.0), ("x", 1, 30, 30, 3.0), ("x", 1, 20, 40, 2.0), ("x", 1, 50, 45, 5.0)]
    times = np.array([5, 10, 29, 30, 40, 45, 49, 50, 149, 151])
    found = as_known(rows, times, 100)
    np.testing.assert_array_equal(found, [np.nan, 1, 1, 3, 3, 3, 3, 5, 5, np.nan])
    assert np.isnan(as_known([], times, 100)).all()


def test_closes_are_matched_by_their_open_time() -> None:
    times, closes = np.array([10, 20, 40]), np.array([1.0, 2.0, 4.0])
    found = closes_at(times, closes, np.array([5, 10, 30, 40, 50]))
    np.testing.assert_array_equal(found, [np.nan, 1.0, np.nan, 4.0, np.nan])


@pytest.mark.parametrize("cut", [1, 50])
async def test_a_backfill_joins_what_bar_by_bar_would(env: Env, cut: int) -> None:
    new = bars_from_paths(assets=3, n=100, holes=True)
    await store_bars(env, new)
    whole = await beside(env.db, HOUR, new)
    times = np.unique(new.open_time)
    for start in range(0, len(times), cut):
        rows = np.isin(new.open_time, times[start : start + cut])
        part = await beside(env.db, HOUR, new.take(rows))
        np.testing.assert_array_equal(part.markets, whole.markets[:, rows])
