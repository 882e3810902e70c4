"""Indicators TA-Lib lacks, or defines otherwise, against plain loops that follow the definition."""

from __future__ import annotations

from math import log, nan, sqrt
from statistics import fmean, stdev

import numpy as np
import pytest
from series import flat_bars, random_bars, with_times

from shared.market.indicators.registry import Ohlcv, compute_indicator
from shared.models import DAY

BARS = 600
SEEDS = (1, 2, 3)


def same(ours: np.ndarray, theirs: list[float], within: float = 1e-9) -> None:
    expected = np.array(theirs)
    assert np.array_equal(np.isnan(ours), np.isnan(expected))
    assert np.nanmax(np.abs(ours - expected)) <= within


def typical(bars: Ohlcv) -> list[float]:
    return [(h + lo + c) / 3 for h, lo, c in zip(bars.high, bars.low, bars.close, strict=True)]


@pytest.mark.parametrize("seed", SEEDS)
def test_supertrend(seed: int) -> None:
    bars = random_bars(BARS, seed=seed)
    atr = compute_indicator("atr", bars, period=10)["atr_10"]
    stops, trends = [nan] * BARS, [nan] * BARS
    upper = lower = nan
    trend = -1
    for t in range(10, BARS):
        centre = (bars.high[t] + bars.low[t]) / 2
        above, below = centre + 3 * atr[t], centre - 3 * atr[t]
        if t == 10 or above < upper or bars.close[t - 1] > upper:
            upper = above
        if t == 10 or below > lower or bars.close[t - 1] < lower:
            lower = below
        if trend < 0 and bars.close[t] > upper:
            trend = 1
        elif trend > 0 and bars.close[t] < lower:
            trend = -1
        stops[t], trends[t] = (lower if trend > 0 else upper), trend
    found = compute_indicator("supertrend", bars)
    same(found["supertrend_10"], stops, 0)
    same(found["supertrend_direction_10"], trends, 0)
    assert {1, -1} <= set(trends)


@pytest.mark.parametrize("seed", SEEDS)
def test_parabolic_stop_and_reverse(seed: int) -> None:
    bars = random_bars(BARS, seed=seed)
    high, low = bars.high, bars.low
    rise, stop, extreme, factor = True, min(low[:2]), max(high[:2]), 0.02
    stops, trends = [nan, nan], [nan, nan]
    for t in range(2, BARS):
        stop += factor * (extreme - stop)
        if rise:
            stop = min(stop, low[t - 1], low[t - 2])
            turned = low[t] <= stop
        else:
            stop = max(stop, high[t - 1], high[t - 2])
            turned = high[t] >= stop
        if turned:
            stop = max(extreme, high[t]) if rise else min(extreme, low[t])
            rise, factor = not rise, 0.02
            extreme = high[t] if rise else low[t]
        elif rise and high[t] > extreme:
            extreme, factor = high[t], min(0.2, factor + 0.02)
        elif not rise and low[t] < extreme:
            extreme, factor = low[t], min(0.2, factor + 0.02)
        stops.append(stop)
        trends.append(1 if rise else -1)
    found = compute_indicator("psar", bars)
    same(found["psar"], stops)
    same(found["psar_direction"], trends, 0)


def test_the_leading_cloud_is_the_one_known_a_base_period_ago() -> None:
    bars = random_bars(BARS, seed=4)
    found = compute_indicator("ichimoku", bars, conversion_period=3, base_period=7, span_period=15)

    def middle(t: int, period: int) -> float:
        return float((bars.high[t - period + 1 : t + 1].max() + bars.low[t - period + 1 : t + 1].min()) / 2)

    t = 100
    then = t - 7
    assert found["ichimoku_conversion_3_7_15"][t] == middle(t, 3)
    assert found["ichimoku_base_3_7_15"][t] == middle(t, 7)
    assert found["ichimoku_span_a_3_7_15"][t] == pytest.approx((middle(then, 3) + middle(then, 7)) / 2)
    assert found["ichimoku_span_b_3_7_15"][t] == middle(then, 15)


def test_volume_weighted_price_over_bars() -> None:
    bars = random_bars(BARS, seed=5)
    prices = typical(bars)
    expected = [nan] * 13
    for t in range(13, BARS):
        part = range(t - 13, t + 1)
        expected.append(sum(prices[i] * bars.volume[i] for i in part) / sum(bars.volume[i] for i in part))
    same(compute_indicator("vwap", bars)["vwap_14"], expected)


def test_volume_weighted_price_of_the_day_begins_at_midnight_utc() -> None:
    bars = random_bars(BARS, seed=6)
    # the first day is a part of one, hours are missing, and one day is a single bar
    kept = np.delete(np.arange(7, BARS), slice(30, 63))
    bars = Ohlcv(*(None if part is None else part[kept] for part in bars))
    assert bars.open_time is not None
    prices, expected = typical(bars), []
    for t, at in enumerate(bars.open_time):
        day = [i for i in range(t + 1) if bars.open_time[i] // DAY == at // DAY]
        expected.append(sum(prices[i] * bars.volume[i] for i in day) / sum(bars.volume[i] for i in day))
    same(compute_indicator("vwap_day", bars)["vwap_day"], expected)


def test_a_day_without_open_times_is_not_guessed() -> None:
    bars = random_bars(50)._replace(open_time=None)
    assert np.isnan(compute_indicator("vwap_day", bars)["vwap_day"]).all()


def test_price_volume_trend() -> None:
    bars = random_bars(BARS, seed=7)
    total, expected = 0.0, [0.0]
    for t in range(1, BARS):
        total += bars.volume[t] * (bars.close[t] - bars.close[t - 1]) / bars.close[t - 1]
        expected.append(total)
    same(compute_indicator("pvt", bars)["pvt"], expected)


def test_realised_volatilities() -> None:
    bars = random_bars(BARS, seed=8)
    closes, ranges, whole = [nan] * 20, [nan] * 19, [nan] * 19
    for t in range(19, BARS):
        part = range(t - 19, t + 1)
        squares = [log(bars.high[i] / bars.low[i]) ** 2 for i in part]
        bodies = [log(bars.close[i] / bars.open[i]) ** 2 for i in part]
        ranges.append(sqrt(fmean(squares) / (4 * log(2))))
        mixed = [s / 2 - (2 * log(2) - 1) * b for s, b in zip(squares, bodies, strict=True)]
        whole.append(sqrt(fmean(mixed)))
        if t >= 20:
            closes.append(stdev(log(bars.close[i] / bars.close[i - 1]) for i in part))
    same(compute_indicator("realized_volatility", bars)["realized_volatility_20"], closes, 1e-14)
    same(compute_indicator("parkinson", bars)["parkinson_20"], ranges, 1e-14)
    same(compute_indicator("garman_klass", bars)["garman_klass_20"], whole, 1e-14)


def hurst(closes: np.ndarray) -> float:
    """Half the slope of log mean squared differences on log lag, by least squares."""
    logs = [log(close) for close in closes]
    lags = (1, 2, 4, 8, 16)
    points = [
        (log(lag), log(fmean((b - a) ** 2 for a, b in zip(logs, logs[lag:], strict=False)))) for lag in lags
    ]
    mean_x, mean_y = (fmean(axis) for axis in zip(*points, strict=True))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return min(1.0, max(0.0, slope / 2))


def test_hurst_exponent() -> None:
    bars = random_bars(BARS, seed=9)
    expected = [nan] * 100 + [hurst(bars.close[t - 100 : t + 1]) for t in range(100, BARS)]
    same(compute_indicator("hurst", bars)["hurst_100"], expected)


def test_hurst_exponent_tells_a_trend_from_a_swing() -> None:
    chance = np.random.default_rng(10)
    noise = chance.normal(0, 0.01, BARS)
    trend = np.exp(np.cumsum(np.full(BARS, 0.01) + 0.1 * noise))
    swing = np.exp(0.01 * (np.arange(BARS) % 2) + 0.1 * noise)
    for closes, low, high in ((trend, 0.9, 1.0), (swing, 0.0, 0.1)):
        bars = with_times(closes, closes, closes, closes, closes, closes)
        values = compute_indicator("hurst", bars)["hurst_100"][100:]
        assert low <= values.min() <= values.max() <= high


def test_hurst_exponent_forgets_a_crash_that_left_its_window() -> None:
    """Sums that are carried keep a rounding of what was large; once a period they are taken anew."""
    calm = np.exp(1e-6 * np.cumsum(np.random.default_rng(11).normal(size=BARS)))
    crash = calm.copy()
    crash[:230] *= 3
    ours, clean = (
        compute_indicator("hurst", with_times(*[closes] * 6))["hurst_100"] for closes in (crash, calm)
    )
    apart = np.abs(ours - clean)
    assert apart[231:330].max() > 0.1
    assert apart[330:400].max() <= 1e-5
    assert apart[400:].max() <= 1e-12


# What an indicator says of bars that do not move at all.
STILL = {
    "stochastic": (50, 50),
    "williams_r": (-50,),
    "roc": (0,),
    "cci": (0,),
    "stochrsi": (0.5, 0.5),
    "mfi": (50,),
    "obv": (0,),
    "pvt": (0,),
    "vwap": (0.3,),
    "vwap_day": (0.3,),
    "donchian": (0.3, 0.3, 0.3),
    "keltner": (0.3, 0.3, 0.3),
    "supertrend": (0.3, -1),
    "ichimoku": (0.3, 0.3, 0.3, 0.3),
    "psar": (0.3, None),
    "aroon": (100, 100, 0),
    "realized_volatility": (0,),
    "parkinson": (0,),
    "garman_klass": (0,),
    "volatility_ratio": (1,),
    "drawdown": (0,),
    "hurst": (0.5,),
}


@pytest.mark.parametrize("volume", [0.0, 3.0])
@pytest.mark.parametrize("name", STILL)
def test_bars_that_do_not_move_have_defined_values(name: str, volume: float) -> None:
    found = compute_indicator(name, flat_bars(300, volume=volume))
    for values, expected in zip(found.values(), STILL[name], strict=True):
        if expected is not None:
            assert np.abs(values[150:] - expected).max() <= 1e-15
        assert not np.isnan(values[150:]).any()


def test_bars_that_stop_moving_read_as_if_they_never_had() -> None:
    """Windows that hold only equal bars are exact, whatever went before: no rounding is left over."""
    before, bars = random_bars(200, seed=12), 300
    parts = [np.concatenate((a, np.full(bars, 0.3))) for a in before[:4]]
    times = before.open_time
    assert times is not None
    later = times[-1] + 3_600_000 * np.arange(1, bars + 1)
    stopped = with_times(*parts, np.full(200 + bars, 2.0), np.concatenate((times, later)))
    for name in (
        "stochastic",
        "williams_r",
        "cci",
        "mfi",
        "vwap",
        "realized_volatility",
        "parkinson",
        "hurst",
    ):
        for values, expected in zip(compute_indicator(name, stopped).values(), STILL[name], strict=True):
            assert (values[-1] == expected) or abs(values[-1] - expected) < 1e-16, name
