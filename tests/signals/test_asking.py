"""What is asked of the store for a finding: only where it hangs on it, for its asset, known at its close."""

from __future__ import annotations

import numpy as np
import pytest
from signals_support import store_bars

from shared.env import Env
from shared.models import HOUR, MINUTE, Metric, OrderBook
from shared.signals import asking
from shared.signals.asking import answers, balances, flows
from shared.signals.bars import Bars, bars_of
from shared.signals.detect import detect
from shared.signals.play import measure_bars
from shared.store import assets, books, metrics, signals

STEP = 5 * MINUTE


async def id_of(env: Env, name: str) -> int:
    found = (await assets.load(env.db)).resolve(name)
    assert found is not None
    return found.id


async def tell(env: Env, name: str, at: int, value: float, known_at: int | None = None) -> None:
    ids = await assets.source_ids(env.db, {"binance"})
    told = [Metric(name, "binance", at, value)]
    await env.db.batch(metrics.add_statements(env.db, told, ids, at if known_at is None else known_at))


async def show(env: Env, asset: int, at: int, bids: float, asks: float) -> None:
    ids = await assets.source_ids(env.db, {"binance"})
    book = OrderBook(asset, "binance", at, ((100.0, bids), (99.0, bids)), ((101.0, asks), (102.0, asks)))
    await env.db.batch(books.add_statements(env.db, [book], ids, at))


def accumulation(asset: int, bars: int = 212) -> Bars:
    """A quiet walk, then twelve heavily traded bars of one narrow range that close high."""
    rng = np.random.default_rng(1)
    close, rows = 100.0, []
    for number in range(bars - 12):
        before, close = close, close * float(np.exp(rng.normal(0, 0.002)))
        high, low = max(before, close) * 1.001, min(before, close) * 0.999
        rows.append((asset, 1, number * STEP, before, high, low, close, float(np.exp(rng.normal(4.6, 0.5)))))
    for number in range(bars - 12, bars):
        high, low = close * 1.0002, close * 0.998
        rows.append((asset, 1, number * STEP, close, high, low, close, 900.0))
    return bars_of(rows)


async def test_flows_are_the_assets_own_known_at_the_close_and_not_old(env: Env) -> None:
    slugs = {1: "bitcoin", 2: "ethereum"}
    await tell(env, "exchange_netflow:ethereum", 10 * HOUR, -5e6)
    await tell(env, "exchange_netflow:ethereum", 11 * HOUR, 7e6, known_at=20 * HOUR)
    closes = np.array([9, 10, 11, 12, 10]) * HOUR
    found = await flows(env.db, "exchange_netflow", slugs, np.array([2, 2, 2, 2, 1]), closes, 2 * HOUR)
    np.testing.assert_array_equal(found, [np.nan, -5e6, -5e6, np.nan, np.nan])


async def test_the_balance_of_a_book_is_that_of_its_value_and_of_its_minutes(env: Env) -> None:
    await show(env, 1, 60 * MINUTE, bids=3.0, asks=1.0)
    closes = np.array([59, 60, 69, 70]) * MINUTE
    found = await balances(env.db, np.array([1, 1, 1, 1]), closes)
    told = (3 * 199 - 203) / (3 * 199 + 203)
    np.testing.assert_allclose(found, [np.nan, told, told, np.nan])


async def test_nothing_is_asked_where_nothing_hangs_on_it(env: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object) -> None:
        raise AssertionError("asked")

    for name in ("flows", "balances"):
        monkeypatch.setattr(asking, name, refused)
    quiet = accumulation(1).take(slice(0, 200))
    assert await answers(env.db, STEP, measure_bars(None, STEP, quiet, None)[1]) == {}


@pytest.mark.parametrize(("bids", "netflow", "raised"), [(3.0, -1e6, 1), (0.3, -1e6, 0), (3.0, 1e6, 0)])
async def test_a_finding_that_flows_or_the_book_speak_against_is_none(
    env: Env, bids: float, netflow: float, raised: int
) -> None:
    asset = await id_of(env, "ETH")
    bars = accumulation(asset)
    close = int(bars.open_time[-1]) + STEP
    env.now = lambda: close
    for number in range(3, 14):  # a book and a flow for each of the bars that might be found
        await show(env, asset, close - (13 - number) * STEP, bids, 1.0)
        await tell(env, "exchange_netflow:ethereum", close - (13 - number) * STEP, netflow)
    await store_bars(env, bars, step=STEP)
    await detect(env)
    found = await signals.page(env.db, types=["whale_accumulation"], limit=10)
    assert len(found) == raised
    for one in found:
        assert one.metadata["netflow"] == netflow
        assert one.metadata["book_balance"] == pytest.approx((3 * 199 - 203) / (3 * 199 + 203))
        assert [part["part"] for part in one.metadata["parts"]][3:] == ["outflow", "bids"]
