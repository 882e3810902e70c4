"""What holds for every registered indicator: live equals batch, warm-up is exact, values are finite."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from series import any_bars, one_lane, random_bars, until

from shared.market.indicators.engine import Engine
from shared.market.indicators.kernel import FIELDS, Floats
from shared.market.indicators.registry import INDICATORS, Ohlcv, compute_indicator

ALL = sorted(INDICATORS)
# Rows of NaN of outputs that stand before their indicator's last one does.
EARLIER = {
    "macd_12_26_9": 25,
    "di_plus_14": 14,
    "di_minus_14": 14,
    "stochastic_k_14": 13,
    "stochrsi_k_14": 27,
    "ichimoku_conversion_9_26_52": 8,
    "ichimoku_base_9_26_52": 25,
    "ichimoku_span_a_9_26_52": 51,
}


def fields(ohlcv: Ohlcv) -> Floats:
    """(F, T, S) in the engine's order."""
    return np.stack([getattr(ohlcv, name) for name in FIELDS])


def test_bars_one_by_one_give_the_bits_of_the_whole() -> None:
    """All indicators in one engine, in calls of any length, the state packed and unpacked between."""
    bars = random_bars(700, series=3, seed=1)
    engine = Engine([INDICATORS[name].make() for name in ALL])
    state, rows, t = engine.empty(3), [], 0
    chance = np.random.default_rng(2)
    while t < 700:
        width = int(chance.integers(1, 5)) if t < 300 else int(chance.integers(1, 120))
        rows.append(engine.advance(state, fields(bars)[:, t : t + width]))
        state = engine.unpack([part.copy() for part in engine.pack(state)])
        t += width
    live = dict(zip(engine.names, np.concatenate(rows, axis=1), strict=True))
    for name in ALL:
        for column, whole in compute_indicator(name, bars).items():
            assert np.array_equal(live[column], whole, equal_nan=True), column


@pytest.mark.parametrize("name", ALL)
def test_a_lane_has_the_same_bits_alone_and_among_others(name: str) -> None:
    bars = random_bars(450, series=3, seed=3)
    together = compute_indicator(name, bars)
    for column, values in compute_indicator(name, one_lane(bars, 1)).items():
        assert np.array_equal(together[column][:, 1], values, equal_nan=True), column


@pytest.mark.parametrize("name", ALL)
def test_lanes_that_begin_at_different_bars_have_the_bits_they_have_alone(name: str) -> None:
    bars = random_bars(450, series=3, seed=11)
    late = Ohlcv(*(None if part is None else part.copy() for part in bars))
    for part in late:
        if part is not None:
            part[:1, 1] = part[:60, 2] = np.nan
    together = compute_indicator(name, late)
    for lane, first in ((0, 0), (1, 1), (2, 60)):
        alone = Ohlcv(*(None if part is None else part[first:] for part in one_lane(bars, lane)))
        for column, values in compute_indicator(name, alone).items():
            assert np.array_equal(together[column][first:, lane], values, equal_nan=True), column


def test_lanes_that_move_at_different_times_have_the_same_bits() -> None:
    bars = random_bars(400, series=2, seed=4)
    engine = Engine([INDICATORS[name].make() for name in ALL])
    state = engine.empty(2)
    wide = fields(bars)
    apart = []
    for lane in (0, 1):
        first = engine.advance(state, wide[:, :301, [lane]], np.array([lane]))
        apart.append(first[:, :, 0])
    rest = engine.advance(state, wide[:, 301:])
    found = np.concatenate((np.stack(apart, axis=2), rest), axis=1)
    whole = engine.advance(engine.empty(2), wide)
    assert np.array_equal(found, whole, equal_nan=True)


@pytest.mark.parametrize("name", ALL)
def test_many_chunks_side_by_side_say_the_same(name: str) -> None:
    bars = random_bars(3000, seed=5)
    whole, cut = compute_indicator(name, bars), compute_indicator(name, bars, chunks=3)
    for column, values in whole.items():
        scale = np.maximum(1.0, np.abs(values))
        assert np.array_equal(np.isnan(cut[column]), np.isnan(values))
        assert np.nanmax(np.abs(cut[column] - values) / scale) <= 1e-12, column


@pytest.mark.parametrize("name", ALL)
def test_nothing_looks_ahead(name: str) -> None:
    bars = random_bars(400, seed=6)
    whole = compute_indicator(name, bars)
    for column, values in compute_indicator(name, until(bars, 250)).items():
        assert np.array_equal(values, whole[column][:250], equal_nan=True), column


@pytest.mark.parametrize("name", ALL)
def test_warm_up_is_as_long_as_stated(name: str) -> None:
    indicator = INDICATORS[name]
    assert indicator.warmup() == indicator.warmup(**{p.name: p.default for p in indicator.parameters})
    for seed in (7, 8):
        found = compute_indicator(name, random_bars(300, seed=seed))
        for column, values in found.items():
            warmup = EARLIER.get(column, indicator.warmup())
            assert np.array_equal(np.isnan(values), np.arange(300) < warmup), column


@pytest.mark.parametrize("name", ALL)
def test_warm_up_follows_the_parameters(name: str) -> None:
    indicator = INDICATORS[name]
    changed = {p.name: p.default + (3 if isinstance(p.default, int) else 0.01) for p in indicator.parameters}
    found = compute_indicator(name, random_bars(400, seed=9), **changed)
    missing = [int(np.isnan(values).sum()) for values in found.values()]
    assert max(missing) == indicator.warmup(**changed)
    usual = INDICATORS[name].make()(2).names
    assert not changed or not set(found) & set(usual)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bars=any_bars(150))
def test_any_positive_bars_give_finite_values_after_warm_up(bars: Ohlcv) -> None:
    engine = Engine([INDICATORS[name].make() for name in ALL])
    values = engine.advance(
        engine.empty(1), fields(Ohlcv(*(part[:, None] for part in bars if part is not None)))
    )
    found = dict(zip(engine.names, values[:, :, 0], strict=True))
    for name in ALL:
        indicator = INDICATORS[name]
        for column in indicator.make()(2).names:
            assert np.isfinite(found[column][indicator.warmup() :]).all(), column


BETWEEN = {
    "rsi_14": (0, 100),
    "stochastic_k_14": (0, 100),
    "stochastic_d_14": (0, 100 + 1e-12),
    "stochrsi_k_14": (0, 1),
    "williams_r_14": (-100, 0),
    "mfi_14": (0, 100),
    "aroon_up_25": (0, 100),
    "aroon_down_25": (0, 100),
    "drawdown_100": (-1, 0),
    "hurst_100": (0, 1),
    "realized_volatility_20": (0, np.inf),
    "parkinson_20": (0, np.inf),
    "garman_klass_20": (0, np.inf),
}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bars=any_bars(130))
def test_values_stay_on_their_scale(bars: Ohlcv) -> None:
    names = [name for name in ALL if any(c in BETWEEN for c in INDICATORS[name].make()(2).names)]
    engine = Engine([INDICATORS[name].make() for name in names])
    values = engine.advance(
        engine.empty(1), fields(Ohlcv(*(part[:, None] for part in bars if part is not None)))
    )
    for column, found in zip(engine.names, values[:, :, 0], strict=True):
        low, high = BETWEEN.get(column, (-np.inf, np.inf))
        known = found[~np.isnan(found)]
        assert ((known >= low) & (known <= high)).all(), column
