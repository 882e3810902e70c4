"""Which market it is, by rules that anyone can check (API-16)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from functions.api.reads import AS_OF, Ask, Read
from shared.models import DAY

REGIME_DAYS = 420  # what the regime's longest window reads
BREADTH_DAYS = 60
BENCHMARK = "bitcoin"


async def market_regime(ask: Ask) -> dict[str, Any]:
    """Answer which market it is, by rules and without any model, with the numbers behind the label."""
    return {"data": await regime_data(ask)}


async def regime_data(ask: Ask) -> dict[str, Any]:
    from shared.market.regime import AVERAGE, breadth, regime

    closes = await daily_closes(ask)
    asset = (await ask.snapshots.assets()).resolve(BENCHMARK)
    own = closes.get(asset.id, (None, [], []))[2] if asset else []
    found = regime(own)
    above, judged = breadth([one[-BREADTH_DAYS:] for _, _, one in closes.values()])
    told = asdict(found) if found else None
    label = f"{told['trend']}, {told['volatility'] or 'unknown'} volatility" if told else "no data"
    return {
        "regime": label,
        "trend": told["trend"] if told else None,
        "volatility": told["volatility"] if told else None,
        "model": "rules",
        "benchmark": BENCHMARK,
        "evidence": {**told, "bars": len(own), "at": closes[asset.id][1]} if told and asset else None,
        "breadth": {
            "above_average": above,
            "assets": judged,
            "share": above / judged if judged else None,
            "average_days": AVERAGE,
        },
    }


async def daily_closes(ask: Ask) -> dict[int, tuple[str | None, int, list[float]]]:
    """By crypto asset with fresh daily candles: source, close time of the newest bar, closes oldest first."""
    from shared.store import candle_series, candles

    now = ask.query.as_of(ask.env.now()) or ask.env.now()
    assets = await ask.snapshots.assets()
    found = dict[int, tuple[str | None, int, list[float]]]()
    there = {
        one.asset for one in await candle_series.of_step(ask.env.db, DAY) if one.last_open >= now - 3 * DAY
    }
    for id in sorted(there):
        asset = assets.by_id(id)
        if asset.kind != "crypto":
            continue
        days = REGIME_DAYS if asset.slug == BENCHMARK else BREADTH_DAYS
        as_of = ask.query.as_of(ask.env.now())
        source, bars = await candles.read_columns(
            ask.env.db, id, DAY, now - days * DAY, now - DAY + 1, as_of=as_of
        )
        if len(bars.close):
            found[id] = (source, bars.open_time[-1] + DAY, list(bars.close))
    return found


READS = (
    Read(
        "/api/v1/llm/market-regime",
        "Bull, bear or sideways, and how volatile: by rules, without any model",
        "read:prices",
        "prices",
        market_regime,
        (AS_OF,),
        aliases=("/llm/market-regime",),
    ),
)
