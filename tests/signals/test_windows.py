"""The kernel: exact figures, and the same bits however the bars are cut into calls."""

from __future__ import annotations

import numpy as np
import pytest
from signals_support import bars_from_paths

from shared.models import HOUR
from shared.signals import state, windows
from shared.signals.bars import Bars, bars_of
from shared.signals.columns import ENGINE
from shared.signals.episodes import empty as no_episodes
from shared.signals.windows import ROWS, WINDOW, Measured, Windows, median_mad, step


def started(bars: Bars) -> Windows:
    assets = np.unique(bars.asset)
    return windows.with_lanes(windows.empty(), assets, np.ones_like(assets))


def sorted_rows(parts: list[Measured]) -> dict[str, np.ndarray]:
    columns = {item.name: np.concatenate([getattr(p, item.name) for p in parts]) for item in ROWS}
    columns |= {name: np.concatenate([part[name] for part in parts]) for name in ENGINE.names}
    order = np.lexsort((columns["open_time"], columns["asset"]))
    return {name: column[order] for name, column in columns.items()}


def same_lanes(one: Windows, other: Windows) -> None:
    np.testing.assert_array_equal(one.asset, other.asset)
    np.testing.assert_array_equal(one.source, other.source)
    for left, right in zip(ENGINE.pack(one.state), ENGINE.pack(other.state), strict=True):
        np.testing.assert_array_equal(left, right)


def test_median_and_mad_are_numpys_own_on_the_window_before() -> None:
    bars = bars_from_paths(assets=3, n=150)
    measured = step(started(bars), HOUR, bars)
    for asset in np.unique(bars.asset):
        close = bars.close[bars.asset == asset]
        returns = np.diff(np.log(close))
        rows = np.flatnonzero((measured.asset == asset) & measured.ready)
        assert len(rows) == 150 - WINDOW - 1
        for row in rows:
            i = int(measured.tick[row])
            window = returns[i - 1 - WINDOW : i - 1]
            median = np.median(window)
            assert measured.median[row] == pytest.approx(median, abs=1e-15)
            assert measured.mad[row] == pytest.approx(np.median(np.abs(window - median)), abs=1e-15)
            assert measured.first[row] == bars.open_time[i - WINDOW]
            assert measured.base[row] == bars.open_time[i - WINDOW - 1]
            assert measured.last[row] == bars.open_time[i - 1]


@pytest.mark.parametrize("seed", range(5))
def test_live_equals_backfill_bit_for_bit(seed: int) -> None:
    """One call for all, bar by bar, and random ragged cuts with the state packed in between."""
    bars = bars_from_paths(assets=4, n=260, seed=seed, holes=True)
    once = started(bars)
    whole = sorted_rows([step(once, HOUR, bars)])
    rng = np.random.default_rng(seed)
    times = np.unique(bars.open_time)
    for sizes in (np.ones(len(times), int), rng.integers(1, 40, len(times))):
        carried, parts, start = started(bars), [], 0
        for size in sizes:
            chosen = np.isin(bars.open_time, times[start : start + size])
            parts.append(step(carried, HOUR, bars.take(chosen)))
            start += size
            unpacked = state.unpack(state.pack(state.Carried(carried, {"x": no_episodes(4)})))
            assert unpacked is not None
            carried = unpacked.windows
            if start >= len(times):
                break
        for name, column in sorted_rows(parts).items():
            if name != "lane":
                np.testing.assert_array_equal(column, whole[name], err_msg=name)
        same_lanes(carried, once)


def test_long_backfills_are_measured_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    bars = bars_from_paths(assets=3, n=400)
    one = step(started(bars), HOUR, bars)
    monkeypatch.setattr(windows, "BLOCK", 50)
    many = step(started(bars), HOUR, bars)
    np.testing.assert_array_equal(one.mad, many.mad)


def test_lanes_with_more_bars_than_others_move_as_they_would_alone() -> None:
    bars = bars_from_paths(assets=3, n=150, holes=True)
    together = sorted_rows([step(started(bars), HOUR, bars)])
    for asset in np.unique(bars.asset).tolist():
        own = bars.take(bars.asset == asset)
        alone = sorted_rows([step(started(own), HOUR, own)])
        for name, column in alone.items():
            if name != "lane":
                np.testing.assert_array_equal(
                    column, together[name][together["asset"] == asset], err_msg=name
                )


def test_late_and_repeated_bars_are_passed_over() -> None:
    bars = bars_from_paths(assets=2, n=120)
    once, twice = started(bars), started(bars)
    for lanes in (once, twice):
        step(lanes, HOUR, bars)
    assert len(step(twice, HOUR, bars)) == 0
    same_lanes(once, twice)


def test_a_return_over_missing_bars_is_scaled_by_the_root_of_time() -> None:
    rows = [(1, 1, i * HOUR, 100, 100, 100, 100, 1) for i in range(3)] + [
        (1, 1, 6 * HOUR, 100, 110, 100, 110, 1)
    ]
    measured = step(started(bars_of(rows)), HOUR, bars_of(rows))
    assert measured.elapsed[-1] == 4
    assert measured.value[-1] == pytest.approx(np.log(1.1) / 2)


def test_bars_without_a_trade_count_as_less_than_any() -> None:
    window = np.array([[-np.inf] * 40 + [1.0] * 30 + [3.0] * 26, [-np.inf] * 60 + [1.0] * 36])
    median, mad = median_mad(window)
    assert (median[0], mad[0]) == (1.0, 2.0)
    assert not np.isfinite(mad[1])


def test_new_assets_get_a_cold_lane_and_the_others_keep_theirs() -> None:
    bars = bars_from_paths(assets=2, n=120)
    after = started(bars)
    step(after, HOUR, bars)
    wider = windows.with_lanes(after, np.array([0, 1, 2]), np.array([9, 9, 9]))
    assert wider.asset.tolist() == [0, 1, 2]
    assert (wider.state.count.tolist(), wider.source.tolist()) == ([0, 120, 120], [9, 1, 1])
    same_lanes(windows.without(wider, np.array([False, True, True])), after)


def test_rows_in_any_order_become_sorted_columns_and_the_last_telling_wins() -> None:
    rows = [
        (2, 1, 5, 1, 1, 1, 1, 1),
        (1, 1, 9, 1, 1, 1, 1, 1),
        (1, 1, 5, 2, 2, 2, 2, 2),
        (1, 1, 9, 3, 3, 3, 3, 3),
    ]
    bars = bars_of(rows)
    assert list(zip(bars.asset.tolist(), bars.open_time.tolist(), bars.close.tolist(), strict=True)) == [
        (1, 5, 2.0),
        (1, 9, 3.0),
        (2, 5, 1.0),
    ]


@pytest.mark.parametrize("damage", [b"", b"{}", b"\0\n" * 500, None])
def test_state_of_another_version_is_not_read(damage: bytes | None) -> None:
    bars = bars_from_paths(assets=2, n=10)
    packed = state.pack(state.Carried(started(bars), {}))
    assert state.unpack(packed) is not None
    assert state.unpack(packed[:-8] if damage is None else damage) is None
    assert state.unpack(packed.replace(b'"layout":2', b'"layout":1')) is None
    assert state.unpack(packed.replace(ENGINE.layout.encode(), b"0" * len(ENGINE.layout))) is None


def test_few_lanes_that_stay_behind_are_as_they_were() -> None:
    """Many lanes move while one waits: the same bits as if each had moved alone."""
    bars = bars_from_paths(assets=9, n=140)
    late = (bars.asset == 4) & (bars.open_time > 120 * HOUR)
    lanes, parts = started(bars), []
    for rows in (~late & (bars.open_time <= 130 * HOUR), ~late, late):
        parts.append(step(lanes, HOUR, bars.take(rows)))
    whole = started(bars)
    once = sorted_rows([step(whole, HOUR, bars)])
    for name, column in sorted_rows(parts).items():
        if name != "lane":
            np.testing.assert_array_equal(column, once[name], err_msg=name)
    same_lanes(lanes, whole)
