"""Numbers of the charts, by hand and against other libraries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import talib
from chart_bars import ask, bars_of, bitcoin, closing, column

from shared.market.codec import Columns
from shared.market.day import day_of
from shared.market.statistics import correlation, histogram, moments, rolling_correlation
from shared.models import HOUR


def test_candles_come_with_averages_and_null_before_they_stand() -> None:
    bars = bars_of([(1, 3, 1, 2, 10), (2, 5, 2, 4, 20), (4, 6, 3, 6, 30)])
    answer = ask("candlestick", bars, averages="2,3")
    assert answer == {
        "columns": ["open_time", "open", "high", "low", "close", "volume", "ma_2", "ma_3"],
        "data": [
            [0, 1.0, 3.0, 1.0, 2.0, 10.0, None, None],
            [HOUR, 2.0, 5.0, 2.0, 4.0, 20.0, 3.0, None],
            [2 * HOUR, 4.0, 6.0, 3.0, 6.0, 30.0, 5.0, 4.0],
        ],
    }
    assert ask("candlestick", bars, averages="2,3", limit=1)["data"] == answer["data"][-1:]


def test_volume_shows_its_direction_mean_and_sum() -> None:
    bars = bars_of([(1, 2, 1, 2, 10), (2, 2, 1, 1, 30), (1, 1, 1, 1, 5)])
    answer = ask("volume", bars, period=2, limit=2)
    assert answer["data"] == [[HOUR, 30.0, -1.0, 20.0], [2 * HOUR, 5.0, 0.0, 17.5]]
    assert answer["total"] == 35.0


def test_indicator_charts_show_the_indicators(real: Path) -> None:
    bars = bitcoin(real)
    high, low, close = bars.ohlcv.high, bars.ohlcv.low, bars.ohlcv.close
    rsi = ask("rsi", bars, period=10, overbought=80)
    assert column(rsi, "rsi") == pytest.approx(talib.RSI(close, 10)[-200:].tolist(), abs=1e-9)
    assert (rsi["overbought"], rsi["oversold"]) == (80, 30)
    macd = ask("macd", bars, fast_period=5, slow_period=20, signal_period=4)
    expected = talib.MACD(close, 5, 20, 4)
    for name, values in zip(("macd", "signal", "histogram"), expected, strict=True):
        assert column(macd, name) == pytest.approx(values[-200:].tolist(), abs=1e-6)
    bands = ask("bollinger", bars, period=15, std_dev=1.5)
    for name, values in zip(("upper", "middle", "lower"), talib.BBANDS(close, 15, 1.5, 1.5), strict=True):
        assert column(bands, name) == pytest.approx(values[-200:].tolist(), abs=1e-6)
    atr = ask("atr", bars, period=7, limit=100)
    assert column(atr, "atr") == pytest.approx(talib.ATR(high, low, close, 7)[-100:].tolist(), abs=1e-6)
    assert column(atr, "atr_percent")[-1] == pytest.approx(100 * column(atr, "atr")[-1] / close[-1])


def test_correlation_is_over_the_bars_all_three_have() -> None:
    chance = np.random.default_rng(1)
    own, other = (np.exp(np.cumsum(chance.normal(0, 0.01, 60))) for _ in range(2))
    mirror = 1 / own
    kept = np.delete(np.arange(60), [10, 11, 40])
    gaps = closing(*other)
    gaps = type(gaps)(
        [gaps.open_time[n] for n in kept], type(gaps.ohlcv)(*(p[kept] for p in gaps.ohlcv if p is not None))
    )
    answer = ask("correlation", closing(*own), {"ETH": gaps, "SOL": closing(*mirror)}, window=20, limit=30)
    returns = [np.diff(np.log(series[kept])) for series in (own, other, mirror)]
    assert column(answer, "open_time") == [int(n) * HOUR for n in kept[-30:]]
    assert column(answer, "correlation1")[-1] == pytest.approx(
        np.corrcoef(returns[0][-20:], returns[1][-20:])[0, 1]
    )
    assert column(answer, "correlation2") == pytest.approx([-1.0] * 30)
    assert answer["compared"] == ["ETH", "SOL"]
    matrix = answer["matrix"]
    assert matrix["symbols"] == ["BTC", "ETH", "SOL"]
    expected = np.corrcoef([one[-30:] for one in returns])
    assert np.array(matrix["data"]) == pytest.approx(expected)


def test_correlation_with_what_does_not_move_is_unknown() -> None:
    answer = ask("correlation", closing(1, 2, 3, 2, 1, 2), {"USDT": closing(1, 1, 1, 1, 1, 1)}, window=3)
    assert column(answer, "correlation1") == [None] * 5
    assert answer["matrix"]["data"] == [[1.0, None], [None, 1.0]]


def test_prices_are_counted_by_range() -> None:
    answer = ask("price_distribution", closing(10, 11, 12, 20, 14), bins=2)
    assert answer["data"] == [[10.0, 15.0, 4, 0.8], [15.0, 20.0, 1, 0.2]]
    found = answer["statistics"]
    assert (found["n"], found["mean"], found["median"], found["min"], found["max"]) == (
        5,
        13.4,
        12.0,
        10.0,
        20.0,
    )
    assert found["sd"] == pytest.approx(3.974921)
    assert (found["last"], found["last_percentile"]) == (14.0, 80.0)


def test_returns_have_moments_and_percentiles() -> None:
    answer = ask("return_distribution", closing(100, 110, 99, 99, 108.9), bins=3)
    assert column(answer, "low") == pytest.approx([-10, -10 / 3, 10 / 3])
    assert column(answer, "high") == pytest.approx([-10 / 3, 10 / 3, 10])
    assert column(answer, "count") == [1, 1, 2]
    assert column(answer, "share") == [0.25, 0.25, 0.5]
    found = answer["statistics"]
    changes = [10, -10, 0, 10]
    assert found["n"] == 4
    assert found["mean"] == pytest.approx(2.5)
    assert found["sd"] == pytest.approx(np.std(changes, ddof=1))
    assert found["skew"] == pytest.approx(scipy.stats.skew(changes))
    assert found["kurtosis"] == pytest.approx(scipy.stats.kurtosis(changes))
    assert found["p50"] == pytest.approx(5)
    assert found["p5"] == pytest.approx(np.percentile(changes, 5))
    assert [found[f"p{n}"] for n in (25, 75, 95)] == pytest.approx(
        np.percentile(changes, (25, 75, 95)).tolist()
    )


def test_volume_is_spread_over_the_range_of_its_bar() -> None:
    # 0 to 10 in bins of 2.5: 40 over all of it, 12 in the second, 8 at the very top
    bars = bars_of([(0.1, 10.1, 0.1, 5, 40), (3, 5.1, 2.6, 3, 12), (10.1, 10.1, 10.1, 10.1, 8)])
    answer = ask("volume_profile", bars, bins=4, value_area=0.6)
    assert column(answer, "volume") == pytest.approx([10, 22, 10, 18])
    assert column(answer, "share") == pytest.approx([10 / 60, 22 / 60, 10 / 60, 18 / 60])
    assert answer["total"] == pytest.approx(60)
    assert answer["point_of_control"] == pytest.approx(3.85)
    # of two equal neighbours the lower one comes first: 22 + 10 = 32, then + 10 = 42 >= 36
    assert (answer["value_area_low"], answer["value_area_high"]) == pytest.approx((0.1, 7.6))
    assert answer["value_area_share"] == pytest.approx(0.7)


def test_the_profile_of_real_bars_holds_all_volume(real: Path) -> None:
    bars = bitcoin(real)
    answer = ask("volume_profile", bars)
    volume = bars.ohlcv.volume[-200:].sum()
    assert len(answer["data"]) == 20
    assert answer["total"] == pytest.approx(volume)
    assert sum(column(answer, "volume")) == pytest.approx(volume)
    assert 0.7 <= answer["value_area_share"] <= 1
    assert answer["value_area_low"] < answer["point_of_control"] < answer["value_area_high"]
    assert max(column(answer, "volume")) == next(
        volume for low, high, volume, _ in answer["data"] if low < answer["point_of_control"] < high
    )


def test_moments_are_those_of_scipy(real: Path) -> None:
    returns = np.diff(np.log(bitcoin(real).ohlcv.close))
    found = moments(returns)
    assert found.skew == pytest.approx(scipy.stats.skew(returns), rel=1e-12)
    assert found.kurtosis == pytest.approx(scipy.stats.kurtosis(returns), rel=1e-12)
    assert found.sd == pytest.approx(returns.std(ddof=1), rel=1e-12)


def test_what_does_not_vary_has_no_spread() -> None:
    same = np.full(7, 0.1)
    assert (moments(same).sd, moments(same).skew, moments(same).kurtosis) == (0, 0, 0)
    edges, counts = histogram(same, 5)
    assert (edges.tolist(), counts.tolist()) == ([0.1, 0.1], [7])
    assert correlation(same, np.arange(7.0)) is None
    assert np.isnan(rolling_correlation(same, np.arange(7.0), 3)).all()
    assert np.isnan(rolling_correlation(np.arange(2.0), np.arange(2.0), 3)).all()


def test_a_day_in_figures() -> None:
    bars = Columns([0, HOUR], [10.0, 12.0], [14.0, 13.0], [9.0, 11.0], [12.0, 11.0], [2.0, 3.0], [], [])
    day = day_of(bars)
    assert (day.bars, day.open, day.high, day.low, day.close) == (2, 10.0, 14.0, 9.0, 11.0)
    assert (day.change, day.change_percent) == (1.0, pytest.approx(10.0))
    assert (day.volume, day.turnover) == (5.0, pytest.approx(2 * 35 / 3 + 3 * 35 / 3))
    assert day.average == pytest.approx(35 / 3)
    still = Columns([0], [1.0], [1.0], [1.0], [1.0], [0.0], [], [])
    assert (day_of(still).average, day_of(still).change_percent) == (None, 0.0)
