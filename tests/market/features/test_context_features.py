"""Calendar, books, news and the market as a whole against plain Python."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime
from math import log, log1p

import numpy as np
import pytest

from shared.market.features.books import book_features, sides
from shared.market.features.breadth import LEAST_ASSETS, Returns, breadth_features
from shared.market.features.calendar import calendar
from shared.market.features.dictionary import BY_NAME, of_groups
from shared.market.features.news import Articles, news_features
from shared.models import DAY, HOUR, MINUTE

T = 1_763_726_400_000  # 2025-11-21T12:00:00Z, a Friday


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-21T12:00", {"weekend": 0, "hours_to_funding": 4, "us_session": 0, "asia_session": 0}),
        ("2025-11-22T04:00", {"weekend": 1, "hours_to_funding": 4, "asia_session": 0}),
        ("2025-11-24T04:00", {"weekend": 0, "asia_session": 1, "us_session": 0}),
        ("2025-11-24T13:00", {"us_session": 1, "asia_session": 0}),
        ("2025-11-24T21:00", {"us_session": 0}),
        ("2025-11-24T16:00", {"hours_to_funding": 0}),
        ("2025-11-28T08:00", {"days_to_expiry": 0, "days_to_month_end": 2 + 16 / 24}),
        ("2025-11-28T09:00", {"days_to_expiry": 27 + 23 / 24}),  # 2025-12-26T08:00
        ("2024-02-28T00:00", {"days_to_month_end": 2, "days_to_quarter_end": 33}),
        ("2025-12-31T18:00", {"days_to_month_end": 0.25, "days_to_quarter_end": 0.25}),
        ("2025-11-24T06:00", {"hour_sin": 1, "hour_cos": 0}),
        ("2025-11-24T00:00", {"weekday_sin": 0, "weekday_cos": 1}),
        ("2025-01-01T00:00", {"year_sin": 0, "year_cos": 1}),
    ],
)
def test_calendar(text: str, expected: dict[str, float]) -> None:
    found = calendar(np.array([ms(text)]))
    assert set(found) == {one.name for one in of_groups(("calendar",))}
    assert {name: float(found[name][0]) for name in expected} == pytest.approx(expected, abs=1e-12)


def test_a_book_in_plain_numbers() -> None:
    rng = np.random.default_rng(0)
    bids = [[100 - 0.1 * (i + 1), float(q)] for i, q in enumerate(rng.uniform(1, 9, 20))]
    asks = [[100 + 0.1 * (i + 1), float(q)] for i, q in enumerate(rng.uniform(1, 9, 20))]
    found = book_features(sides([bids, bids[:5]]), sides([asks, asks[:7]]))

    def usd(side: list[list[float]], n: int) -> float:
        return sum(price * size for price, size in side[:n])

    (bid, bid_size), (ask, ask_size) = bids[0], asks[0]
    middle = (bid + ask) / 2
    micro = (bid * ask_size + ask * bid_size) / (bid_size + ask_size)
    whole = usd(bids, 20) + usd(asks, 20)
    expected = {
        "spread_bps": 1e4 * (ask - bid) / middle,
        "micro_gap_bps": 1e4 * (micro - middle) / middle,
        "book_depth_20": log(whole),
        "book_top_share": (usd(bids, 5) + usd(asks, 5)) / whole,
        "book_reach_bps": 1e4 * ((asks[19][0] - middle) + (middle - bids[19][0])) / 2 / middle,
    } | {
        f"book_imbalance_{n}": (usd(bids, n) - usd(asks, n)) / (usd(bids, n) + usd(asks, n))
        for n in (1, 5, 20)
    }
    assert {name: float(column[0]) for name, column in found.items()} == pytest.approx(expected, rel=1e-12)
    assert set(found) == {one.name for one in of_groups(("order_book",))}
    shallow = {name for name, column in found.items() if np.isnan(column[1])}
    assert shallow == {"book_imbalance_20", "book_depth_20", "book_top_share", "book_reach_bps"}


def articles(rows: list[tuple[int, int, int, float]]) -> Articles:
    ordered = sorted(rows, key=lambda row: row[1])
    asset, at, known_at = (np.array([row[i] for row in ordered], np.int64) for i in range(3))
    return Articles(asset, at, known_at, np.array([row[3] for row in ordered]))


def test_news_of_an_asset_among_all() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for _ in range(300):
        at = T - int(rng.integers(0, 30 * 60)) * MINUTE
        rows.append((int(rng.integers(1, 4)), at, at + int(rng.choice([0, DAY])), float(rng.uniform(-1, 1))))
    found = news_features(articles(rows), np.array([2, 9]), np.array([T, T]), np.array([T + MINUTE] * 2))
    known = [row for row in rows if row[2] <= T + MINUTE and T - DAY < row[1] <= T]

    def moods(asset: int | None, hours: int) -> list[float]:
        return [m for a, at, _, m in known if asset in (None, a) and at > T - hours * HOUR]

    day, six, everyone = moods(2, 24), moods(2, 6), moods(None, 24)
    expected = {
        "sentiment_mean_6h": statistics.mean(six),
        "sentiment_mean_24h": statistics.mean(day),
        "sentiment_shift_6h": statistics.mean(six) - statistics.mean(day),
        "sentiment_spread_24h": statistics.stdev(day),
        "negative_share_24h": sum(m < -0.05 for m in day) / len(day),
        "market_sentiment_6h": statistics.mean(moods(None, 6)),
        "market_sentiment_shift_6h": statistics.mean(moods(None, 6)) - statistics.mean(everyone),
        "relative_sentiment_24h": statistics.mean(day) - statistics.mean(everyone),
        "articles_1h": log1p(len(moods(2, 1))),
        "articles_24h": log1p(len(day)),
        "articles_burst_6h": log((1 + len(six)) / (1 + len(day) / 4)),
        "articles_share_24h": len(day) / len(everyone),
    }
    assert {name: float(found[name][0]) for name in expected} == pytest.approx(expected, rel=1e-12)
    assert set(found) <= set(BY_NAME)
    assert (found["articles_24h"][1], np.isnan(found["sentiment_mean_24h"][1])) == (0.0, True)


def test_without_any_news_nothing_is_known() -> None:
    old = articles([(1, T - 2 * DAY, T - 2 * DAY, 0.5)])
    found = news_features(old, np.array([1]), np.array([T]), np.array([T]))
    assert found == {}


def test_each_moment_sees_its_own_day() -> None:
    told = articles([(1, T - 3 * HOUR, T, 1.0), (1, T - HOUR // 2, T, -1.0)])
    at = np.array([T - 2 * HOUR, T, T, T + 30 * HOUR])
    known_by = np.array([T, T, T - 1, T + 30 * HOUR])
    mood = news_features(told, np.ones(4, np.int64), at, known_by)["sentiment_mean_24h"]
    np.testing.assert_array_equal(mood, [1.0, 0.0, np.nan, np.nan])


def test_the_market_as_a_whole() -> None:
    rng = np.random.default_rng(2)
    count = LEAST_ASSETS + 5
    bar, day = rng.normal(0, 0.01, count), rng.normal(0, 0.05, count)
    at, asset = np.full(count, T), np.arange(count)
    rows = Returns(at[:4], asset[:4], bar[:4], day[:4])
    found = breadth_features(rows, Returns(at[4:], asset[4:], bar[4:], day[4:]))
    expected = {
        "market_up_share": sum(bar > 0) / count,
        "market_up_share_24": sum(day > 0) / count,
        "market_return_1": statistics.mean(bar),
        "market_return_24": statistics.mean(day),
        "market_dispersion_24": statistics.stdev(day),
        "relative_strength_24": (day[2] - statistics.mean(day)) / statistics.stdev(day),
    }
    assert {name: float(column[2]) for name, column in found.items()} == pytest.approx(expected, rel=1e-9)


def test_a_few_assets_are_no_market_and_closes_do_not_mix() -> None:
    count = LEAST_ASSETS
    at = np.array([T] * count + [T + HOUR] * (count - 1))
    asset = np.concatenate((np.arange(count), np.arange(count - 1)))
    moves = np.linspace(-1, 1, len(at))
    day = moves.copy()
    day[0] = np.nan
    none = Returns(*(np.empty(0, np.int64),) * 2, *(np.empty(0),) * 2)
    found = breadth_features(Returns(at, asset, moves, day), none)
    assert found["market_return_1"][0] == pytest.approx(moves[:count].mean())
    assert np.isnan(found["market_return_1"][count:]).all()
    assert np.isnan(found["market_return_24"]).all()
