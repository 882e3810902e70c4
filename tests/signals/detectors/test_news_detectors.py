"""Counts of the news: what an hour and a day bring against the week, judged only where collection ran."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shared.signals.chance import surprise
from shared.signals.detector import NO_BAR
from shared.signals.detectors import entity_momentum, news_burst
from shared.signals.families.family import Rows, nothing_told
from shared.signals.families.tally import Told, columns, counted, hour_of

HOUR = 489_924  # the hour of the look
LIVE_HOURS = 200


def told(rows: list[tuple[int, int, int, int]], keys: int = 1) -> Told:
    """Rows (lane, feed, hours ago, hours until known)."""
    lane, feed, ago, delay = np.array(rows, np.int64).reshape(-1, 4).T
    names = [str(n) for n in range(keys)]
    return Told(names, lane, feed, HOUR - ago, HOUR - ago + delay, np.ones(len(rows)))


def week(every: int = 7) -> list[tuple[int, int, int, int]]:
    """An article each so many hours of all the hours that can count."""
    return [(0, n % 5, n, 0) for n in range(1, LIVE_HOURS, every)]


def rows_of(table: Told, recent: int, slots: int) -> Rows:
    return Rows(columns(counted(table, HOUR, recent, slots)), nothing_told)


def burst(table: Told) -> Any:
    return news_burst.score(rows_of(table, 1, 168), NO_BAR).score


def momentum(table: Told) -> Any:
    return entity_momentum.score(rows_of(table, 24, 7), NO_BAR).score


def test_an_hour_is_named_by_its_end() -> None:
    assert hour_of(7_200_000) == 2
    assert hour_of(7_200_001) == 3
    assert hour_of(3_600_001) == 2


def test_an_hour_is_counted_against_the_hours_before_it() -> None:
    found = counted(told([*week(), *[(0, n % 4, 0, 0) for n in range(9)]]), HOUR, 1, 168)
    inside = [ago for _, _, ago, _ in week() if 1 <= ago <= 168]
    assert (found.count[0], found.feeds[0], found.slots) == (9, 4, 168)
    assert found.events[0] == len(inside)
    by_hour = np.bincount([ago - 1 for ago in inside], minlength=168)
    assert found.variance[0] == pytest.approx(by_hour.var(ddof=1))


def test_many_articles_by_several_feeds_are_a_burst_and_its_evidence_computes_the_score() -> None:
    rows = rows_of(told([*week(), *[(0, n % 4, 0, 0) for n in range(9)]]), 1, 168)
    scores, e = news_burst.score(rows, NO_BAR), news_burst.evidence(rows, 0, NO_BAR)
    assert scores.score[0] >= 5
    assert scores.side[0] == 0
    assert scores.score[0] == surprise(e["count"], e["mean"], e["dispersion"])
    assert e["mean"] == (e["events"] + 0.5) / e["slots"]
    unsteady = (e["variance"] - e["events"] / e["slots"]) / (e["events"] / e["slots"]) ** 2
    assert e["dispersion"] == pytest.approx(1 / (e["events"] + 0.5) + min(max(unsteady, 0.25), 2))


@pytest.mark.parametrize(("articles", "feeds"), [(20, 2), (20, 1), (2, 2), (0, 1)])
def test_few_feeds_or_few_articles_are_no_burst(articles: int, feeds: int) -> None:
    assert burst(told([*week(), *[(0, n % feeds, 0, 0) for n in range(articles)]]))[0] < 5


def test_what_became_known_late_counts_neither_as_news_nor_as_usual() -> None:
    late = [(0, n % 4, n % 3, 7) for n in range(30)]
    found = counted(told([*week(), *late]), HOUR, 1, 168)
    assert (found.count[0], found.events[0]) == (0, len([1 for _, _, ago, _ in week() if 1 <= ago <= 168]))


def test_nothing_is_judged_before_three_days_of_collection() -> None:
    short = [(0, n % 5, n, 0) for n in range(1, 60)]
    assert counted(told(short), HOUR, 1, 168).slots == 0
    assert burst(told([*short, *[(0, n % 4, 0, 0) for n in range(20)]]))[0] == 0
    assert counted(told([(0, n % 5, n, 0) for n in range(1, 90)]), HOUR, 1, 168).slots == 88


def test_a_busy_day_is_momentum_and_a_busy_week_is_not() -> None:
    usual = [(0, n % 5, n, 0) for n in range(0, LIVE_HOURS, 4)]
    assert momentum(told(usual))[0] == 0
    assert momentum(told([*usual, *[(0, n % 4, n, 0) for n in range(24)] * 2]))[0] >= 5
    wide = [(0, n % 5, n, 0) for n in range(LIVE_HOURS)]
    assert momentum(told(wide))[0] < 5


@pytest.mark.parametrize("seed", range(3))
def test_independent_articles_raise_nothing(seed: int) -> None:
    """130 assets, from one article in eight days to four an hour, busier by day and on weekdays."""
    rng, assets = np.random.default_rng(seed), 130
    hours = np.arange(LIVE_HOURS + 60)
    rhythm = (1 + 0.6 * np.sin(2 * np.pi * hours / 24)) * np.where(hours // 24 % 7 < 5, 1.15, 0.63)
    n = rng.poisson(np.exp(np.linspace(np.log(0.005), np.log(4), assets))[:, None] * rhythm)
    lane, hour = np.repeat(np.indices(n.shape).reshape(2, -1), n.ravel(), axis=1)
    feed = rng.integers(0, 33, len(lane))
    for look in range(LIVE_HOURS, LIVE_HOURS + 60, 5):
        seen = (hour <= look) & (hour > look - 195)
        at = HOUR - look + hour[seen]
        table = Told([str(k) for k in range(assets)], lane[seen], feed[seen], at, at, np.ones(seen.sum()))
        assert burst(table).max() < 5
        assert momentum(table).max() < 5
