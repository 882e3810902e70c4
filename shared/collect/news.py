"""Articles on their way into the store: only what is new, with mood, names and what it repeats."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared.env import Env
from shared.models import Article
from shared.news.duplicates import WITHIN, Headlines
from shared.news.entities import Tagger
from shared.news.sentiment import MODEL, sentiment
from shared.store import articles
from shared.store.articles import NewArticle
from shared.store.assets import Assets


class Desk:
    """One for a run: what was told lately is read once and grows with what comes in.

    Hold `turn` from `examine` until its articles are stored: what the next feed repeats is then there.
    """

    def __init__(self, env: Env, assets: Assets) -> None:
        self.env, self.assets = env, assets
        self.turn = asyncio.Lock()
        self.headlines: Headlines | None = None
        self.tagger: Tagger | None = None

    async def examine(self, found: Sequence[Article]) -> list[NewArticle]:
        """Those whose key is not stored yet, oldest first: the first to tell is the original."""
        by_key = {article.key: article for article in found}
        known = await articles.known(self.env.db, by_key) if by_key else set()
        new = sorted((a for a in by_key.values() if a.key not in known), key=lambda a: (a.at, a.key))
        if not new:
            return []
        headlines = await self.told()
        self.tagger = self.tagger or tagger_of(self.env, self.assets)
        return [new_article(article, headlines, self.tagger) for article in new]

    async def told(self) -> Headlines:
        if self.headlines is None:
            self.headlines = Headlines()
            for key, title, at in await articles.originals(self.env.db, self.env.now() - WITHIN):
                self.headlines.add(key, title, at)
        return self.headlines


def tagger_of(env: Env, assets: Assets) -> Tagger:
    """The tagger of these assets, kept by the process: its pattern takes milliseconds to build."""
    kept = env.memory.get("tagger")
    names = tuple(assets)
    if kept is None or kept[0] != names:
        kept = env.memory["tagger"] = (names, Tagger(names))
    tagger: Tagger = kept[1]
    return tagger


def new_article(article: Article, headlines: Headlines, tagger: Tagger) -> NewArticle:
    """The headline gives the mood; headline and summary give the names."""
    named = tagger.find(article.title, article.summary or "")
    return NewArticle(
        article,
        sentiment(article.title).score,
        MODEL,
        headlines.original_of(article.key, article.title, article.at),
        named.assets,
        named.entities,
    )
