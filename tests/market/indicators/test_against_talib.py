"""Indicators equal TA-Lib on random bars, where both mean the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import talib
from series import random_bars

from shared.market.indicators.kernel import Floats
from shared.market.indicators.registry import Ohlcv, compute_indicator

MOST = 1e-9
BARS = 2000
Call = Callable[[Ohlcv], Any]


CASES: list[tuple[str, dict[str, float], str, float, Call]] = [
    ("stochastic", {}, "stochastic_k_14", 1, lambda b: talib.STOCHF(b.high, b.low, b.close, 14, 1, 0)[0]),
    ("stochastic", {}, "stochastic_d_14", 1, lambda b: talib.STOCHF(b.high, b.low, b.close, 14, 3, 0)[1]),
    (
        "stochastic",
        {"period": 10, "smooth_period": 4, "signal_period": 1},
        "stochastic_k_10_4_1",
        1,
        lambda b: talib.STOCH(b.high, b.low, b.close, 10, 4, 0, 1, 0)[0],
    ),
    (
        "stochastic",
        {"smooth_period": 3},
        "stochastic_d_14_3_3",
        1,
        lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3, 0)[1],
    ),
    ("williams_r", {}, "williams_r_14", 1, lambda b: talib.WILLR(b.high, b.low, b.close, 14)),
    ("roc", {}, "roc_12", 1, lambda b: talib.ROC(b.close, 12)),
    ("roc", {"period": 1}, "roc_1", 1, lambda b: talib.ROC(b.close, 1)),
    ("cci", {}, "cci_20", 1, lambda b: talib.CCI(b.high, b.low, b.close, 20)),
    ("stochrsi", {}, "stochrsi_k_14", 100, lambda b: talib.STOCHRSI(b.close, 14, 14, 1, 0)[0]),
    ("stochrsi", {}, "stochrsi_d_14", 100, lambda b: talib.STOCHRSI(b.close, 14, 14, 3, 0)[1]),
    (
        "stochrsi",
        {"period": 9, "range_period": 21, "signal_period": 5},
        "stochrsi_d_9_21_5",
        100,
        lambda b: talib.STOCHRSI(b.close, 9, 21, 5, 0)[1],
    ),
    ("mfi", {}, "mfi_14", 1, lambda b: talib.MFI(b.high, b.low, b.close, b.volume, 14)),
    ("volume_sma", {}, "volume_sma_20", 1, lambda b: talib.SMA(b.volume, 20)),
    ("donchian", {}, "donchian_upper_20", 1, lambda b: talib.MAX(b.high, 20)),
    ("donchian", {}, "donchian_lower_20", 1, lambda b: talib.MIN(b.low, 20)),
    ("donchian", {}, "donchian_middle_20", 1, lambda b: talib.MIDPRICE(b.high, b.low, 20)),
    ("ichimoku", {}, "ichimoku_conversion_9_26_52", 1, lambda b: talib.MIDPRICE(b.high, b.low, 9)),
    ("ichimoku", {}, "ichimoku_base_9_26_52", 1, lambda b: talib.MIDPRICE(b.high, b.low, 26)),
    (
        "ichimoku",
        {},
        "ichimoku_span_b_9_26_52",
        1,
        lambda b: np.concatenate((np.full(26, np.nan), talib.MIDPRICE(b.high, b.low, 52)[:-26])),
    ),
    ("aroon", {}, "aroon_up_25", 1, lambda b: talib.AROON(b.high, b.low, 25)[1]),
    ("aroon", {}, "aroon_down_25", 1, lambda b: talib.AROON(b.high, b.low, 25)[0]),
    ("aroon", {"period": 7}, "aroon_oscillator_7", 1, lambda b: talib.AROONOSC(b.high, b.low, 7)),
    ("volatility_ratio", {}, "volatility_ratio_14", 1, lambda b: true_range(b) / atr(b, 14)),
    ("drawdown", {}, "drawdown_100", 1, lambda b: b.close / talib.MAX(b.close, 100) - 1),
    ("keltner", {}, "keltner_upper_20", 1, lambda b: talib.EMA(b.close, 20) + 2 * atr(b, 10)),
    ("keltner", {}, "keltner_lower_20", 1, lambda b: talib.EMA(b.close, 20) - 2 * atr(b, 10)),
    (
        "realized_volatility",
        {},
        "realized_volatility_20",
        1,
        # TA-Lib divides by n and begins with the first of n values, which has no return
        lambda b: talib.STDDEV(np.log(b.close[1:] / b.close[:-1]), 20) * np.sqrt(20 / 19),
    ),
]


def true_range(bars: Ohlcv) -> Floats:
    return talib.TRANGE(bars.high, bars.low, bars.close)


def atr(bars: Ohlcv, period: int) -> Floats:
    return talib.ATR(bars.high, bars.low, bars.close, period)


def names(case: tuple[Any, ...]) -> str:
    return str(case[2])


@pytest.mark.parametrize("case", CASES, ids=names)
def test_values_and_warm_up_are_those_of_talib(case: tuple[str, dict[str, float], str, float, Call]) -> None:
    name, parameters, column, scale, theirs = case
    bars = random_bars(BARS, seed=7)
    ours = scale * compute_indicator(name, bars, **parameters)[column]
    expected = theirs(bars)
    ours = ours[len(ours) - len(expected) :]
    assert np.array_equal(np.isnan(ours), np.isnan(expected))
    assert np.nanmax(np.abs(ours - expected)) <= MOST


def test_on_balance_volume_is_lower_by_the_first_bars_volume() -> None:
    bars = random_bars(BARS, seed=8)
    ours = compute_indicator("obv", bars)["obv"]
    higher = talib.OBV(bars.close, bars.volume) - ours
    assert np.abs(higher - bars.volume[0]).max() <= MOST
    assert ours[0] == 0


def test_the_parabolic_stop_is_talibs_from_the_first_turn_both_make() -> None:
    for seed in range(20):
        bars = random_bars(BARS, seed=seed)
        apart = np.abs(compute_indicator("psar", bars)["psar"] - talib.SAR(bars.high, bars.low, 0.02, 0.2))
        assert (apart[100:] <= MOST).all()
