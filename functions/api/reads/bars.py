"""The newest bars of an asset, for what is computed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.api.query import INTERVALS
from functions.api.reads import Ask
from shared.errors import Invalid, NotFound
from shared.models import DAY, Asset

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.market.codec import Columns

# Where bars are missing, as many are found further back: a market that is closed on two days of seven, and
# outages.
SPARSE = 2


def only(ask: Ask, known: Collection[str]) -> None:
    """Raise Invalid for a parameter that is none of `known`: here a misspelt one would change the answer."""
    for name in ask.query.values:
        if name not in known:
            raise Invalid(f"{name[:64]}: no such parameter; there are {', '.join(known)}", field=name[:64])


async def newest_bars(
    ask: Ask, asset: Asset, interval: str, rows: int, as_of: int | None
) -> tuple[str, Columns]:
    """Name of the source and the last `rows` closed bars, at least one, as known at `as_of`.

    Counted back from the newest bar there is, since imported history may have ended long ago. Raises
    NotFound with the intervals there are.
    """
    from shared.store import candle_series, candles

    step = INTERVALS[interval]
    series = await candle_series.of_asset(ask.env.db, asset.id, step)
    if series:
        end = min(as_of or ask.env.now(), max(one.last_open for one in series) + step)
        start = end - SPARSE * rows * step - 7 * DAY
        source, bars = await candles.read_columns(
            ask.env.db, asset.id, step, start, end, as_of=as_of, limit=rows
        )
        if bars.open_time:
            return source, bars
    there = [
        name for name in INTERVALS if await candle_series.of_asset(ask.env.db, asset.id, INTERVALS[name])
    ]
    when = "" if as_of is None else " that were known then"
    hint = f"; there are of {', '.join(there)}" if there and not series else ""
    raise NotFound(
        f"there are no {interval} candles of {asset.symbol}{when}{hint}", symbol=asset.symbol, intervals=there
    )
