"""What the news say of a signal: the stories near it, how many tell them, or that nobody does."""

from __future__ import annotations

from typing import Any

import pytest

from shared.env import Env
from shared.models import DAY, HOUR, MINUTE, Article
from shared.signals.raising import explained
from shared.store import articles
from shared.store.articles import NewArticle
from shared.store.signals import Signal

AT = 1_763_726_400_000


async def tell(env: Env, key: str, feed: str, at: int, *, repeats: str | None = None, known: int = 0) -> int:
    """Store one article about Bitcoin; its id."""
    article = Article(key, feed, f"https://example.com/{key}", f"Title {key}", at)
    new = NewArticle(article, 0.1, "test", repeats, (1,))
    await env.db.batch(articles.add_statements(env.db, [new], known or at + MINUTE))
    ((id,),) = await env.db.prepare("SELECT id FROM articles WHERE key = ?").bind(key).raw()
    return int(id)


def a_signal(*, step: int = HOUR, known_at: int = AT + MINUTE, **evidence: Any) -> Signal:
    return Signal(
        id="S",
        key="price_anomaly:bitcoin:1h:1",
        type="price_anomaly",
        asset=1,
        symbol="BTC",
        name="Bitcoin",
        direction="up",
        raw_score=7.0,
        confidence_score=None,
        step=step,
        at=AT,
        known_at=known_at,
        reference_price=1.0,
        state="active",
        created_at=known_at,
        updated_at=known_at,
        expires_at=AT + DAY,
        metadata=evidence,
    )


async def test_copies_of_a_story_are_one_story_told_by_several_feeds(env: Env) -> None:
    first = await tell(env, "k1", "coindesk", AT - 90 * MINUTE)
    copy = await tell(env, "k2", "decrypt", AT - 60 * MINUTE, repeats="k1")
    other = await tell(env, "k3", "coindesk", AT - 30 * MINUTE)
    found = (await explained(env, a_signal())).metadata
    assert found["news"] == {
        "articles": [other, copy, first],
        "stories": 2,
        "feeds": 2,
        "first_at": AT - 90 * MINUTE,
    }
    assert found["articles"] == [other, copy, first]
    assert found["explained"] is True


async def test_a_copy_alone_stands_for_its_story(env: Env) -> None:
    await tell(env, "k1", "coindesk", AT - 5 * HOUR)
    copy = await tell(env, "k2", "decrypt", AT - HOUR, repeats="k1")
    found = (await explained(env, a_signal())).metadata["news"]
    assert (found["articles"], found["stories"], found["first_at"]) == ([copy], 1, AT - HOUR)


async def test_without_news_a_signal_says_so(env: Env) -> None:
    found = (await explained(env, a_signal())).metadata
    assert found == {
        "articles": [],
        "explained": False,
        "news": {"articles": [], "stories": 0, "feeds": 0, "first_at": None},
    }


@pytest.mark.parametrize(
    ("at", "known", "counts"),
    [
        (AT - 121 * MINUTE, 0, False),  # long before
        (AT - 119 * MINUTE, 0, True),
        (AT - MINUTE, AT + 2 * MINUTE, False),  # nobody knew when the signal was raised
        (AT + HOUR, 0, False),
    ],
)
async def test_only_what_was_near_and_known_explains(env: Env, at: int, known: int, counts: bool) -> None:
    await tell(env, "k", "coindesk", at, known=known)
    assert (await explained(env, a_signal())).metadata["explained"] is counts


async def test_a_signal_found_in_history_is_not_explained_by_the_years_since(env: Env) -> None:
    """It became known when the history was imported; what was written long after it tells of other things."""
    during = await tell(env, "k1", "coindesk", AT + HOUR)
    await tell(env, "k2", "coindesk", AT + 3 * HOUR)
    found = (await explained(env, a_signal(known_at=AT + 300 * DAY))).metadata
    assert found["articles"] == [during]


async def test_articles_that_a_detector_counted_stay_its_evidence(env: Env) -> None:
    near = await tell(env, "k1", "coindesk", AT - MINUTE)
    found = (await explained(env, a_signal(step=0, articles=[41, 42]))).metadata
    assert found["articles"] == [41, 42]
    assert found["news"]["articles"] == [near]
