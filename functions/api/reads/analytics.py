"""The market as a whole: overview, what is trending, and single metrics over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.api.query import PERIODS
from functions.api.reads import AS_OF, LIMIT, Ask, Parameter, Read
from functions.api.reads.market import snapshot_of
from functions.api.reads.regime import regime_data
from shared.errors import NotFound
from shared.models import DAY, LATEST

if TYPE_CHECKING:
    from functions.api.snapshot import Snapshot

Row = dict[str, Any]
MOVERS = 5


def priced(snapshot: Snapshot) -> list[Row]:
    """Rows of all crypto assets that have a price now, as the market list shows them."""
    rows = (snapshot.row(asset) for asset in snapshot.assets if asset.kind == "crypto")
    return [row for row in rows if row and row["price"] is not None]


def total(rows: list[Row], field: str) -> float | None:
    found = [row[field] for row in rows if row[field] is not None]
    return sum(found) if found else None


def share_of(rows: list[Row], slug: str) -> float | None:
    """An asset's part of the whole market cap; None where either is unknown."""
    whole = total(rows, "market_cap")
    own = next((row["market_cap"] for row in rows if row["id"] == slug), None)
    return own / whole if whole and own is not None else None


def brief(row: Row) -> Row:
    return {name: row[name] for name in ("symbol", "id", "name", "price", "change_24h", "volume_24h")}


def movers(rows: list[Row]) -> dict[str, Any]:
    """Who rose, fell and traded most over 24 hours, and how many of all."""
    changed = sorted(
        (row for row in rows if row["change_24h"] is not None), key=lambda row: row["change_24h"]
    )
    traded = sorted((row for row in rows if row["volume_24h"]), key=lambda row: -row["volume_24h"])
    changes = [row["change_24h"] for row in changed]
    middle = len(changes) // 2
    return {
        "breadth": {
            "up": sum(change > 0 for change in changes),
            "down": sum(change < 0 for change in changes),
            "unchanged": sum(change == 0 for change in changes),
        },
        "median_change_24h": (changes[middle] + changes[~middle]) / 2 if changes else None,
        "gainers": [brief(row) for row in reversed(changed[-MOVERS:]) if row["change_24h"] > 0],
        "losers": [brief(row) for row in changed[:MOVERS] if row["change_24h"] < 0],
        "most_traded": [brief(row) for row in traded[:MOVERS]],
    }


async def market_overview(ask: Ask) -> dict[str, Any]:
    """Answer with the whole market at a glance: size, breadth, movers, mood of the news, signals of a day."""
    from shared.store import overview

    snapshot = await snapshot_of(ask)
    now = ask.query.as_of(ask.env.now()) or ask.env.now()
    rows = priced(snapshot)
    articles, mood = await overview.mood(ask.env.db, now - DAY, now)
    return {
        "data": {
            "assets": len(rows),
            "market_cap": total(rows, "market_cap"),
            "volume_24h": total(rows, "volume_24h"),
            "btc_dominance": share_of(rows, "bitcoin"),
            "eth_dominance": share_of(rows, "ethereum"),
            **movers(rows),
            "news_24h": {"articles": articles, "sentiment": mood},
            "signals_24h": await overview.signals_by_type(ask.env.db, now - DAY, now),
            "regime": (await regime_data(ask))["regime"],
        },
        "as_of": now,
    }


async def trending(ask: Ask) -> dict[str, Any]:
    """Answer with the assets that stand out today.

    `score` is the mean of an asset's ranks (0 to 1, the highest stands out most) in four things: how far its
    price moved, how much of its market cap was traded, articles about it, and signals on it, all of the
    last 24 hours. What is unknown ranks lowest. `reasons` names those where it is in the top tenth.
    """
    from shared.store import overview

    snapshot, limit = await snapshot_of(ask), ask.query.limit()
    now = ask.query.as_of(ask.env.now()) or ask.env.now()
    news = await overview.news_by_asset(ask.env.db, now - DAY, now)
    signals = await overview.signals_by_asset(ask.env.db, now - DAY, now)
    rows = []
    for asset in snapshot.assets:
        row = snapshot.row(asset) if asset.kind == "crypto" else None
        if row and row["price"] is not None:
            turnover = (
                row["volume_24h"] / row["market_cap"] if row["volume_24h"] and row["market_cap"] else 0.0
            )
            articles, mood = news.get(asset.id, (0, None))
            figures = {
                "move": abs(row["change_24h"] or 0.0),
                "turnover": turnover,
                "articles": articles,
                "signals": signals.get(asset.id, 0),
            }
            rows.append({**brief(row), "sentiment_24h": mood, **figures})
    ranked = ranks(rows, ("move", "turnover", "articles", "signals"))
    return {"data": ranked[:limit], "as_of": now}


def ranks(rows: list[Row], names: tuple[str, ...]) -> list[Row]:
    """Add score and reasons to each row; the most outstanding first."""
    places: dict[str, list[float]] = {}
    for name in names:
        ordered = sorted(row[name] for row in rows)
        # the share of assets that lie lower: equal values get equal ranks, and 0 ranks nowhere
        lower = {value: ordered.index(value) / max(len(ordered) - 1, 1) for value in set(ordered)}
        places[name] = [lower[row[name]] for row in rows]
    told = [
        {
            **row,
            "score": sum(places[name][i] for name in names) / len(names),
            "reasons": [name for name in names if row[name] and places[name][i] >= 0.9],
        }
        for i, row in enumerate(rows)
    ]
    return sorted(told, key=lambda row: (-row["score"], row["symbol"]))


async def metric(ask: Ask) -> dict[str, Any]:
    """Answer with one metric over time, newest first; what the market as a whole is now has one value."""
    from shared.store import metrics, overview

    name = ask.path["metric"]
    as_of, limit = ask.query.as_of(ask.env.now()), ask.query.limit()
    now = as_of or ask.env.now()
    period = ask.query.choice("period", PERIODS, "INVALID_TIMEFRAME")
    if name in DERIVED:
        snapshot = await snapshot_of(ask)
        values = [[now, DERIVED[name](priced(snapshot)), "consensus", snapshot.known_at]]
    else:
        start = now - PERIODS[period] if period else 0
        known_by = LATEST if as_of is None else as_of
        found = await metrics.history(ask.env.db, name, start, now + 1, as_of=known_by, limit=limit)
        values = [[one.at, one.value, one.source, one.known_at] for one in found]
        if not values:
            names = [*DERIVED, *await overview.metric_names(ask.env.db)]
            if name not in names:
                raise NotFound(
                    f"there is no metric called {name[:64]!r}: see `metrics`",
                    code="DATA_NOT_AVAILABLE",
                    metrics=names,
                )
    return {"metric": name, "columns": ["at", "value", "source", "known_at"], "data": values}


def rising(rows: list[Row]) -> float | None:
    changes = [row["change_24h"] for row in rows if row["change_24h"] is not None]
    return sum(change > 0 for change in changes) / len(changes) if changes else None


DERIVED = {
    "market_cap": lambda rows: total(rows, "market_cap"),
    "volume_24h": lambda rows: total(rows, "volume_24h"),
    "btc_dominance": lambda rows: share_of(rows, "bitcoin"),
    "eth_dominance": lambda rows: share_of(rows, "ethereum"),
    "breadth_24h": rising,
}
READS = (
    Read(
        "/api/v1/analytics/market-overview",
        "The whole market at a glance",
        "read:prices",
        "prices",
        market_overview,
        (AS_OF,),
    ),
    Read(
        "/api/v1/analytics/trending",
        "The assets that stand out today, and why",
        "read:prices",
        "prices",
        trending,
        (LIMIT, AS_OF),
    ),
    Read(
        "/api/v1/analytics/{metric}",
        "One metric over time, newest first",
        "read:prices",
        "prices",
        metric,
        (Parameter("period", "How far back", {"enum": [*PERIODS]}), LIMIT, AS_OF),
    ),
)
