"""Tables filled as a collection fills them, run by run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from shared.env import Env
from shared.models import MINUTE, Article, Metric, Quote
from shared.signals.detect_tables import detect_tables
from shared.signals.raising import Names, Tally
from shared.store import articles, metrics, quotes, signals
from shared.store.articles import NewArticle
from shared.store.assets import source_ids

START = 1_763_726_400_000


async def look(env: Env, now: int) -> Tally:
    """One run at an instant."""
    env.now = lambda: now
    return await detect_tables(env, Names(env.db), lambda at: max(at, now))


async def raised(env: Env, type: str) -> list[signals.Signal]:
    """The signals of one type, oldest first."""
    return (await signals.page(env.db, types=(type,)))[::-1]


async def tell(env: Env, values: Iterable[tuple[str, int, float]], known_at: int, source: str = "x") -> None:
    """Store metrics (name, at, value)."""
    ids = await source_ids(env.db, {source})
    rows = [Metric(name, source, at, value) for name, at, value in values]
    await env.db.batch(metrics.add_statements(env.db, rows, ids, known_at))


async def quote(env: Env, prices: Sequence[tuple[int, str, float]], now: int) -> None:
    """Store what sources say of assets: (asset, source, price)."""
    await quotes.add(env.db, [Quote(asset, source, now, price) for asset, source, price in prices], now)


async def publish(
    env: Env, told: Iterable[tuple[str, str, int, dict[str, Any]]], delay: int = MINUTE
) -> None:
    """Store articles (key, feed, at, more), each known `delay` ms after it appeared."""
    for key, feed, at, more in told:
        article = Article(key, feed, f"https://example.com/{key}", f"Title {key}", at)
        new = NewArticle(article, more.pop("mood", 0.1), "test", **more)
        await env.db.batch(articles.add_statements(env.db, [new], at + delay))


async def all_rows(env: Env) -> dict[str, list[Any]]:
    """All that detection writes; the versions of the states apart."""
    tables = ("signals", "signal_outcomes", "outbox")
    found = {name: await env.db.prepare(f"SELECT * FROM {name} ORDER BY 1, 2").raw() for name in tables}
    found["state"] = await env.db.prepare(
        "SELECT name, cursor, state FROM detector_state ORDER BY name"
    ).raw()
    return found
