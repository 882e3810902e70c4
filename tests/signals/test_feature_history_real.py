"""The same on real candles: bitcoin and ethereum by the hour, 2024."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from features_support import another, computed, same_rows, store_candles

from shared.env import Env
from shared.models import HOUR
from shared.signals import feature_history
from shared.signals.bars import Bars, bars_of
from shared.signals.feature_history import span_of

SETTLED = 300  # bars before a stretch: nearly as good as the thousand of the product, in a test's time


@pytest.fixture(autouse=True)
def short_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_history, "HISTORY", SETTLED)


def real_bars(real: Path, count: int) -> Bars:
    """The first hours of 2024 of bitcoin and ethereum, as assets 1 and 2."""
    rows = []
    for asset, name in ((1, "BTC"), (2, "ETH")):
        file = real / "candles" / "binance_1h_2024" / f"{name}USDT.csv.gz"
        with gzip.open(file, "rt") as lines:
            for _, line in zip(range(count), csv.DictReader(lines), strict=False):
                opened = datetime.fromisoformat(line["open_time"]).replace(tzinfo=UTC)
                prices = (float(line[key]) for key in ("open", "high", "low", "close", "volume"))
                rows.append((asset, 1, round(opened.timestamp() * 1000), *prices))
    return bars_of(rows)


async def test_real_history_does_not_know_the_future(env: Env, tmp_path: Path, real: Path) -> None:
    bars = real_bars(real, 1000)
    first = int(bars.open_time[0])
    cut = first + 850 * HOUR
    await store_candles(env, bars)
    async with another(env, tmp_path) as other:
        await store_candles(other, bars.take(bars.open_time + HOUR <= cut))
        short = await computed(other.db, first + 500 * HOUR, cut + 1, [1, 2])
    whole = await computed(env.db, first + 500 * HOUR, first + 1000 * HOUR, [1, 2])
    same_rows(short, whole)
    known = ~np.isnan(short.values).all(axis=0)
    assert known.sum() > 100  # bars alone: no books, no news, no metrics


async def test_stretches_side_by_side_equal_one_after_the_other(
    env: Env, real: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one asset time is cut into stretches with a lead to settle in; among many it is not."""
    bars = real_bars(real, 900)
    first, end = int(bars.open_time[0]), int(bars.open_time[-1]) + HOUR
    await store_candles(env, bars)
    span = await span_of(env.db, HOUR, first, end, [2])
    assert span.parts == 16
    cut = await computed(env.db, first, end, [2])
    monkeypatch.setattr(feature_history, "LANES", 1)
    assert span.parts == 1
    long = await computed(env.db, first, end, [2])
    np.testing.assert_allclose(cut.values, long.values, rtol=1e-8, atol=1e-10)
