"""An article in its public shape, the same over REST and in the live stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.news.sentiment import label_of

if TYPE_CHECKING:
    from shared.store.articles import StoredArticle


def article_json(article: StoredArticle) -> dict[str, Any]:
    """`id` is a string in every channel: readers merge live articles into a page by it."""
    return {
        "id": str(article.id),
        "title": article.title,
        "url": article.url,
        "source": article.feed,
        "summary": article.summary,
        "at": article.at,
        "known_at": article.known_at,
        "sentiment": sentiment_json(article.sentiment, article.sentiment_model),
        "symbols": article.symbols,
    }


def sentiment_json(score: float | None, model: str | None) -> dict[str, Any] | None:
    """None where nobody rated the article."""
    return None if score is None else {"score": score, "label": label_of(score), "model": model}
