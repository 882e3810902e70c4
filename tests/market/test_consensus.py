"""One wrong source never moves the price; without a majority there is none."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shared.market.consensus import WINDOW, consensus
from shared.models import Quote

NOW = 1_763_726_400_000


def quote(source: str, price: float, at: int = NOW) -> Quote:
    return Quote(asset=1, source=source, at=at, price=price)


def agreed(*prices: float) -> tuple[float | None, str]:
    found = consensus([quote(f"s{i}", p) for i, p in enumerate(prices)], NOW)
    assert found is not None
    return found.price, found.state


def test_whole_record_of_three_sources_with_one_wrong() -> None:
    found = consensus([quote("b", 100.0), quote("c", 1000.0), quote("a", 100.2, NOW - 5)], NOW)
    assert found is not None
    assert (found.price, found.at, found.state) == (100.1, NOW, "agreed")
    assert found.spread_bps is not None
    assert round(found.spread_bps, 2) == 19.98
    assert [(v.source, v.used) for v in found.votes] == [("a", True), ("b", True), ("c", False)]


def test_no_quote_is_no_consensus() -> None:
    assert consensus([], NOW) is None


def test_a_single_source_says_so() -> None:
    assert agreed(7.0) == (7.0, "single")


def test_two_sources_agree_within_five_percent() -> None:
    assert agreed(100.0, 102.0) == (101.0, "agreed")
    assert agreed(100.0, 106.0) == (None, "none")


def test_two_against_two_is_no_majority() -> None:
    assert agreed(100.0, 100.0, 1000.0, 1000.0) == (None, "none")


def test_equal_prices_do_not_make_the_next_cent_an_outlier() -> None:
    found = consensus([quote("a", 100.0), quote("b", 100.0), quote("c", 100.1)], NOW)
    assert found is not None
    assert all(vote.used for vote in found.votes)


def test_the_weight_of_a_source_counts() -> None:
    quotes = [quote("good", 100.0), quote("poor", 101.0)]
    found = consensus(quotes, NOW, {"good": 0.9, "poor": 0.2})
    assert found is not None
    assert found.price == 100.0


def test_an_old_quote_does_not_vote() -> None:
    found = consensus([quote("a", 100.0), quote("b", 90.0, NOW - WINDOW - 1)], NOW)
    assert found is not None
    assert (found.price, found.state) == (100.0, "single")


def test_a_quote_from_the_future_does_not_vote() -> None:
    assert consensus([quote("a", 100.0, NOW + 120_000)], NOW) is None


@given(
    price=st.floats(1e-6, 1e6),
    noise=st.lists(st.floats(-0.002, 0.002), min_size=2, max_size=6),
    wrong=st.sampled_from([0.0, 1e-3, 0.1, 10.0, 1e6]),
)
def test_one_source_times_ten_never_moves_the_price(price: float, noise: list[float], wrong: float) -> None:
    honest = [quote(f"s{i}", price * (1 + n)) for i, n in enumerate(noise)]
    liar = quote("liar", price * wrong or price * 1e-9)
    found = consensus([*honest, liar], NOW)
    assert found is not None
    assert found.price is not None
    assert min(q.price for q in honest) <= found.price <= max(q.price for q in honest)
    assert [v.source for v in found.votes if not v.used] == ["liar"]


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=8), st.randoms())
def test_order_of_the_quotes_does_not_matter(prices: list[float], random: object) -> None:
    quotes = [quote(f"s{i}", p) for i, p in enumerate(prices)]
    shuffled = [replace(q) for q in quotes]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert consensus(quotes, NOW) == consensus(shuffled, NOW)
