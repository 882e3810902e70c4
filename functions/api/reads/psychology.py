"""Fear, greed, panic or euphoria, of one asset or of the market, with the numbers that led to the word."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from functions.api.reads import AS_OF, Ask, Parameter, Read


async def psychology_read(ask: Ask) -> dict[str, Any]:
    """Answer with the state of mind of a market, by rules and without any model.

    `inputs` are the figures, `parts` the same as shares of what counts as full (-1 to 1), `missing` those
    that are not known: then the state is "no data". Without a symbol it is the market's: all articles, and
    the median of the assets that have hourly bars.
    """
    from shared.news.psychology import AROUSED, EXTREME, MOVED, psychology
    from shared.news.psychology_inputs import of_asset, of_market

    symbol, now = ask.query.text("symbol"), ask.env.now()
    at = ask.query.as_of(now) or now
    asset = await ask.snapshots.asset(symbol) if symbol else None
    told = await (of_asset(ask.env.db, asset.id, at) if asset else of_market(ask.env.db, at))
    found = psychology(told.inputs)
    return {
        "data": {
            "symbol": asset.symbol if asset else None,
            "name": asset.name if asset else "Crypto market",
            **asdict(found),
            "inputs": asdict(told.inputs),
            "evidence": told.evidence,
            "thresholds": {"moved": MOVED, "extreme": EXTREME, "aroused": AROUSED},
            "model": "rules",
        },
        "as_of": at,
    }


READS = (
    Read(
        "/api/v1/sentiment/psychology",
        "Panic, fear, neutral, greed or euphoria of an asset or the market",
        "read:sentiment",
        "news",
        psychology_read,
        (Parameter("symbol", "One asset, by any of its names; without it the market"), AS_OF),
    ),
)
