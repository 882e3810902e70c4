"""Indicators, a day in figures and charts over HTTP."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import talib

from functions.api.reads.all import Paths
from functions.api.reads.charts import READS as CHARTS
from shared.market.indicators import engine, registry
from shared.market.indicators.registry import INDICATORS
from shared.models import DAY, HOUR, MINUTE, Candle, OrderBook
from shared.store import assets, books, candles

World = Any
BTC, ETH, USDT = 1, 2, 3


def price(n: int) -> float:
    """A price that moves without repeating itself."""
    return 100.0 + (n * 7919 % 101) / 10 + n / 50


def bar(asset: int, step: int, at: int, n: int) -> Candle:
    opened, closed = price(n - 1), price(n)
    high, low = max(opened, closed) + 1, min(opened, closed) - 1
    return Candle(asset, "binance", step, at, opened, high, low, closed, 10.0 + n % 5)


async def fill(world: World, count: int, step: int = HOUR, asset: int = BTC) -> list[Candle]:
    """Store so many bars, the last one closed now."""
    end = world.env.now() // step * step
    rows = [bar(asset, step, end - (count - n) * step, n * asset) for n in range(count)]
    await candles.add(world.env.db, rows, world.env.now())
    return rows


async def get(world: World, path: str) -> Any:
    answer = await world.readonly.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(world: World, path: str) -> tuple[int, str, str]:
    answer = await world.readonly.get(path)
    body = answer.json()
    return answer.status_code, body["code"], body["detail"]


async def test_the_usual_indicators_come_with_their_newest_values(world: World) -> None:
    rows = await fill(world, 900)
    body = await get(world, "/api/v1/technical/BTC")
    assert (body["symbol"], body["timeframe"], body["source"]) == ("BTC", "1h", "binance")
    assert (body["open_time"], body["at"]) == (rows[-1].open_time, rows[-1].open_time + HOUR)
    assert body["close"] == rows[-1].close
    assert "series" not in body
    values = {column: value for one in body["data"] for column, value in one["values"].items()}
    close, high, low = (np.array([getattr(row, name) for row in rows]) for name in ("close", "high", "low"))
    expected = {
        "sma_20": talib.SMA(close, 20),
        "sma_50": talib.SMA(close, 50),
        "sma_200": talib.SMA(close, 200),
        "ema_12": talib.EMA(close, 12),
        "ema_26": talib.EMA(close, 26),
        "macd_12_26_9": talib.MACD(close)[0],
        "rsi_14": talib.RSI(close, 14),
        "stochastic_k_14": talib.STOCHF(high, low, close, 14, 3)[0],
        "williams_r_14": talib.WILLR(high, low, close, 14),
        "roc_12": talib.ROC(close, 12),
        "bollinger_upper_20": talib.BBANDS(close, 20)[0],
        "atr_14": talib.ATR(high, low, close, 14),
    }
    for column, series in expected.items():
        assert values[column] == pytest.approx(series[-1], abs=1e-8), column
    assert {"bollinger_width_20", "volatility_ratio_14", "vwap_14", "volume_sma_20", "pvt", "obv"} <= set(
        values
    )
    assert None not in values.values()


async def test_rows_come_on_request_and_the_first_is_as_right_as_the_last(world: World) -> None:
    rows = await fill(world, 900)
    body = await get(world, "/api/v1/technical/bitcoin?indicators=rsi,macd&limit=3")
    assert body["series"]["columns"] == [
        "open_time",
        "close",
        "rsi_14",
        "macd_12_26_9",
        "macd_signal_12_26_9",
        "macd_histogram_12_26_9",
    ]
    rsi = talib.RSI(np.array([row.close for row in rows]), 14)
    assert [row[0] for row in body["series"]["data"]] == [row.open_time for row in rows[-3:]]
    assert [row[2] for row in body["series"]["data"]] == pytest.approx(rsi[-3:].tolist(), abs=1e-9)
    assert [row[2] for row in body["series"]["data"]][-1] == body["data"][0]["values"]["rsi_14"]


async def test_warm_up_is_null_and_its_length_is_stated(world: World) -> None:
    await fill(world, 16)
    body = await get(world, "/api/v1/technical/BTC?indicators=rsi,sma&limit=4")
    rsi, *means = body["data"]
    assert (rsi["name"], rsi["parameters"], rsi["warm_up"]) == ("rsi", {"period": 14}, 14)
    assert rsi["values"]["rsi_14"] is not None
    assert [(one["warm_up"], *one["values"].values()) for one in means] == [
        (19, None),
        (49, None),
        (199, None),
    ]
    assert [row[2] is None for row in body["series"]["data"]] == [True, True, False, False]


async def test_periods_apply_to_indicators_that_have_one(world: World) -> None:
    await fill(world, 300)
    body = await get(world, "/api/v1/technical/BTC?indicators=rsi,macd,ema&periods=7,21")
    assert [next(iter(one["values"])) for one in body["data"]] == [
        "rsi_7",
        "rsi_21",
        "macd_12_26_9",
        "ema_7",
        "ema_21",
    ]


async def test_all_indicators_at_once(world: World) -> None:
    rows = await fill(world, 120)
    body = await get(world, "/api/v1/technical/BTC?indicators=all&limit=1")
    assert {one["name"] for one in body["data"]} == set(INDICATORS)
    begun = {one["name"] for one in body["data"] if "begun" in one}
    assert begun >= {"obv", "pvt", "psar", "supertrend"}
    assert all(one["begun"] == rows[0].open_time for one in body["data"] if "begun" in one)


async def test_indicators_as_they_were_known_then(world: World, clock: Any) -> None:
    rows = await fill(world, 60)
    then = clock()
    clock.advance(3 * HOUR)
    later = [bar(BTC, HOUR, rows[-1].open_time + n * HOUR, 60 + n) for n in (1, 2, 3)]
    await candles.add(world.env.db, later, clock())
    now = await get(world, "/api/v1/technical/BTC?indicators=roc")
    past = await get(world, f"/api/v1/technical/BTC?indicators=roc&as_of={then}")
    assert (now["open_time"], past["open_time"]) == (later[-1].open_time, rows[-1].open_time)
    assert past["data"][0]["values"]["roc_12"] == pytest.approx(100 * (rows[-1].close / rows[-13].close - 1))


@pytest.mark.parametrize("path", ["/api/v1/technical/BTC/indicators", "/api/indicators/BTC"])
async def test_other_paths_have_the_same_answer(world: World, path: str) -> None:
    await fill(world, 60)
    assert await get(world, path) == await get(world, "/api/v1/technical/BTC")


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        ("indicators=rsi,mcad", "VALIDATION_ERROR", "indicators: there is no 'mcad'; there are adx, aroon"),
        (
            "indicator=rsi",
            "VALIDATION_ERROR",
            "indicator: no such parameter; there are indicators, timeframe",
        ),
        ("periods=1", "VALIDATION_ERROR", "periods: '1' is not at most 5 whole numbers from 2 to 500"),
        ("periods=2,3,4,5,6,7", "VALIDATION_ERROR", "periods: "),
        ("periods=7.5", "VALIDATION_ERROR", "periods: "),
        ("periods=" + "9" * 5000, "VALIDATION_ERROR", "periods: "),
        (
            "indicators=sma,ema,wma,dema,rsi,atr,cci,roc,adx&periods=21,22,23,24,25",
            "VALIDATION_ERROR",
            "periods: 45 indicators with their periods, at most 40",
        ),
        ("timeframe=4h", "INVALID_TIMEFRAME", "timeframe: '4h' is not one of 1m, 5m, 1h, 1d"),
        ("limit=0", "VALIDATION_ERROR", "limit: "),
        ("as_of=4000000000000", "VALIDATION_ERROR", "as_of: "),
    ],
)
async def test_a_wrong_question_is_told_so(world: World, query: str, code: str, text: str) -> None:
    status, found, detail = await refused(world, f"/api/v1/technical/BTC?{query}")
    assert (status, found) == (400, code)
    assert detail.startswith(text)


async def test_an_asset_without_such_candles_is_told_what_there_is(world: World) -> None:
    await fill(world, 30)
    for path in ("/api/v1/technical/BTC?timeframe=1d", "/api/analytics/data/rsi/BTC?interval=1d"):
        status, code, detail = await refused(world, path)
        assert (status, code) == (404, "DATA_NOT_AVAILABLE")
        assert detail == "there are no 1d candles of BTC; there are of 1h"
    assert (await refused(world, "/api/v1/technical/ETH"))[2] == "there are no 1h candles of ETH"
    assert (await refused(world, "/api/v1/technical/ETHR"))[1] == "INVALID_SYMBOL"
    then = world.env.now() - DAY
    status, _, detail = await refused(world, f"/api/v1/technical/BTC?as_of={then}")
    assert (status, detail) == (404, "there are no 1h candles of BTC that were known then")


async def test_a_day_is_counted_from_the_shortest_bars_that_are_up_to_date(world: World) -> None:
    await fill(world, 30)
    rows = await fill(world, 300, 5 * MINUTE)
    body = (await get(world, "/api/v1/market-data/BTC/statistics"))["data"]
    last = rows[-288:]
    end = rows[-1].open_time + 5 * MINUTE
    assert (body["interval"], body["bars"], body["bars_expected"]) == ("5m", 288, 288)
    assert (body["at"], body["from"]) == (end, end - DAY)
    assert (body["open"], body["close"]) == (last[0].open, last[-1].close)
    assert body["change"] == pytest.approx(last[-1].close - last[0].open)
    assert body["change_percent"] == pytest.approx(100 * (last[-1].close / last[0].open - 1))
    assert (body["high"], body["low"]) == (max(r.high for r in last), min(r.low for r in last))
    assert body["volume"] == pytest.approx(sum(row.volume for row in last))
    assert (await get(world, "/api/stats/BTC"))["data"] == body


async def test_a_day_from_hours_where_shorter_bars_ended_long_ago(world: World, clock: Any) -> None:
    await fill(world, 12, 5 * MINUTE)
    clock.advance(3 * DAY)
    rows = await fill(world, 10)
    body = (await get(world, "/api/stats/BTC"))["data"]
    assert (body["interval"], body["bars"], body["bars_expected"]) == ("1h", 10, 24)
    assert body["at"] == rows[-1].open_time + HOUR
    assert (await refused(world, "/api/stats/ETH"))[:2] == (404, "DATA_NOT_AVAILABLE")


async def test_the_providers_describe_themselves(world: World) -> None:
    found = {one["name"]: one for one in (await get(world, "/api/analytics/providers"))["data"]}
    assert len(found) >= 11
    period = found["rsi"]["parameters"]["period"]
    assert (period["type"], period["default"], period["minimum"]) == ("integer", 14, 2)
    assert found["orderbook"]["refresh_seconds"] == 10


@pytest.mark.parametrize(
    "path",
    [
        "candlestick/BTCUSDT?limit=50&interval=1h",
        "volume/BTC",
        "rsi/BTCUSDT?period=14&limit=50",
        "macd/BTCUSDT?fast_period=12&slow_period=26&signal_period=9&limit=50",
        "bollinger/BTC",
        "atr/bitcoin",
        "correlation/BTC",
        "price_distribution/BTC",
        "return_distribution/BTC",
        "volume_profile/BTC",
    ],
)
async def test_a_chart_has_its_data_and_says_what_it_is(world: World, path: str) -> None:
    for asset in (BTC, ETH):
        await fill(world, 300, asset=asset)
    body = await get(world, f"/api/analytics/data/{path}")
    assert body["provider"] == path.partition("/")[0]
    assert (body["symbol"], body["interval"], body["source"]) == ("BTC", "1h", "binance")
    assert body["refresh_seconds"] in (15, 30)
    assert body["parameters"]["limit"] == (50 if "limit" in path else 200)
    bins = {"price_distribution": 30, "return_distribution": 30, "volume_profile": 20}
    assert len(body["data"]) == bins.get(body["provider"], body["parameters"]["limit"])
    assert all(len(row) == len(body["columns"]) for row in body["data"])


async def test_an_asset_is_compared_with_the_largest_others(world: World) -> None:
    for asset in (BTC, ETH, USDT):
        await fill(world, 100, asset=asset)
    path = "/api/analytics/data/correlation"
    known = await assets.load(world.env.db)
    third = known.by_id(USDT).symbol
    assert (await get(world, f"{path}/{third}"))["compared"] == ["BTC", "ETH"]
    bitcoin = await get(world, f"{path}/BTC")
    assert bitcoin["compared"] == ["ETH", third]
    assert bitcoin["parameters"]["compare_symbol2"] == third
    named = await get(world, f"{path}/BTC?compare_symbol1={third}")
    assert named["compared"] == [third, "ETH"]
    assert (await refused(world, f"{path}/BTC?compare_symbol1=bitcoin"))[:2] == (400, "VALIDATION_ERROR")
    assert (await refused(world, f"{path}/BTC?compare_symbol1=nobody"))[:2] == (404, "INVALID_SYMBOL")


async def test_an_order_book_is_served_as_it_was_known(world: World) -> None:
    assert (await refused(world, "/api/analytics/data/orderbook/BTC"))[:2] == (404, "DATA_NOT_AVAILABLE")
    now = world.env.now()
    ids = await assets.source_ids(world.env.db, {"binance"})
    for at, bid in ((now - HOUR, 99.0), (now, 98.0)):
        book = OrderBook(BTC, "binance", at, ((bid, 2.0),), ((101.0, 1.0),))
        await world.env.db.batch(books.add_statements(world.env.db, [book], ids, at))
    newest = await get(world, "/api/analytics/data/orderbook/BTC?limit=20")
    assert (newest["bids"]["data"], newest["at"], newest["refresh_seconds"]) == ([[98.0, 2.0, 2.0]], now, 10)
    past = await get(world, f"/api/analytics/data/orderbook/BTC?as_of={now - MINUTE}")
    assert past["bids"]["data"] == [[99.0, 2.0, 2.0]]


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("candles/BTC", 404, "there is no provider 'candles': there are atr, bollinger, candlestick"),
        ("rsi/BTC?perod=7", 400, "perod: no such parameter; there are limit, interval, period"),
        ("rsi/BTC?period=0", 400, "period: '0' is not a whole number from 2 to 500"),
        ("rsi/BTC?interval=2h", 400, "interval: '2h' is not one of 1m, 5m, 1h, 1d"),
        ("orderbook/BTC?interval=1h", 400, "interval: no such parameter; there are limit, source"),
    ],
)
async def test_a_wrong_chart_is_told_which_there_are(world: World, path: str, status: int, text: str) -> None:
    found, code, detail = await refused(world, f"/api/analytics/data/{path}")
    assert found == status
    assert (code == "INVALID_TIMEFRAME") == ("2h" in path)
    assert detail.startswith(text)


def test_a_path_may_end_in_two_parameters() -> None:
    paths = Paths(CHARTS)
    found = paths.find("/api/analytics/data/rsi/BTC")
    assert found is not None
    assert found[1] == {"provider": "rsi", "symbol": "BTC"}
    for path in (
        "/api/analytics/data/rsi",
        "/api/analytics/data/rsi/",
        "/api/analytics/data//BTC",
        "/api/x/rsi/BTC",
    ):
        assert paths.find(path) is None


@pytest.mark.parametrize("path", ["/api/v1/technical/BTC", "/api/analytics/data/rsi/BTC"])
async def test_numbers_are_worked_out_beside_the_event_loop(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    await fill(world, 60)
    threads = set()
    compute = engine.compute

    def noted(*args: Any, **more: Any) -> Any:
        threads.add(threading.current_thread())
        return compute(*args, **more)

    monkeypatch.setattr(registry, "compute", noted)
    await get(world, path)
    assert threads
    assert threading.main_thread() not in threads
