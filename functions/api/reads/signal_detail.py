"""One signal with all that it rests on: its evidence, articles, chart, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.env import Env
from shared.models import HOUR, LATEST
from shared.store.signals import Signal

if TYPE_CHECKING:
    from shared.store.matched import Matched

BARS_BEFORE, BARS_AFTER = 100, 48  # the chart: a whole baseline of 96 bars, and what came next
COLUMNS = ("open_time", "open", "high", "low", "close", "volume")


async def detail(env: Env, signal: Signal, as_of: int | None = None) -> dict[str, Any]:
    """The public shape of one signal; with `as_of`, what was known of it then."""
    from shared.news.view import article_json
    from shared.signals.view import signal_json
    from shared.store import articles, matched, outcomes

    known_by = LATEST if as_of is None else as_of
    became = (await outcomes.of_signals(env.db, [signal.id], known_by)).get(signal.id, [])
    settled = {one.horizon for one in became if one.status != "pending"}
    drawn = await matched.of_signals(env.db, [signal.id])
    linked = await articles.by_ids(env.db, signal.metadata.get("articles", ()))
    return {
        **signal_json(signal, became, as_of),
        "permalink": f"{env.settings.public_base_url}/signals/{signal.id}",
        "articles": [article_json(article) for article in linked if article.known_at <= known_by],
        # drawn when the outcome they stand beside was settled
        "matched": [matched_json(one) for one in drawn.get(signal.id, ()) if one.horizon in settled],
        "chart": await chart(env, signal, as_of),
    }


def matched_json(one: Matched) -> dict[str, Any]:
    """The random entries a signal is compared with at one horizon; `entries` suffices to compute the rest."""
    from shared.signals.view import horizon_label

    return {
        "horizon": horizon_label(one.horizon),
        "n": one.n,
        "hits": one.hits,
        "mean_return": one.mean_return,
        "columns": ["at", "volatility_1h", "forward_return"],
        "entries": one.entries,
    }


async def chart(env: Env, signal: Signal, as_of: int | None) -> dict[str, Any] | None:
    """The bars around a signal, of its own source and length; None where none are stored."""
    from shared.signals.view import label
    from shared.store import candles

    step = signal.step or HOUR
    start, end = signal.at - BARS_BEFORE * step, signal.at + BARS_AFTER * step
    end = min(end, (env.now() if as_of is None else as_of - step) + 1)
    named = signal.metadata.get("source")
    source, bars = await candles.read_columns(
        env.db, signal.asset, step, start, end, source=named, as_of=as_of
    )
    if not bars.close:
        return None
    rows = zip(bars.open_time, bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
    return {"interval": label(step), "source": source, "columns": COLUMNS, "data": list(rows)}
