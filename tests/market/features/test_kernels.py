"""The features of bars against their definitions in plain Python; the same bits for any lanes and cuts."""

from __future__ import annotations

import statistics
from itertools import pairwise
from math import log, log1p, sqrt
from typing import Any

import numpy as np
import pytest

from shared.market.features.kernels import MAKERS, BarFeatures
from shared.market.indicators.engine import Engine
from shared.market.indicators.kernel import FIELDS
from shared.models import HOUR

ENGINE = Engine(MAKERS)


def fields(n: int = 150, lanes: int = 5, seed: int = 0) -> np.ndarray:
    """What kernels read (F, n, L): walks with bodies, wicks, volumes (a tenth without), other markets."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (n, lanes)), axis=0))
    opened = np.vstack((close[:1], close[:-1])) * np.exp(rng.normal(0, 0.001, (n, lanes)))
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0, 0.003, (n, lanes))))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0, 0.003, (n, lanes))))
    volume = np.exp(rng.normal(3, 1, (n, lanes))) * (rng.random((n, lanes)) > 0.1)
    markets = [
        np.repeat(50 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))[:, None], lanes, axis=1) for _ in range(3)
    ]
    times = np.repeat((np.arange(n) * float(HOUR))[:, None], lanes, axis=1)
    return np.stack((opened, high, low, close, volume, *markets, times))


def columns(table: np.ndarray, names: tuple[str, ...] = ENGINE.names) -> dict[str, np.ndarray]:
    return dict(zip(names, table, strict=True))


@pytest.fixture(scope="module")
def bar() -> tuple[dict[str, list[float]], dict[str, float]]:
    """The last 97 bars of a lane by field, and what the kernels say of the last."""
    given = fields()
    table = columns(ENGINE.advance(ENGINE.empty(5), given))
    lane = 3
    history = {name: given[i, -97:, lane].tolist() for i, name in enumerate(FIELDS)}
    return history, {name: float(column[-1, lane]) for name, column in table.items()}


def returns(series: list[float]) -> list[float]:
    return [log(b / a) for a, b in pairwise(series)]


def slope_and_fit(values: list[float]) -> tuple[float, float]:
    line = statistics.linear_regression(range(len(values)), values)
    fit = statistics.correlation(list(range(len(values))), values) ** 2
    return line.slope * len(values), fit


def test_price(bar: Any) -> None:
    b, found = bar
    close, opened, high, low = b["close"], b["open"], b["high"], b["low"]
    expected = {f"return_{n}": log(close[-1] / close[-1 - n]) for n in (1, 3, 6, 12, 24, 48, 96)}
    expected |= {
        "acceleration_12": log(close[-1] / close[-13]) - log(close[-13] / close[-25]),
        "bar_body": log(close[-1] / opened[-1]),
        "bar_range": log(high[-1] / low[-1]),
        "upper_wick": (high[-1] - max(opened[-1], close[-1])) / (high[-1] - low[-1]),
        "lower_wick": (min(opened[-1], close[-1]) - low[-1]) / (high[-1] - low[-1]),
        "close_position": (close[-1] - low[-1]) / (high[-1] - low[-1]),
        "gap": log(opened[-1] / close[-2]),
        "range_position_24": (close[-1] - min(low[-24:])) / (max(high[-24:]) - min(low[-24:])),
        "range_position_96": (close[-1] - min(low[-96:])) / (max(high[-96:]) - min(low[-96:])),
        "high_distance_96": log(close[-1] / max(high[-96:])),
        "low_distance_96": log(close[-1] / min(low[-96:])),
        "up_share_24": sum(move > 0 for move in returns(close)[-24:]) / 24,
        "up_share_96": sum(move > 0 for move in returns(close)) / 96,
    }
    agree(found, expected)


def test_volume(bar: Any) -> None:
    b, found = bar
    moves = returns(b["close"])
    dollars = [c * v for c, v in zip(b["close"], b["volume"], strict=True)]
    sizes = [log1p(x) for x in dollars]
    day, sign = b["volume"][-24:], [(move > 0) - (move < 0) for move in moves[-24:]]
    agree(
        found,
        {
            "dollar_volume": sizes[-1],
            "volume_z_96": (sizes[-1] - statistics.mean(sizes[:-1])) / statistics.stdev(sizes[:-1]),
            "volume_surge_24": sizes[-1] - statistics.mean(sizes[-25:-1]),
            "volume_trend_12_96": statistics.mean(sizes[-12:]) - statistics.mean(sizes[-96:]),
            "volume_volatility_96": statistics.stdev(sizes[:-1]),
            "signed_volume_24": sum(s * v for s, v in zip(sign, day, strict=True)) / sum(day),
            "idle_share_96": sum(v == 0 for v in b["volume"][-96:]) / 96,
            "illiquidity_24": log(sum(abs(move) for move in moves[-24:]) / sum(dollars[-24:])),
            "volume_move_correlation_96": statistics.correlation([abs(m) for m in moves], sizes[1:]),
        },
    )


def test_volatility_and_moments(bar: Any) -> None:
    b, found = bar
    moves = returns(b["close"])
    mean, spread = statistics.mean(moves), statistics.stdev(moves)
    away = [move - mean for move in moves]
    moment = [statistics.mean(x**n for x in away) for n in range(5)]
    day = statistics.stdev(moves[-24:])
    ratio = log(day / spread)
    agree(
        found,
        {
            "volatility_24": day,
            "volatility_96": spread,
            "volatility_ratio_24_96": ratio,
            "volatility_regime": (ratio > log(1.5)) - (ratio < -log(1.5)),
            "downside_share_96": sum(m * m for m in moves if m < 0) / sum(m * m for m in moves),
            "skew_96": moment[3] / moment[2] ** 1.5,
            "kurtosis_96": moment[4] / moment[2] ** 2 - 3,
            "autocorrelation_96": sum(a * b for a, b in pairwise(away)) / sum(a * a for a in away),
            "largest_move_96": max(abs(a) for a in away) / spread,
        },
    )


def test_trend_and_momentum(bar: Any) -> None:
    b, found = bar
    logs, moves = [log(x) for x in b["close"]], returns(b["close"])
    spread = statistics.stdev(moves)
    (day, day_fit), (whole, fit) = slope_and_fit(logs[-24:]), slope_and_fit(logs[-96:])
    agree(
        found,
        {
            "slope_24": day,
            "fit_24": day_fit,
            "slope_96": whole,
            "fit_96": fit,
            "trend_regime": ((whole > 0) - (whole < 0)) * (fit >= 0.5),
            "efficiency_24": abs(logs[-1] - logs[-25]) / sum(abs(move) for move in moves[-24:]),
            "close_z_96": (logs[-1] - statistics.mean(logs[-96:])) / statistics.stdev(logs[-96:]),
            "momentum_24": (logs[-1] - logs[-25]) / (spread * sqrt(24)),
            "momentum_96": (logs[-1] - logs[-97]) / (spread * sqrt(96)),
        },
    )


def test_ties_to_other_markets(bar: Any) -> None:
    b, found = bar
    own, other = returns(b["close"]), returns(b["btc"])
    beta = statistics.covariance(own, other) / statistics.variance(other)
    logs = [log(x) for x in b["btc"]]
    rise, fit = slope_and_fit(logs[-96:])
    ratio = log(statistics.stdev(other[-24:]) / statistics.stdev(other))
    mean, ahead = statistics.mean(own), statistics.mean(other)
    lead = sum((a - mean) * (x - ahead) for a, x in zip(own[1:], other[:-1], strict=True))
    agree(
        found,
        {
            "beta_btc_96": beta,
            "correlation_btc_96": statistics.correlation(own, other),
            "lead_btc_96": lead / (95 * statistics.stdev(own) * statistics.stdev(other)),
            "residual_btc_1": own[-1] - beta * other[-1],
            "relative_btc_24": sum(own[-24:]) - sum(other[-24:]),
            "relative_btc_96": sum(own) - sum(other),
            "btc_return_24": sum(other[-24:]),
            "btc_volatility_24": statistics.stdev(other[-24:]),
            "btc_trend_regime": ((rise > 0) - (rise < 0)) * (fit >= 0.5),
            "btc_volatility_regime": (ratio > log(1.5)) - (ratio < -log(1.5)),
            "beta_spx_96": statistics.covariance(own, returns(b["spx"]))
            / statistics.variance(returns(b["spx"])),
            "correlation_dxy_96": statistics.correlation(own, returns(b["dxy"])),
        },
    )


def agree(found: dict[str, float], expected: dict[str, float]) -> None:
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_bits_for_one_lane_or_many_and_for_any_cut(seed: int) -> None:
    given = fields(140, 6, seed)
    whole = ENGINE.advance(ENGINE.empty(6), given)
    alone = ENGINE.advance(ENGINE.empty(1), given[:, :, 2:3].copy())
    np.testing.assert_array_equal(alone[:, :, 0], whole[:, :, 2])
    state, parts, start = ENGINE.empty(6), [], 0
    rng = np.random.default_rng(seed)
    while start < 140:
        size = int(rng.integers(1, 30))
        parts.append(ENGINE.advance(state, given[:, start : start + size]))
        state = ENGINE.unpack(ENGINE.pack(state))  # as it is stored between two runs
        start += size
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_a_lane_that_starts_later_is_unknown_until_its_window_is_full() -> None:
    given = fields(130, 2)
    state = ENGINE.empty(2)
    ENGINE.advance(state, given[:, :60, :1], np.array([0]))
    late = columns(ENGINE.advance(state, given[:, 60:]))
    assert not np.isnan(late["volatility_96"][40:, 0]).any()
    assert np.isnan(late["volatility_96"][:, 1]).all()
    assert not np.isnan(late["return_1"][1:, 1]).any()


def test_an_index_that_hardly_moves_has_no_tie() -> None:
    given = fields(120, 2)
    daily = np.repeat(given[6, ::24], 24, axis=0)[:120]
    given[6] = daily  # moves in 4 of 96 bars
    found = columns(ENGINE.advance(ENGINE.empty(2), given))
    assert np.isnan(found["beta_spx_96"]).all()
    assert not np.isnan(found["beta_dxy_96"][96:]).any()


def test_a_peg_that_stands_still_has_no_moments_but_a_range_of_none() -> None:
    given = fields(120, 2)
    given[:4, :, 1] = 1.0
    found = columns(ENGINE.advance(ENGINE.empty(2), given))
    last = {name: column[-1, 1] for name, column in found.items()}
    assert last["return_96"] == last["volatility_96"] == last["bar_range"] == 0.0
    for name in ("skew_96", "autocorrelation_96", "fit_96", "upper_wick", "trend_regime", "beta_btc_96"):
        assert not np.isfinite(last[name]) or name == "beta_btc_96", name


def test_holes_are_seen() -> None:
    given = fields(130, 1)
    given[-1, 100:] += 5 * HOUR
    found = columns(ENGINE.advance(ENGINE.empty(1), given))
    bars, span, hole = (found[name][:, 0] for name in ("window_bars", "window_span", "longest_hole"))
    assert (bars[0], span[0], np.isnan(hole[0])) == (1, 0, True)
    assert (bars[50], span[50], hole[50]) == (51, 50 * HOUR, HOUR)
    assert (bars[-1], span[-1], hole[-1]) == (97, 101 * HOUR, 6 * HOUR)


def test_the_kernel_remembers_nothing() -> None:
    assert BarFeatures(3).state == ()
    assert BarFeatures.settle == 0
