"""Patterns of signals: planted ones are found, chance is not."""

from __future__ import annotations

import random
from math import exp

import pytest

from shared.models import DAY, HOUR, MINUTE
from shared.signals.patterns import LEAST, WITHIN, Event, by_hour, by_weekday, correlations, wilson

START, END = 0, 400 * DAY


def random_events(type: str, n: int, asset: int, seed: int) -> list[Event]:
    rng = random.Random(seed)
    return [(type, asset, rng.randrange(START, END)) for _ in range(n)]


def test_wilson_interval_of_a_known_share() -> None:
    low, high = wilson(8, 10)
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0


def test_independent_types_show_no_lift() -> None:
    events = [*random_events("a", 3000, 1, 1), *random_events("b", 3000, 1, 2)]
    for pair in correlations(events, START, END):
        assert pair.lift_95[0] < 1 < pair.lift_95[1]
        assert pair.expected == pytest.approx(1 - exp(-3000 / 400 * WITHIN / DAY), rel=0.02)


def test_the_interval_of_no_lift_covers_one_as_often_as_promised() -> None:
    pairs = [
        pair
        for seed in range(40)
        for pair in correlations(
            [*random_events("a", 400, 1, 2 * seed), *random_events("b", 900, 1, 2 * seed + 1)], START, END
        )
    ]
    covered = sum(pair.lift_95[0] <= 1 <= pair.lift_95[1] for pair in pairs)
    assert len(pairs) == 80
    assert covered >= 70  # of 80 at 95 %: fewer come about once in 10,000


def test_types_that_began_to_be_collected_late_show_no_lift() -> None:
    rng = random.Random(8)
    late = END - 30 * DAY

    def events(type: str) -> list[Event]:
        """Few over the whole time, and many more since bars of five minutes are there."""
        whole = [(type, rng.randrange(1, 40), rng.randrange(START, END)) for _ in range(300)]
        return whole + [(type, rng.randrange(1, 40), rng.randrange(late, END)) for _ in range(900)]

    for pair in correlations([*events("a"), *events("b")], START, END):
        assert pair.lift_95[0] < 1 < pair.lift_95[1]
        assert pair.lift < 1.5


def test_what_happens_to_the_whole_market_counts_once() -> None:
    rng = random.Random(9)

    def events(type: str) -> list[Event]:
        """On forty assets within an hour, forty times."""
        starts = [rng.randrange(START, END) for _ in range(40)]
        return [(type, asset, at + rng.randrange(HOUR)) for at in starts for asset in range(40)]

    found = correlations([*events("a"), *events("b")], START, END)
    assert len(found) == 2
    assert all(pair.lift_95[0] < 1 < pair.lift_95[1] for pair in found)
    assert all(slot.share_95[0] < slot.even for slot in by_hour([at for _, _, at in events("a")], END))


def test_a_type_that_follows_is_found_in_its_direction_only() -> None:
    first = random_events("a", 300, 1, 3)
    then = [("b", 1, at + 30 * MINUTE) for _, _, at in first[::2]]
    found = {(pair.first, pair.then): pair for pair in correlations([*first, *then], START, END)}
    forward = found["a", "b"]
    assert forward.together >= 150
    assert forward.lift_95[0] > 3
    assert forward.median_delay_ms == 30 * MINUTE
    assert found["b", "a"].lift < 2


def test_other_assets_do_not_count() -> None:
    first = random_events("a", 300, 1, 4)
    elsewhere = [("b", 2, at + HOUR) for _, _, at in first]
    assert correlations([*first, *elsewhere], START, END) == []


def test_too_few_are_not_shown() -> None:
    rare = random_events("a", LEAST - 1, 1, 5)
    assert all(
        pair.first != "a" for pair in correlations([*rare, *random_events("b", 500, 1, 6)], START, END)
    )


def test_what_cannot_have_been_followed_yet_is_not_judged() -> None:
    late = [("a", 1, END - HOUR + n) for n in range(LEAST)]
    assert all(pair.first != "a" for pair in correlations([*late, *random_events("b", 9, 1, 7)], START, END))


def test_hours_and_weekdays() -> None:
    monday_nine = 1_763_974_800_000  # 2025-11-24T09:00Z
    ats = [monday_nine + week * 7 * DAY for week in range(60)]
    hours, days = by_hour(ats, ats[-1] + HOUR), by_weekday(ats, ats[-1] + HOUR)
    assert [slot.n for slot in hours].index(60) == 9
    assert hours[9].share_95[0] > hours[9].even
    assert days[0].slot == "Monday"
    assert days[0].n == 60
    assert sum(slot.n for slot in days) == 60
    assert all(slot.share == 0 for slot in by_hour([], END))


def test_an_even_spread_is_over_the_time_there_was() -> None:
    sunday = 1_763_856_000_000  # 2025-11-23T00:00Z
    days = by_weekday([sunday + n * HOUR for n in range(48)], sunday + 2 * DAY)
    assert [slot.even for slot in days] == [0.5, 0, 0, 0, 0, 0, 0.5]
    assert [slot.share for slot in days] == [0.5, 0, 0, 0, 0, 0, 0.5]
