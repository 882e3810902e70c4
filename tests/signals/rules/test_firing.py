"""A rule fires where false turns to true, once, and not again within the cooldown; however bars are cut."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from shared.models import HOUR
from shared.signals.rules.firing import Progress, fire

WORDS = {"F": 0, "?": 1, "T": 2}


def fired(pattern: str, cooldown: int = HOUR, before: Progress | None = None) -> list[int]:
    rows, _ = fire(*columns(pattern), cooldown, before or Progress(0))
    return rows


def columns(pattern: str) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    at = np.arange(1, len(pattern) + 1) * HOUR
    return np.array([WORDS[letter] for letter in pattern], np.int8), at


@pytest.mark.parametrize(
    ("pattern", "rows"),
    [
        ("FTTT", [1]),
        ("FTFT", [1, 3]),
        ("TTT", []),  # nobody knows since when
        ("?TT", []),
        ("??TFT", [4]),
        ("F?T", [2]),  # unknown changes nothing
        ("FT?TT", [1]),
        ("FT??FT", [1, 5]),
        ("T?FT", [3]),
        ("????", []),
        ("", []),
    ],
)
def test_false_must_turn_to_true(pattern: str, rows: list[int]) -> None:
    assert fired(pattern) == rows


def test_within_the_cooldown_nothing_fires_again() -> None:
    assert fired("FTFTFTFT", cooldown=3 * HOUR) == [1, 5]
    assert fired("FTFTFTFT", cooldown=4 * HOUR) == [1, 5]
    assert fired("FTFTFTFT", cooldown=5 * HOUR) == [1, 7]


def test_bars_that_were_seen_tell_what_was_and_fire_no_more() -> None:
    assert fired("FTFT", before=Progress(2 * HOUR)) == [3]
    assert fired("FFTT", before=Progress(2 * HOUR)) == [2]
    assert fired("F??T", before=Progress(3 * HOUR)) == [3]
    assert fired("TTTT", before=Progress(2 * HOUR)) == []


def test_what_was_known_before_goes_first() -> None:
    assert fired("?T", before=Progress(0, WORDS["F"])) == [1]
    assert fired("FT", before=Progress(HOUR, WORDS["T"])) == []
    assert fired("FT", 5 * HOUR, Progress(HOUR, WORDS["F"], fired_at=-2 * HOUR)) == []
    assert fired("FT", 4 * HOUR, Progress(HOUR, WORDS["F"], fired_at=-2 * HOUR)) == [1]


def test_any_cut_into_runs_fires_the_same() -> None:
    random = Random(7)
    for _ in range(200):
        pattern = "".join(random.choices("FT?", k=30))
        cooldown = random.choice((HOUR, 3 * HOUR, 7 * HOUR))
        verdicts, at = columns(pattern)
        whole, after = fire(verdicts, at, cooldown, Progress(0))
        progress, parts, done = Progress(0), list[int](), 0
        while done < len(pattern):
            done = min(len(pattern), done + random.randint(1, 6))
            start = max(0, done - random.randint(6, 12))  # a run reads some bars it has seen
            rows, progress = fire(verdicts[start:done], at[start:done], cooldown, progress)
            parts += [start + row for row in rows]
        assert (parts, progress) == (whole, after)
