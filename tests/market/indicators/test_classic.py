"""Averages, strength, ranges, bands: equal TA-Lib, exact where it is not, defined where nothing moves."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np
import pytest
import talib
from series import flat_bars, random_bars

from shared.market.indicators.engine import Ohlcv, compute
from shared.market.indicators.kernel import Floats
from shared.market.indicators.registry import compute_indicator
from shared.market.indicators.seven import Seven

MOST = 1e-9
Call = Callable[[Ohlcv], Any]
CASES: list[tuple[str, dict[str, float], str, Call]] = [
    ("sma", {}, "sma_20", lambda b: talib.SMA(b.close, 20)),
    ("sma", {"period": 200}, "sma_200", lambda b: talib.SMA(b.close, 200)),
    ("ema", {}, "ema_20", lambda b: talib.EMA(b.close, 20)),
    ("ema", {"period": 2}, "ema_2", lambda b: talib.EMA(b.close, 2)),
    ("wma", {}, "wma_20", lambda b: talib.WMA(b.close, 20)),
    ("wma", {"period": 3}, "wma_3", lambda b: talib.WMA(b.close, 3)),
    ("dema", {}, "dema_20", lambda b: talib.DEMA(b.close, 20)),
    ("dema", {"period": 5}, "dema_5", lambda b: talib.DEMA(b.close, 5)),
    ("kama", {}, "kama_10", lambda b: talib.KAMA(b.close, 10)),
    ("kama", {"period": 30}, "kama_30", lambda b: talib.KAMA(b.close, 30)),
    ("rsi", {}, "rsi_14", lambda b: talib.RSI(b.close, 14)),
    ("rsi", {"period": 2}, "rsi_2", lambda b: talib.RSI(b.close, 2)),
    ("atr", {}, "atr_14", lambda b: talib.ATR(b.high, b.low, b.close, 14)),
    ("atr", {"period": 5}, "atr_5", lambda b: talib.ATR(b.high, b.low, b.close, 5)),
    ("adx", {}, "adx_14", lambda b: talib.ADX(b.high, b.low, b.close, 14)),
    ("adx", {}, "di_plus_14", lambda b: talib.PLUS_DI(b.high, b.low, b.close, 14)),
    ("adx", {}, "di_minus_14", lambda b: talib.MINUS_DI(b.high, b.low, b.close, 14)),
    ("adx", {"period": 5}, "adx_5", lambda b: talib.ADX(b.high, b.low, b.close, 5)),
    ("bollinger", {}, "bollinger_upper_20", lambda b: talib.BBANDS(b.close, 20, 2.0, 2.0)[0]),
    ("bollinger", {}, "bollinger_middle_20", lambda b: talib.BBANDS(b.close, 20, 2.0, 2.0)[1]),
    ("bollinger", {}, "bollinger_lower_20", lambda b: talib.BBANDS(b.close, 20, 2.0, 2.0)[2]),
    (
        "bollinger",
        {"period": 7, "deviations": 2.5},
        "bollinger_lower_7_2.5",
        lambda b: talib.BBANDS(b.close, 7, 2.5, 2.5)[2],
    ),
    (
        "zscore",
        {},
        "zscore_20",
        lambda b: (b.close - talib.SMA(b.close, 20)) / talib.STDDEV(b.close, 20),
    ),
]


def one_price(closes: Floats) -> Ohlcv:
    return Ohlcv(closes, closes, closes, closes, np.ones_like(closes))


def coarse(bars: Ohlcv) -> Ohlcv:
    """The same in whole dollars: many bars do not move, many moves are equal."""
    return Ohlcv(*(np.round(part) for part in bars[:4]), bars.volume)


@pytest.mark.parametrize("make", [random_bars, lambda n, seed: coarse(random_bars(n, seed=seed))])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[2])
def test_values_and_warm_up_are_those_of_talib(
    case: tuple[str, dict[str, float], str, Call], make: Callable[..., Ohlcv]
) -> None:
    name, parameters, column, theirs = case
    bars = make(2000, seed=21)
    ours, expected = compute_indicator(name, bars, **parameters)[column], theirs(bars)
    assert np.array_equal(np.isnan(ours), np.isnan(expected))
    assert np.nanmax(np.abs(ours - expected) / np.maximum(1.0, np.abs(expected))) <= MOST


def bitcoin(bars: int) -> Ohlcv:
    """A walk from 60,000 by ten dollars a bar, which wanders far off in 100,000 bars."""
    chance = np.random.default_rng(22)
    closes = np.round(60_000 * np.exp(np.cumsum(chance.normal(0, 10 / 60_000, bars))), 2)
    spread = np.abs(chance.normal(0, 5, (2, bars)))
    return Ohlcv(closes, closes + spread[0], closes - spread[1], closes, spread[0])


def test_nothing_drifts_over_100000_bars() -> None:
    bars = bitcoin(100_000)
    found = compute(Seven, bars)
    closes = bars.close
    macd = zip(("macd", "macd_signal", "macd_histogram"), talib.MACD(closes, 12, 26, 9), strict=True)
    theirs = {f"{name}_12_26_9": (values, closes) for name, values in macd}  # to the price: it crosses 0
    theirs |= {column: (values := call(bars), values) for _, _, column, call in CASES if column in found}
    theirs["zscore_20"] = (theirs["zscore_20"][0], np.ones_like(closes))  # so does the score
    assert theirs.keys() == found.keys()
    for column, (expected, scale) in theirs.items():
        assert np.nanmax((np.abs(found[column] - expected) / np.abs(scale))[200:]) <= MOST, column


@pytest.mark.parametrize(("level", "step"), [(60_000.0, 10.0), (60_000.0, 1e-6), (1e-8, 1e-12), (1e9, 1e9)])
def test_no_digits_cancel_away_from_a_deviation(level: float, step: float) -> None:
    """Against exact fractions, at prices where TA-Lib's E[x²] - E[x]² has no digit left."""
    chance = np.random.default_rng(23)
    closes = level + step * np.abs(np.cumsum(chance.normal(0, 1, 300)))
    found = compute_indicator("bollinger", one_price(closes))
    score = compute_indicator("zscore", one_price(closes))["zscore_20"]
    for t in range(19, 300, 7):
        window = [Fraction(value) for value in closes[t - 19 : t + 1].tolist()]
        mean = sum(window) / 20
        deviation = sqrt(sum((value - mean) ** 2 for value in window) / 20)
        assert score[t] == pytest.approx(float(window[-1] - mean) / deviation, rel=1e-12, abs=1e-12)
        assert found["bollinger_middle_20"][t] == pytest.approx(float(mean), rel=1e-15)
        place = 0.5 + score[t] / 4
        assert found["bollinger_percent_b_20"][t] == pytest.approx(place, rel=1e-12, abs=1e-14)
        assert found["bollinger_width_20"][t] == pytest.approx(
            4 * deviation / float(mean), rel=1e-6, abs=1e-15
        )


def ema(values: list[float], period: int) -> list[float]:
    """By the definition, in plain Python: NaN, then the mean of the first n, then the recurrence."""
    known = [sum(values[:period]) / period]
    for value in values[period:]:
        known.append(known[-1] + 2 / (period + 1) * (value - known[-1]))
    return [float("nan")] * (period - 1) + known


def test_macd_by_its_definition() -> None:
    bars = random_bars(120, seed=24)
    closes = bars.close.tolist()
    found = compute_indicator("macd", bars, fast_period=3, slow_period=7, signal_period=4)
    line = [fast - slow for fast, slow in zip(ema(closes, 3), ema(closes, 7), strict=True)]
    signal = [float("nan")] * 6 + ema(line[6:], 4)
    histogram = [a - b for a, b in zip(line, signal, strict=True)]
    for column, expected in (("macd", line), ("macd_signal", signal), ("macd_histogram", histogram)):
        np.testing.assert_allclose(found[f"{column}_3_7_4"], expected, rtol=1e-12, atol=1e-12)


def test_macd_differs_from_talib_only_in_its_start() -> None:
    bars = random_bars(2000, seed=25)
    found = list(compute_indicator("macd", bars).values())
    theirs = talib.MACD(bars.close, 12, 26, 9)
    for ours, expected in zip(found, theirs, strict=True):
        assert np.abs(ours - expected)[33] > 1e-6
        assert np.max(np.abs(ours - expected)[33 + 150 :] / bars.close[33 + 150 :]) <= MOST


def test_a_series_that_never_moved() -> None:
    bars = flat_bars(80)
    expected = {
        ("rsi", "rsi_14"): 50.0,  # TA-Lib says 0
        ("macd", "macd_12_26_9"): 0.0,
        ("macd", "macd_signal_12_26_9"): 0.0,
        ("macd", "macd_histogram_12_26_9"): 0.0,
        ("atr", "atr_14"): 0.0,
        ("adx", "adx_14"): 0.0,
        ("adx", "di_plus_14"): 0.0,
        ("adx", "di_minus_14"): 0.0,
        ("bollinger", "bollinger_upper_20"): 0.3,
        ("bollinger", "bollinger_lower_20"): 0.3,
        ("bollinger", "bollinger_width_20"): 0.0,
        ("bollinger", "bollinger_percent_b_20"): 0.5,
        ("zscore", "zscore_20"): 0.0,
        ("kama", "kama_10"): 0.3,
    }
    assert talib.RSI(bars.close, 14)[-1] == 0.0
    for (name, column), value in expected.items():
        assert (compute_indicator(name, bars)[column][40:] == value).all(), column


def test_a_window_that_stopped_moving_has_no_deviation_left() -> None:
    closes = np.concatenate((random_bars(200, seed=26).close * 1000, np.full(50, 0.1)))
    still = slice(200 + 19, None)
    assert (compute_indicator("zscore", one_price(closes))["zscore_20"][still] == 0.0).all()
    found = compute_indicator("bollinger", one_price(closes))
    assert (found["bollinger_width_20"][still] == 0.0).all()
    assert (found["bollinger_middle_20"][still] == 0.1).all()


def test_only_rises_and_only_falls() -> None:
    rising = np.arange(1.0, 60.0)
    assert (compute_indicator("rsi", one_price(rising))["rsi_14"][14:] == 100.0).all()
    assert (compute_indicator("rsi", one_price(rising[::-1].copy()))["rsi_14"][14:] == 0.0).all()
    assert np.allclose(compute_indicator("adx", one_price(rising))["adx_14"][27:], 100.0, rtol=1e-14)
