"""The engine: lanes that come, go and move when they like, states as bytes, batches in chunks."""

from __future__ import annotations

import numpy as np
import pytest
from series import random_bars

from shared.errors import Invalid
from shared.market.indicators.engine import Engine, Ohlcv, compute
from shared.market.indicators.kernel import FIELDS, Floats, Ints, Kernel, Window
from shared.market.indicators.registry import INDICATORS, compute_indicator
from shared.market.indicators.seven import Seven

CLASSIC = ("sma", "wma", "ema", "dema", "kama", "rsi", "macd", "atr", "adx", "bollinger", "zscore")
# Short periods too: windows turn over often, and long and short ones fall out of step.
MAKERS = (
    *(INDICATORS[name].make() for name in CLASSIC),
    *(INDICATORS[name].make(period=period) for name in ("sma", "bollinger", "adx") for period in (2, 7)),
)


def fields(ohlcv: Ohlcv) -> Floats:
    return np.stack([getattr(ohlcv, name) for name in FIELDS])


def engine_of(*names: str) -> Engine:
    return Engine([INDICATORS[name].make() for name in names])


def alone(engine: Engine, bars: Floats) -> Floats:
    """Columns (C, T, S) of lanes stepped one bar at a time, each by itself."""
    found = []
    for lane in range(bars.shape[2]):
        state = engine.empty(1)
        rows = [engine.advance(state, bars[:, t : t + 1, lane : lane + 1]) for t in range(bars.shape[1])]
        found.append(np.concatenate(rows, axis=1)[:, :, 0])
    return np.stack(found, axis=2)


@pytest.mark.parametrize("seed", range(6))
def test_bits_do_not_depend_on_how_bars_are_cut_into_calls(seed: int) -> None:
    """Lanes join at random times and move in random groups by random numbers of bars."""
    chance = np.random.default_rng(seed)
    engine, series, total = Engine([*MAKERS]), 5, 180
    bars = fields(random_bars(total, series=series, seed=seed))
    expected = alone(engine, bars)
    found = np.full_like(expected, np.inf)
    state, lanes, at = engine.empty(0), np.empty(0, np.int64), np.zeros(series, np.int64)
    while (at < total).any():
        if len(lanes) < series and chance.random() < 0.3:
            joined = np.sort(np.append(lanes, chance.choice(np.setdiff1d(np.arange(series), lanes))))
            state, lanes = engine.with_lanes(state, lanes, joined), joined
        movable = lanes[at[lanes] < total]
        group = np.sort(chance.permutation(movable)[: chance.integers(0, len(movable) + 1)])
        if not len(group):
            continue
        width = int(min(chance.integers(1, 40), (total - at[group]).min()))
        rows = at[group] + np.arange(width)[:, None]
        places = np.searchsorted(lanes, group)
        whole = len(group) == len(lanes)
        found[:, rows, group] = engine.advance(state, bars[:, rows, group], slice(None) if whole else places)
        at[group] += width
    assert np.array_equal(found, expected, equal_nan=True)


def test_a_packed_state_goes_on_with_the_same_bits() -> None:
    engine = Engine([*MAKERS])
    bars = fields(random_bars(200, series=4, seed=11))
    whole = engine.advance(engine.empty(4), bars)
    state = engine.empty(4)
    engine.advance(state, bars[:, :131])
    packed = engine.pack(state)
    assert [(part.dtype, part.shape) for part in packed] == engine.shapes(4)
    blobs = [np.frombuffer(part.tobytes(), part.dtype).reshape(part.shape) for part in packed]
    assert not any(blob.flags.writeable for blob in blobs)
    for _ in range(2):  # the blob is not touched: it can be unpacked again
        again = engine.unpack(blobs)
        assert np.array_equal(engine.advance(again, bars[:, 131:]), whole[:, 131:], equal_nan=True)
        assert again.count.tolist() == [200] * 4


def test_a_taken_part_moves_on_its_own_until_it_is_put_back() -> None:
    engine = engine_of("ema", "bollinger")
    bars = fields(random_bars(120, series=3, seed=12))
    state, lanes = engine.empty(3), np.array([0, 2])
    engine.advance(state, bars[:, :50])
    before = engine.pack(state)
    part = engine.take(state, lanes)
    moved = engine.advance(part, bars[:, 50:90][:, :, lanes])
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, engine.pack(state), strict=True))
    engine.put(state, lanes, part)
    assert state.count.tolist() == [90, 50, 90]
    whole = engine.advance(engine.empty(3), bars)
    assert np.array_equal(moved, whole[:, 50:90][:, :, lanes], equal_nan=True)


def test_lanes_that_leave_are_forgotten_and_new_ones_are_cold() -> None:
    engine = engine_of("sma", "rsi")
    bars = fields(random_bars(90, series=3, seed=13))
    state = engine.empty(2)
    engine.advance(state, bars[:, :60, :2])
    after = engine.with_lanes(state, np.array([10, 20]), np.array([5, 20]))
    assert after.count.tolist() == [0, 60]
    found = engine.advance(after, bars[:, 60:][:, :, [2, 1]])
    cold = engine.advance(engine.empty(1), bars[:, 60:, 2:])
    warm = engine.advance(engine.empty(1), bars[:, :, 1:2])[:, 60:]
    assert np.array_equal(found, np.concatenate((cold, warm), axis=2), equal_nan=True)
    same = np.array([5, 20])
    assert engine.with_lanes(after, same, same.copy()) is after


def test_the_layout_tells_kernels_apart() -> None:
    usual = Engine([INDICATORS["ema"].make()])
    assert usual.layout == Engine([INDICATORS["ema"].make(period=20)]).layout
    others = [engine_of("sma"), engine_of("ema", "sma"), Engine([INDICATORS["ema"].make(period=21)])]
    assert len({usual.layout, *(other.layout for other in others)}) == 4


def test_two_kernels_may_not_write_one_column() -> None:
    with pytest.raises(ValueError, match="ema_20"):
        engine_of("ema", "sma", "ema")


class Reader(Kernel):
    """Sums what a kernel may ask of its window."""

    depth = 3
    reads = ("close", "volume")
    names = ("now", "before", "sum", "open")

    def __init__(self, lanes: int) -> None:
        pass

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        out[0][...] = window.close[window.row]
        out[1][...] = window.ago("volume", 1)
        np.add.reduce(window.last("close", 3), axis=0, out=out[2])
        out[3][...] = window.open[window.row]


def test_a_kernel_sees_its_window_and_only_what_it_reads() -> None:
    bars = random_bars(400, series=2, seed=14)
    found = compute(Reader, bars._replace(open=np.full((400, 2), np.nan)))
    assert np.array_equal(found["now"], bars.close)
    assert np.array_equal(found["before"][1:], bars.volume[:-1])
    assert np.isnan(found["before"][0]).all()
    assert np.isnan(found["sum"][:2]).all()
    assert np.array_equal(found["sum"][2:], bars.close[:-2] + bars.close[1:-1] + bars.close[2:])
    assert np.isnan(found["open"]).all()


@pytest.mark.parametrize("chunks", [1, 3])
def test_a_series_that_starts_later_is_computed_from_its_start(chunks: int) -> None:
    bars, starts = random_bars(2400, series=4, seed=15), np.array([0, 700, 1500, 2400])
    early: Ints = np.arange(2400)[:, None] < starts
    gappy = Ohlcv(*(None if part is None else np.where(early, np.nan, part) for part in bars))
    for name in CLASSIC:
        for column, values in compute_indicator(name, gappy, chunks=chunks).items():
            for lane, start in enumerate(starts[:3]):
                part = Ohlcv(*(None if one is None else one[start:, lane] for one in bars))
                expected = compute_indicator(name, part)[column]
                difference = np.abs(values[start:, lane] - expected)
                assert np.array_equal(np.isnan(values[start:, lane]), np.isnan(expected)), column
                assert np.nanmax(difference) <= (0 if chunks == 1 else 1e-10), column
            assert np.isnan(values[early]).all()


def test_a_gap_within_a_series_is_refused() -> None:
    bars = random_bars(50, seed=16)
    bars.close[20] = np.nan
    with pytest.raises(Invalid) as refused:
        compute_indicator("sma", bars)
    assert refused.value.details["field"] == "close"


def test_results_are_written_where_the_caller_says() -> None:
    bars, room = random_bars(100, series=2, seed=17), np.zeros((3, 100, 2))
    found = compute(INDICATORS["macd"].make(), bars, out=room)
    assert all(column.base is room for column in found.values())
    assert np.array_equal(room, np.stack(list(compute_indicator("macd", bars).values())), equal_nan=True)


def test_no_bars_give_no_values() -> None:
    none = Ohlcv(*[np.empty((0, 2))] * 5)
    assert compute(INDICATORS["rsi"].make(), none)["rsi_14"].shape == (0, 2)


def test_the_seven_have_the_bits_of_their_own_kernels() -> None:
    bars = random_bars(300, series=3, seed=18)
    own = {k: v for name in CLASSIC for k, v in compute_indicator(name, bars).items()}
    found = compute(Seven, bars)
    assert len(found) == 10
    for column, values in found.items():
        assert np.array_equal(values, own[column], equal_nan=True), column
    assert np.nanmax(np.abs(found["bollinger_middle_20"] / own["sma_20"] - 1)) <= 1e-14


@pytest.mark.parametrize(
    ("name", "parameters", "field"),
    [
        ("none", {}, "indicator"),
        ("rsi", {"length": 14}, "length"),
        ("rsi", {"period": 1}, "period"),
        ("rsi", {"period": 10**6}, "period"),
        ("rsi", {"period": 14.5}, "period"),
        ("rsi", {"period": True}, "period"),
        ("rsi", {"period": float("nan")}, "period"),
        ("bollinger", {"deviations": -1.0}, "deviations"),
        ("macd", {"fast_period": 26, "slow_period": 12}, "fast_period"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(name: str, parameters: dict[str, float], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        compute_indicator(name, random_bars(30), **parameters)
    assert refused.value.details["field"] == field
