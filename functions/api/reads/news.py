"""News: the latest articles, with sentiment and the assets they speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.api.query import cursor_of
from functions.api.reads import AS_OF, CURSOR, LIMIT, Ask, Parameter, Read
from shared.models import LATEST

if TYPE_CHECKING:
    from shared.store.articles import StoredArticle

CLEAR = 0.05  # VADER's own border between neutral and not


async def latest(ask: Ask) -> dict[str, Any]:
    from shared.store import articles

    query, symbol = ask.query, ask.query.text("symbol")
    limit, before = query.limit(), query.cursor(int, int)
    as_of = query.as_of(ask.env.now())
    found = await articles.page(
        ask.env.db,
        asset=(await ask.snapshots.asset(symbol)).id if symbol else None,
        as_of=LATEST if as_of is None else as_of,
        before=(before[0], before[1]) if before else None,
        limit=limit + 1,
    )
    page, more = found[:limit], len(found) > limit
    return {
        "data": [article_json(article) for article in page],
        "next_cursor": cursor_of((page[-1].at, page[-1].id)) if more else None,
    }


def article_json(article: StoredArticle) -> dict[str, Any]:
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
    if score is None:
        return None
    label = "positive" if score >= CLEAR else "negative" if score <= -CLEAR else "neutral"
    return {"score": score, "label": label, "model": model}


READS = (
    Read(
        "/api/v1/news/crypto/latest",
        "Articles, newest first, duplicates left out",
        "read:news",
        "news",
        latest,
        (Parameter("symbol", "Articles about one asset, by any of its names"), LIMIT, CURSOR, AS_OF),
    ),
)
