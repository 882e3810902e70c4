"""The same story told twice."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.models import HOUR
from shared.news.duplicates import ALIKE, FEWEST, Headlines, Title, title_of

AT = 1_763_726_400_000


def test_equal_titles_whatever_their_case_and_punctuation() -> None:
    known = Headlines()
    known.add("a", "Bitcoin hits $100,000!", AT)
    assert known.original_of("b", "BITCOIN hits $100,000", AT + HOUR) == "a"
    assert known.original_of("c", "Bitcoin hits $100,000 - CoinDesk", AT) == "a"


def test_nearly_equal_titles() -> None:
    known = Headlines()
    known.add("a", "SEC approves first spot Solana ETF in the United States", AT)
    assert known.original_of("b", "SEC approves the first spot Solana ETF in United States today", AT) == "a"
    assert known.original_of("c", "SEC rejects a spot Dogecoin ETF filing by Bitwise", AT) is None


def test_the_same_words_two_days_later_are_news() -> None:
    known = Headlines()
    known.add("a", "Bitcoin drops below support as traders wait for the Fed", AT)
    title = "Bitcoin drops below support as traders wait for the Fed"
    assert known.original_of("b", title, AT + 48 * HOUR) == "a"
    assert known.original_of("c", title, AT + 49 * HOUR) is None


def test_titles_that_differ_in_a_number_are_two_stories() -> None:
    known = Headlines()
    known.add("a", "Bitcoin price analysis and forecast for November 20", AT)
    assert known.original_of("b", "Bitcoin price analysis and forecast for November 21", AT) is None


def test_short_titles_must_be_equal() -> None:
    known = Headlines()
    known.add("a", "Market wrap today", AT)
    assert known.original_of("b", "Market wrap", AT) is None
    assert known.original_of("c", "Market Wrap: today", AT) == "a"


def test_a_repeat_of_a_repeat_points_at_the_original() -> None:
    known = Headlines()
    title = "Exchange hacked and forty million dollars drained overnight"
    assert known.original_of("a", title, AT) is None
    assert known.original_of("b", title + " says", AT) == "a"
    assert known.original_of("c", title + " says report", AT) == "a"


WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "5", "6"]


def brute(titles: list[str]) -> list[str | None]:
    """All pairs, without the index."""
    found: list[str | None] = []
    known: list[Title] = []
    for number, text in enumerate(titles):
        own = title_of(str(number), text, AT)
        equal = [other.key for other in known if other.words == own.words]
        alike = [
            (len(own.words & other.words) / len(own.words | other.words), -i)
            for i, other in enumerate(known)
            if min(len(own.words), len(other.words)) >= FEWEST
            and len(own.words & other.words) / len(own.words | other.words) >= ALIKE
            and own.numbers == other.numbers
        ]
        original = equal[0] if equal else known[-max(alike)[1]].key if alike else None
        found.append(original)
        if original is None:
            known.append(own)
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), max_size=14))
def test_the_index_finds_what_comparing_all_pairs_finds(titles: list[str]) -> None:
    known = Headlines()
    assert [known.original_of(str(n), title, AT) for n, title in enumerate(titles)] == brute(titles)
