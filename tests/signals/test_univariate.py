"""The univariate detector: what it finds, what leaves it calm, and that it sees its own past alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shared.dev.nab import corpus, detectors, scoring
from shared.models import DAY, HOUR
from shared.signals import univariate
from shared.signals.univariate import ALARM

PER_DAY = 24
START = 1_763_683_200_000  # a midnight UTC


def scores(values: np.ndarray, *, every: int = HOUR) -> np.ndarray:
    """Scores (T, L) of values (T,) or (T, L)."""
    table = values[:, None] if values.ndim == 1 else values
    state = univariate.empty(table.shape[1])
    return np.array(
        [univariate.step(state, instants(table, row, every), table[row]) for row in range(len(table))]
    )


def instants(table: np.ndarray, row: int, every: int) -> np.ndarray:
    return np.full(table.shape[1], START + row * every)


def daily(days: int, seed: int = 1, noise: float = 0.3) -> np.ndarray:
    """A day that rises and falls by 10, with some noise."""
    random = np.random.default_rng(seed)
    phase = 2 * np.pi * np.arange(days * PER_DAY) / PER_DAY
    return 20 + 5 * np.sin(phase) + noise * random.standard_normal(days * PER_DAY)


def alarms(values: np.ndarray) -> np.ndarray:
    return np.flatnonzero(scores(values)[:, 0] >= ALARM)


SPIKE = 30 * PER_DAY + 10


@pytest.mark.parametrize("seed", range(5))
def test_a_spike_is_found_at_once(seed: int) -> None:
    values = daily(34, seed)
    values[SPIKE] += 15
    assert SPIKE in alarms(values)


@pytest.mark.parametrize("seed", range(5))
def test_a_level_shift_is_found_within_three_values(seed: int) -> None:
    values = daily(34, seed)
    values[SPIKE:] += 8
    found = alarms(values)
    assert found[found >= SPIKE][0] < SPIKE + 3


@pytest.mark.parametrize("seed", range(5))
def test_a_wider_spread_is_found_within_half_a_day(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = 20 + random.standard_normal(34 * PER_DAY)
    values[SPIKE:] = 20 + 5 * random.standard_normal(34 * PER_DAY - SPIKE)
    found = alarms(values)
    assert found[found >= SPIKE][0] < SPIKE + PER_DAY // 2


@pytest.mark.parametrize("seed", range(5))
def test_a_day_that_stays_flat_or_turned_over_is_found_though_every_value_is_known(seed: int) -> None:
    for broken in (lambda day: np.full(PER_DAY, day[0]), lambda day: np.roll(day, PER_DAY // 2)):
        values = daily(34, seed)
        day = slice(30 * PER_DAY, 31 * PER_DAY)
        values[day] = broken(values[day])
        found = alarms(values)
        assert ((found >= day.start) & (found < day.stop)).any()


def test_what_happens_again_and_again_is_no_news() -> None:
    values = daily(60)
    values[PER_DAY // 2 :: PER_DAY] += 20  # a batch job every noon
    assert not (alarms(values) > 10 * PER_DAY).any()


def test_one_episode_gives_one_alarm() -> None:
    values = daily(34)
    values[SPIKE : SPIKE + 20] += 15
    found = alarms(values)
    assert len(found[(found >= SPIKE) & (found < SPIKE + 20)]) == 1


def test_a_flat_line_is_silent_and_its_first_change_is_not() -> None:
    values = np.full(1000, 7.0)
    assert not scores(values).any()
    values[800] = 7.001
    assert list(alarms(values)) == [800]


def test_noise_gives_less_than_one_alarm_in_a_thousand_values() -> None:
    random = np.random.default_rng(5)
    noise = np.hstack([random.standard_normal((2000, 8)), random.random((2000, 8))])
    found = scores(noise)[500:] >= ALARM
    assert found.mean() < 0.001


def test_nothing_is_scored_in_warm_up() -> None:
    values = np.random.default_rng(2).standard_normal(univariate.WARM) ** 5
    assert not scores(values).any()


def test_the_future_changes_no_score() -> None:
    values = daily(30)
    values[500] += 30
    whole, cut = scores(values), scores(values[:501])
    np.testing.assert_array_equal(whole[:501], cut)


def test_lanes_do_not_touch_each_other() -> None:
    random = np.random.default_rng(3)
    table = random.standard_t(3, (600, 7)) * [1, 10, 100, 1e-6, 1e9, 1, 1] + [0, 5, 0, 0, 0, 1e6, 0]
    together = scores(table)
    for lane in range(table.shape[1]):
        np.testing.assert_array_equal(together[:, lane], scores(table[:, lane])[:, 0])


def test_many_lanes_score_as_few() -> None:
    table = np.random.default_rng(6).standard_t(3, (250, univariate.BLOCK + 40))
    few = np.hstack([scores(part) for part in np.array_split(table, 5, axis=1)])
    np.testing.assert_array_equal(scores(table), few)


def test_a_lane_without_a_value_stays_as_it_was() -> None:
    table = np.random.default_rng(4).standard_t(3, (600, 3))
    state, sparse = univariate.empty(3), []
    for row, values in enumerate(table):
        shown = np.where([True, row % 3 == 0, True], values, np.nan)
        sparse.append(univariate.step(state, np.full(3, START), shown))
    alone = univariate.empty(1)
    every_third = [univariate.step(alone, np.full(1, START), row[1:2])[0] for row in table[::3]]
    assert [row[1] for row in sparse[::3]] == every_third
    assert not any(row[1] for index, row in enumerate(sparse) if index % 3)
    np.testing.assert_array_equal(state[:, 1], alone[:, 0])


def test_scale_and_offset_make_no_difference() -> None:
    values = daily(30)
    values[500:] += 9
    shifted = scores(values * 1024.0)  # a power of two is exact
    np.testing.assert_array_equal(shifted, scores(values))


def test_the_state_is_one_contiguous_table_and_carries_everything() -> None:
    values = daily(30)
    state = univariate.empty(1)
    assert state.shape == (univariate.WIDTH, 1)
    assert state.flags.c_contiguous
    copied = []
    for row, value in enumerate(values):
        state = np.frombuffer(bytearray(state.tobytes())).reshape(univariate.WIDTH, 1)
        copied.append(univariate.step(state, np.array([START + row * HOUR]), np.array([value]))[0])
    np.testing.assert_array_equal(copied, scores(values)[:, 0])


def test_the_profile_is_by_the_hour_in_utc() -> None:
    state = univariate.empty(1)
    univariate.step(state, np.array([START + 5 * HOUR + 7]), np.array([3.0]))
    assert list(np.flatnonzero(~np.isnan(state[univariate.PROFILE, 0]))) == [5]
    univariate.step(state, np.array([START + DAY + 5 * HOUR]), np.array([4.0]))
    assert np.count_nonzero(state[univariate.CORRECTION, 0]) == 1


RECORDED = {
    "artificialWithAnomaly/art_daily_jumpsup.csv": (1.8606718243, 6, 0.9826013393670592),
    "realAdExchange/exchange-2_cpc_results.csv": (1.8619580338, 2, 0.6333421585999509),
    "realTraffic/speed_7578.csv": (5.4341204741, 9, 0.8623365748388828),
}


def test_real_series_score_as_recorded(real: Path) -> None:
    folder = real / "labels" / "anomaly" / "nab"
    series = [one for one in corpus.read(folder) if one.name in RECORDED]
    found = detectors.ours(series)
    for one, values in zip(series, found, strict=True):
        gain, count, height = RECORDED[one.name]
        scored = scoring.prepare(values, one.windows)
        assert scoring.at([scored], ALARM) + scored.labels == pytest.approx(gain, abs=1e-9)
        assert np.count_nonzero(values >= ALARM) == count
        assert values.max() == height
