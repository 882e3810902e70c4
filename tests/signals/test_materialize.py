"""What a run stores: the newest bars, once, of what was known, within D1's limits."""

from __future__ import annotations

import numpy as np
import pytest
from features_support import START, WAIT, at_close, market, play, store_candles

from shared.env import Env
from shared.market.features.codec import decode
from shared.market.features.dictionary import names
from shared.market.features.feature import VERSION
from shared.models import DAY, HOUR, MINUTE, Metric
from shared.platform.d1 import limits
from shared.signals import windows
from shared.signals.beside import nothing_beside
from shared.signals.detect import detect
from shared.signals.materialize import NEWEST, feature_statements
from shared.store import features, metrics
from shared.store.assets import source_ids

BARS = 130
END = START + BARS * HOUR


def value(row: features.Packed, name: str) -> float | None:
    return dict(zip(names(row.dictionary), decode(row.data, row.dictionary), strict=True))[name]


async def count(env: Env) -> int:
    return int((await env.db.prepare("SELECT count(*) FROM ml_features_materialized").raw())[0][0])


async def tell(env: Env, name: str, at: int, told: float, known_at: int, source: str = "import") -> None:
    ids = await source_ids(env.db, {source})
    await env.db.batch(metrics.add_statements(env.db, [Metric(name, source, at, told)], ids, known_at))


async def newest(env: Env, asset: int = 1) -> features.Packed:
    return (await features.of_asset(env.db, asset, HOUR, limit=1))[0]


async def test_the_newest_bars_of_each_asset_are_stored(env: Env) -> None:
    bars = market(3, BARS)
    await play(env, bars)
    assert await count(env) == 3 * NEWEST
    rows = await features.of_asset(env.db, 2, HOUR)
    assert [row.at for row in rows] == [END - i * HOUR for i in range(NEWEST)]
    assert {(row.asset, row.known_at, row.dictionary) for row in rows} == {(2, END + WAIT, VERSION)}
    closes = bars.close[bars.asset == 2]
    assert value(rows[3], "return_1") == np.log(closes[-4]) - np.log(closes[-5])


async def test_the_same_bars_again_add_nothing(env: Env) -> None:
    bars = market(3, BARS)
    for _ in range(3):  # a state that was lost is built again from the same candles
        await play(env, bars)
    assert await count(env) == 3 * NEWEST


async def test_other_values_are_a_new_version_and_the_first_ones_again_a_third(env: Env) -> None:
    bars = market(1, BARS)
    await play(env, bars)
    first = await newest(env)
    for known_at, data in ((END + DAY, b"other"), (END + 2 * DAY, first.data), (END + 3 * DAY, first.data)):
        row = [(END, 1, 1, data)]
        await env.db.batch(features.add_statements(env.db, HOUR, VERSION, known_at, row))
    seen = [
        (await features.of_asset(env.db, 1, HOUR, as_of=as_of, limit=1))[0].known_at
        for as_of in (END + WAIT, END + DAY - 1, END + DAY, END + 9 * DAY)
    ]
    assert seen == [END + WAIT, END + WAIT, END + DAY, END + 2 * DAY]
    assert await features.of_asset(env.db, 1, HOUR, as_of=END) == []


async def test_without_bars_nothing_is_stored(env: Env) -> None:
    measured = windows.step(windows.empty(), HOUR, market(1, 1).take(np.array([], np.int64)))
    assert await feature_statements(env, HOUR, measured, END) == []


async def test_late_bars_stand_in_the_market_that_came_before(env: Env) -> None:
    bars = market(12, BARS)
    early = bars.open_time < START + (BARS - 1) * HOUR
    last = at_close(bars, END)
    state = await play(env, bars.take(early))
    state = await play(env, last.take(last.asset != 7), state)
    await play(env, last.take(last.asset == 7), state)
    up = (last.close > bars.close[bars.open_time == START + (BARS - 2) * HOUR]).mean()
    assert value(await newest(env, 7), "market_up_share") == pytest.approx(up)


async def test_statements_and_rows_stay_within_the_limits_of_d1(env: Env) -> None:
    bars = market(130, 30)
    lanes = np.unique(bars.asset)
    state = windows.with_lanes(windows.empty(), lanes, np.ones_like(lanes))
    measured = windows.step(state, HOUR, bars, nothing_beside(bars, 1))
    statements = await feature_statements(env, HOUR, measured, END)
    assert all(len(one.values) <= limits.PARAMETERS for one in statements)
    assert all(len(one.sql) <= limits.SQL_BYTES for one in statements)
    await env.db.batch(statements)
    assert await count(env) == 130 * NEWEST
    ((columns,),) = await env.db.prepare(
        "SELECT count(*) FROM pragma_table_info('ml_features_materialized')"
    ).raw()
    assert columns <= limits.COLUMNS


async def test_a_metric_counts_once_it_was_true_and_known(env: Env) -> None:
    moments = ((30, 0.1, 0), (2, 0.3, 0), (1, 0.7, 2 * HOUR), (-1, 0.9, -9 * HOUR))
    for hours, told, lag in moments:
        await tell(env, "funding_rate:bitcoin", END - hours * HOUR, told, END - hours * HOUR + lag)
    await play(env, market(2, BARS))
    row = await newest(env)
    # of one hour ago is learned an hour after the close; what is to come counts not, announced or not
    assert value(row, "funding_rate") == 0.3
    assert value(row, "funding_change_24h") == pytest.approx(0.2)
    assert value(await newest(env, 2), "funding_rate") is None


async def test_a_value_that_is_too_old_is_none(env: Env) -> None:
    await tell(env, "open_interest:bitcoin", END - 3 * HOUR, 5.0, END - 3 * HOUR)
    await tell(env, "macro:us10y", END - 4 * DAY, 4.2, END - 4 * DAY)
    await tell(env, "macro:us02y", END - 6 * DAY, 3.9, END - 6 * DAY)
    await play(env, market(1, BARS))
    row = await newest(env)
    assert value(row, "open_interest_change_1h") is None
    assert (value(row, "us10y"), value(row, "us02y"), value(row, "term_spread")) == (4.2, None, None)


async def test_the_value_locked_on_an_assets_chain_is_its_own(env: Env) -> None:
    for at, told in ((END - DAY, 100.0), (END - MINUTE, 110.0)):
        await tell(env, "tvl:bsc", at, told, at)
        await tell(env, "tvl:nowhere", at, told, at)
    await play(env, market(6, BARS))
    found = {asset: value(await newest(env, asset), "tvl_change_24h") for asset in range(1, 7)}
    ((own,),) = await env.db.prepare("SELECT id FROM crypto_assets WHERE slug = 'binancecoin'").raw()
    assert {asset for asset, told in found.items() if told is not None} == {own}
    assert found[own] == pytest.approx(np.log(1.1))


async def test_holes_and_late_bars_lower_the_quality(env: Env) -> None:
    bars = market(2, BARS)
    whole = bars.take((bars.asset == 1) | (bars.open_time % (2 * HOUR) == 0))
    await play(env, whole)
    good, half = await newest(env, 1), await newest(env, 2)
    assert value(good, "quality_coverage") == 1.0
    assert value(half, "quality_coverage") == pytest.approx(0.5 * 65 / 97, rel=0.02)
    assert value(half, "quality_gaps") == pytest.approx(11 / 12)
    assert (value(good, "quality_freshness"), value(good, "quality_agreement")) == (1.0, None)
    older = (await features.of_asset(env.db, 1, HOUR))[-1]
    assert value(older, "quality_freshness") == pytest.approx(1 - (11 + 5 / 60 - 1) / 11)
    assert (value(half, "quality_score") or 0) < (value(good, "quality_score") or 0) == 1.0


async def test_detection_stores_features_with_its_state(env: Env) -> None:
    bars = market(3, BARS)
    await store_candles(env, bars)
    env.now = lambda: END + WAIT
    await detect(env)
    assert await count(env) == 3 * NEWEST
    before = await newest(env, 3)
    assert (before.at, before.known_at) == (END, END + WAIT)
    await detect(env)
    assert await count(env) == 3 * NEWEST
