"""The same store over HTTP, on a real sqld."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.models import DAY, MINUTE, Candle, Quote
from shared.platform import d1
from shared.store import assets, candles, quotes

ROOT = Path(__file__).resolve().parents[2]
T = 1_763_683_200_000
STEP = 5 * MINUTE


@pytest.fixture
async def remote(empty_sqld: str) -> AsyncIterator[d1.D1Database]:
    database = await d1.connect(empty_sqld)
    await d1.migrate(database, ROOT / "migrations")
    yield database
    await database.close()


async def test_assets_quotes_and_candles(remote: d1.D1Database) -> None:
    known = await assets.load(remote)
    assert known.resolve("btc-usd") == known.by_id(1)
    snapshot = [Quote(n, "coingecko", T - n, 1.1 * n, 1e6, None) for n in range(1, 131)]
    assert await quotes.add(remote, snapshot, T) == 130
    assert (await quotes.latest(remote))[3][0].price == 1.1 * 3
    bars = [Candle(1, "binance", STEP, T + n * STEP, 1.1, 2.3, 0.7, 1.9, 0.1 * n, n) for n in range(3000)]
    assert await candles.add(remote, bars, T + 11 * DAY) == 3000
    assert await candles.add(remote, bars[-20:], T + 11 * DAY) == 0
    assert await candles.compact(remote, T + 11 * DAY) > 2500
    assert await candles.read(remote, 1, STEP, T, T + 11 * DAY) == bars
    window = await candles.window(remote, STEP, T + DAY, T + DAY + STEP)
    assert window == [(T + DAY, 1, 1.1, 2.3, 0.7, 1.9, 0.1 * 288, T + 11 * DAY)]
