"""Kernels of detectors against the plain arithmetic they carry on, on walks with lanes that begin late."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from shared.market.indicators.engine import Engine, Ohlcv, compute
from shared.market.indicators.kernel import FIELDS, Maker
from shared.signals.columns import MAKERS, distinct, usual
from shared.signals.kernels import burst, correlation, cusum, divergence, holding, squeeze, volatility
from shared.signals.kernels.derived import over, previous

T, S, LATE = 420, 4, 37  # the last lane begins LATE rows after the others
NAN = np.nan


@cache
def bars() -> Ohlcv:
    rng = np.random.default_rng(7)
    moves = rng.standard_t(4, (T, S)) * np.where(rng.random((T, 1)) < 0.1, 0.03, 0.004)
    moves[200:215] = 0.0  # a stretch that stands still
    close = 100 * np.exp(np.cumsum(moves, axis=0))
    opened = np.vstack((np.full((1, S), 100.0), close[:-1]))
    wick = 1 + np.abs(rng.normal(0, 0.002, (2, T, S)))
    wick[:, 200:215] = 1.0
    high, low = np.maximum(opened, close) * wick[0], np.minimum(opened, close) / wick[1]
    volume = np.exp(rng.normal(3, 1, (T, S)))
    volume[100:103] = 0.0
    btc = 30_000 * np.exp(np.cumsum(rng.normal(0, 0.004, (T, 1)) + 0.3 * moves, axis=0))
    btc[300:310] = NAN
    found = Ohlcv(opened, high, low, close, volume, btc)
    for column in found[:6]:
        assert column is not None
        column[:LATE, -1] = NAN
    return found


@cache
def columns(maker: Maker) -> dict[str, np.ndarray]:
    return compute(maker, bars())


def returns(field: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.vstack((np.full((1, S), NAN), np.diff(np.log(field), axis=0)))


def windows_of(values: np.ndarray, n: int) -> np.ndarray:
    """The last n values at each row (T, S, n), NaN before the first."""
    padded = np.vstack((np.full((n - 1, S), NAN), values))
    return sliding_window_view(padded, n, axis=0)


def same(ours: np.ndarray, plain: np.ndarray, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(ours, plain, rtol=tolerance, atol=1e-9)
    assert np.isfinite(plain).sum() > T


def test_volatility_ratio_with_its_median_and_spread() -> None:
    ours = columns(volatility.VolatilityRatio)
    moves = returns(bars().close)
    both = windows_of(moves, volatility.SHORT + volatility.LONG)
    long, short = both[..., : volatility.LONG], both[..., volatility.LONG :]
    rms = [np.maximum(np.sqrt((part**2).mean(axis=-1)), volatility.FLOOR) for part in (short, long)]
    rms = [np.where(np.isnan(both).any(axis=-1), NAN, part) for part in rms]
    ratio = np.log(rms[0] / rms[1])
    same(ours["turmoil_short"], rms[0])
    same(ours["turmoil_long"], rms[1])
    same(ours["turmoil_ratio"], ratio)
    earlier = windows_of(ratio, volatility.STRIDE * volatility.SAMPLES + 1)[..., :-1][
        ..., :: volatility.STRIDE
    ]
    median = np.median(earlier, axis=-1)
    same(ours["turmoil_median"], median)
    same(ours["turmoil_mad"], np.median(np.abs(earlier - median[..., None]), axis=-1))
    warm = ~np.isnan(ours["turmoil_median"][:, 0])
    assert warm.argmax() == volatility.NEEDS - 1


def test_cusum_is_pages() -> None:
    ours = columns(cusum.Cusum)
    moves = returns(bars().close)
    before = windows_of(np.abs(moves), cusum.SCALED + 1)[..., :-1]
    scale = np.maximum(np.sqrt(np.pi / 2) * before.mean(axis=-1), cusum.FLOOR)
    z = np.clip(moves / scale, -cusum.CLIP, cusum.CLIP)
    same(ours["cusum_scale"], np.where(np.isnan(z), NAN, scale))
    same(ours["cusum_value"], z)
    for lane in range(S):
        up = down = 0.0
        for t in range(T):
            if np.isnan(z[t, lane]):
                assert np.isnan(ours["cusum_up"][t, lane])
                continue
            assert ours["cusum_up_before"][t, lane] == pytest.approx(up, abs=1e-9)
            up = max(0.0, up + z[t, lane] - cusum.ALLOWANCE)
            down = max(0.0, down - z[t, lane] - cusum.ALLOWANCE)
            assert ours["cusum_up"][t, lane] == pytest.approx(up, abs=1e-9)
            assert ours["cusum_down"][t, lane] == pytest.approx(down, abs=1e-9)


def test_correlation_is_pearsons_over_the_pairs_that_are_known() -> None:
    ours = columns(correlation.Correlation)
    own, btc = returns(bars().close), returns(bars().btc)  # type: ignore[arg-type]
    checked = 0
    for t in range(correlation.SHORT + correlation.LONG + 1, T):
        for name, stretch in (
            ("short", slice(t + 1 - correlation.SHORT, t + 1)),
            ("long", slice(t + 1 - correlation.SHORT - correlation.LONG, t + 1 - correlation.SHORT)),
        ):
            for lane in range(S):
                x, y = own[stretch, lane], btc[stretch, lane]
                known = np.isfinite(x) & np.isfinite(y)
                value = ours[f"btc_correlation_{name}"][t, lane]
                assert ours[f"btc_pairs_{name}"][t, lane] == known.sum()
                if known.sum() < correlation.LEAST * len(x) or x[known].std() < correlation.FLOOR:
                    assert np.isnan(value)
                    continue
                assert value == pytest.approx(np.corrcoef(x[known], y[known])[0, 1], abs=1e-7)
                checked += 1
    assert checked > 500


def test_burst_looks_at_three_bars_and_the_base_before() -> None:
    ours, b = columns(burst.Burst), bars()
    moves, n = returns(b.close), burst.BARS
    event = windows_of(moves, n)
    total = event.sum(axis=-1)
    base_rows = windows_of(moves, n + burst.BASE)[..., : burst.BASE]
    before = np.vstack((np.full((1, S), NAN), b.close[:-1]))
    ranges = windows_of(np.maximum(b.high, before) - np.minimum(b.low, before), n + burst.BASE)
    volumes = windows_of(b.volume, n + burst.BASE)
    base_range = ranges[..., : burst.BASE].mean(axis=-1)
    full = ~np.isnan(base_rows).any(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = {
            "burst_return": total,
            "burst_against": np.maximum((-np.sign(total)[..., None] * event).max(axis=-1), 0),
            "burst_volume": np.log(volumes[..., burst.BASE :].mean(axis=-1)),
            "base_range": base_range,
            "burst_range": ranges[..., burst.BASE :].min(axis=-1) / base_range,
            "base_move": np.abs(base_rows).max(axis=-1),
            "base_volume": np.log(volumes[..., : burst.BASE].max(axis=-1)),
        }
    for name, values in plain.items():
        same(ours[name][full], values[full])


def test_holding_looks_at_twelve_bars() -> None:
    ours, b = columns(holding.Holding), bars()
    span = b.high - b.low
    with np.errstate(invalid="ignore", divide="ignore"):
        place = np.where(span == 0, 0.5, (b.close - b.low) / span)
    high, low, volume = (windows_of(values, holding.BARS) for values in (b.high, b.low, b.volume))
    same(ours["held_range"], np.log(high.max(axis=-1) / low.min(axis=-1)))
    same(ours["held_close"], windows_of(place, holding.BARS).mean(axis=-1))
    same(ours["held_volume"], np.log(volume.mean(axis=-1)))


def test_pivots_are_told_when_they_are_complete_with_the_one_before() -> None:
    rsi = usual("rsi")
    ours = columns(over(lambda inner, lanes: divergence.Divergence(inner, "rsi_14", lanes), rsi))
    index, close, wing = ours["rsi_14"], bars().close, divergence.WING
    np.testing.assert_array_equal(index, columns(rsi)["rsi_14"])
    found = 0
    for lane in range(S):
        last: dict[int, tuple[int, float, float] | None] = {1: None, -1: None}
        for t in range(2 * wing, T):
            around, p = close[t - 2 * wing : t + 1, lane], t - wing
            for side in (1, -1):
                seen = side * around
                if not (seen[wing] > seen[:wing].max() and seen[wing] >= seen[wing + 1 :].max()):
                    continue
                assert ours["pivot_side"][t, lane] == side
                assert ours["pivot_close"][t, lane] == close[p, lane]
                np.testing.assert_equal(ours["pivot_rsi"][t, lane], index[p, lane])
                if before := last[side]:
                    told = [
                        ours[name][t, lane]
                        for name in ("pivot_close_before", "pivot_rsi_before", "pivot_bars")
                    ]
                    np.testing.assert_equal(told, [before[1], before[2], p - before[0]])
                    found += 1
                last[side] = (p, close[p, lane], index[p, lane])
    assert found > 100
    assert np.isnan(ours["pivot_close"][ours["pivot_side"] == 0]).all()


def test_a_squeeze_keeps_the_bands_of_the_narrowest_bar() -> None:
    bands = usual("bollinger")
    ours = columns(over(lambda inner, lanes: squeeze.Squeeze(inner, 20, lanes), bands))
    width = ours["bollinger_width_20"]
    lowest = windows_of(width, squeeze.LOWEST_OF)
    narrow = width <= lowest[..., :-1].min(axis=-1)
    for lane in range(S):
        at = None
        for t in range(T):
            at = t if narrow[t, lane] else at
            if at is None:
                assert np.isnan(ours["squeeze_age"][t, lane])
                continue
            middle = ours["bollinger_middle_20"][at, lane]
            half = (ours["bollinger_upper_20"][at, lane] - middle) / 2
            assert ours["squeeze_age"][t, lane] == t - at
            assert ours["squeeze_middle"][t, lane] == middle
            assert ours["squeeze_deviation"][t, lane] == max(half, squeeze.FLOOR * middle)
            assert ours["squeeze_width"][t, lane] == width[at, lane]
    assert narrow.sum() > 20


def test_previous_is_the_column_of_the_bar_before() -> None:
    macd = usual("macd")
    name = "macd_histogram_12_26_9"
    ours = columns(previous(macd, name))
    np.testing.assert_array_equal(ours[name], columns(macd)[name])
    np.testing.assert_array_equal(ours[f"{name}_before"][1:LATE], ours[name][: LATE - 1])
    np.testing.assert_array_equal(ours[f"{name}_before"][1:, :-1], ours[name][:-1, :-1])


def test_what_a_derived_kernel_puts_out_is_not_computed_twice() -> None:
    names = [name for maker in MAKERS for name in maker(1).names]
    assert len(names) == len(set(names))
    rsi = usual("rsi")
    wrapped = over(lambda inner, lanes: divergence.Divergence(inner, "rsi_14", lanes), rsi)
    assert distinct((wrapped, rsi)) == (wrapped,)


def test_kernels_read_no_more_than_they_say() -> None:
    """Fields a kernel does not name may be NaN: it must not need them."""
    engine = Engine(MAKERS)
    for maker in MAKERS:
        kernel = maker(2)
        fields = np.full((len(FIELDS), 260, 2), NAN)
        rng = np.random.default_rng(1)
        for i, field in enumerate(FIELDS):
            if field in kernel.reads:
                fields[i] = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (260, 2)), axis=0))
        single = Engine([maker])
        found = single.advance(single.empty(2), fields)
        assert np.isfinite(found[:, -1]).any() or not len(found)
        assert set(single.names) <= set(engine.names)
