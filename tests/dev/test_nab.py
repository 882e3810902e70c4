"""NAB's scoring by hand-worked examples, by published figures, and against a plain count of its rules."""

from __future__ import annotations

import gzip
import json
from math import erfc, exp
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dev.nab import corpus, detectors, scoring
from shared.dev.nab.corpus import Series

WORST = 0.9866142981514305  # S(-1), the most a hit can bring before it is put on the scale of 1


def scored(scores: dict[int, float], rows: int, windows: list[tuple[int, int]]) -> scoring.Scored:
    values = np.zeros(rows)
    for row, score in scores.items():
        values[row] = score
    return scoring.prepare(values, windows)


def raw(scores: dict[int, float], rows: int, windows: list[tuple[int, int]], threshold: float = 0.5) -> float:
    return scoring.at([scored(scores, rows, windows)], threshold)


@pytest.mark.parametrize(
    ("position", "value"), [(-1.0, 0.98661), (-0.5, 0.84828), (0.0, 0.0), (1.0, -0.98661), (3.1, -1.0)]
)
def test_the_sigmoid_has_the_published_values(position: float, value: float) -> None:
    assert scoring.sigmoid(np.array([position]))[0] == pytest.approx(value, abs=5e-6)


def test_an_alarm_at_the_left_edge_is_worth_one_and_a_late_one_less() -> None:
    window = [(10, 14)]
    assert raw({10: 0.9}, 20, window) == pytest.approx(1.0)
    # the last row of five: y = -1/5, S = 0.462117
    assert raw({14: 0.9}, 20, window) == pytest.approx(0.46211715726 / WORST)


def test_only_the_best_alarm_of_a_window_counts() -> None:
    assert raw({10: 0.9, 12: 0.9, 14: 0.9}, 20, [(10, 14)]) == pytest.approx(1.0)


def test_a_missed_window_costs_one_and_a_false_alarm_a_ninth_of_it() -> None:
    assert raw({}, 20, [(10, 14)]) == -1.0
    assert raw({5: 0.9}, 20, [(10, 14)]) == pytest.approx(-1.0 - 0.11)


def test_a_false_alarm_soon_after_a_window_costs_less() -> None:
    # two rows behind a window of five: y = 2/4, S = -0.848284
    assert raw({16: 0.9}, 20, [(10, 14)]) == pytest.approx(-1.0 - 0.11 * 0.84828363996)
    assert raw({40: 0.9}, 60, [(10, 14)]) == pytest.approx(-1.0 - 0.11)  # more than three lengths behind


def test_probation_is_15_percent_and_750_rows_at_most() -> None:
    assert [scoring.probation(rows) for rows in (20, 1127, 4032, 5000, 22695)] == [3, 169, 604, 750, 750]
    assert raw({2: 0.9}, 20, []) == 0.0
    assert raw({3: 0.9}, 20, []) == pytest.approx(-0.11)


def test_a_window_in_probation_can_be_neither_hit_nor_missed() -> None:
    one = scored({1: 0.9}, 20, [(0, 2), (10, 14)])
    assert scoring.at([one], 0.5) == -1.0
    assert one.labels == 2  # yet the perfect detector of NAB has it


def test_the_threshold_is_one_for_all_series() -> None:
    one = scored({10: 0.8, 5: 0.6}, 20, [(10, 14)])
    other = scored({10: 0.4, 5: 0.3}, 20, [(10, 14)])
    threshold, best = scoring.optimise([one, other])
    assert threshold == 0.4
    assert best == pytest.approx(1.0 - 0.11 + 1.0)
    assert scoring.normalise(best, [one, other]) == pytest.approx(100 * (1.89 + 2) / 4)


def test_the_silent_detector_has_0_and_the_perfect_one_100() -> None:
    silent, perfect = (
        scored({}, 40, [(10, 14), (30, 33)]),
        scored({10: 0.9, 30: 0.9}, 40, [(10, 14), (30, 33)]),
    )
    assert scoring.normalise(scoring.at([silent], 0.5), [silent]) == 0.0
    assert scoring.normalise(scoring.at([perfect], 0.5), [perfect]) == 100.0


def plain(scores: np.ndarray, windows: list[tuple[int, int]], threshold: float) -> float:
    """The rules read aloud, one alarm at a time."""
    total, best = 0.0, dict.fromkeys((w for w in windows if w[1] >= scoring.probation(len(scores))), -1.0)
    for row in range(scoring.probation(len(scores)), len(scores)):
        if scores[row] < threshold:
            continue
        inside = [w for w in windows if w[0] <= row <= w[1]]
        before = [w for w in windows if w[1] < row]
        if inside:
            left, right = inside[0]
            y = -(right - row + 1) / (right - left + 1)
            best[inside[0]] = max(best[inside[0]], (2 / (1 + exp(5 * y)) - 1) / WORST)
        elif before:
            y = (row - before[-1][1]) / (before[-1][1] - before[-1][0])
            total += 0.11 * (-1.0 if y > 3 else 2 / (1 + exp(5 * y)) - 1)
        else:
            total -= 0.11
    return total + sum(best.values())


@given(st.integers(0, 10_000))
def test_any_threshold_gives_what_the_rules_say(seed: int) -> None:
    random = np.random.default_rng(seed)
    edges = np.sort(random.choice(120, 6, replace=False))
    windows = [(int(a), int(b)) for a, b in edges.reshape(3, 2)]
    scores = random.integers(0, 12, 120) / 12.0
    thresholds, totals = scoring.totals([scoring.prepare(scores, windows)])
    assert list(thresholds) == sorted(set(scores[scoring.probation(120) :]) | {scoring.NEVER}, reverse=True)
    assert totals == pytest.approx([plain(scores, windows, threshold) for threshold in thresholds])


def test_series_are_read_with_their_windows_as_rows(tmp_path: Path) -> None:
    text = "timestamp,value\n" + "".join(f"2014-02-14 14:{5 * i:02}:00,{i}.5\n" for i in range(8))
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "one.csv.gz").write_bytes(gzip.compress(text.encode()))
    limits = [["2014-02-14 14:10:00.000000", "2014-02-14 14:20:00.000000"]]
    (tmp_path / "combined_windows.json").write_text(json.dumps({"set/one.csv": limits}))
    (one,) = corpus.read(tmp_path)
    assert one.name == "set/one.csv"
    assert one.windows == ((2, 4),)
    assert one.at[0] == 1_392_386_400_000
    assert list(one.values[:2]) == [0.5, 1.5]


def test_the_simple_detectors_do_what_they_are_named_after() -> None:
    values = np.append(np.tile([1.0, 2.0, 3.0, 4.0, 5.0], 20), 11.0)
    series = [Series("a", np.arange(101) * 60_000, values, ())]
    assert detectors.windowed_gaussian(series)[0][-1] == pytest.approx(1 - 0.5 * erfc(4.0), abs=1e-15)
    assert detectors.robust_z(series)[0][-1] == pytest.approx(8 / 1.4826 / (1 + 8 / 1.4826))
    assert detectors.robust_episodes(series)[0][-1] > detectors.robust_episodes(series)[0][:-1].max()
