"""Prices: the list, one asset, and its candles."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from functions.api.query import INTERVALS, PERIODS, cursor_of
from functions.api.reads import AS_OF, CURSOR, LIMIT, Ask, Parameter, Read
from shared.errors import Invalid, NotFound
from shared.models import DAY, HOUR, MINUTE, Asset

if TYPE_CHECKING:
    from functions.api.snapshot import Snapshot
    from shared.market.codec import Columns

COLUMNS = ("open_time", "open", "high", "low", "close", "volume")
DEFAULT_PERIOD = {MINUTE: DAY, 5 * MINUTE: DAY, HOUR: 7 * DAY, DAY: 365 * DAY}
MOST_BARS = 10_000
UNRANKED = 1 << 40


async def snapshot_of(ask: Ask) -> Snapshot:
    as_of = ask.query.as_of(ask.env.now())
    return await (ask.snapshots.now() if as_of is None else ask.snapshots.as_of(as_of))


def place(asset: Asset) -> tuple[int, int]:
    """Where an asset stands in lists: by rank, the unranked last."""
    return (UNRANKED if asset.rank is None else asset.rank, asset.id)


async def market_list(ask: Ask) -> dict[str, Any]:
    limit, after = ask.query.limit(), ask.query.cursor(int, int)
    snapshot = await snapshot_of(ask)
    listed = sorted((a for a in snapshot.assets if snapshot.quotes.get(a.id)), key=place)
    start = bisect_right(listed, (after[0], after[1]), key=place) if after else 0
    page = listed[start : start + limit]
    more = start + limit < len(listed)
    return {
        "data": [row for asset in page if (row := snapshot.row(asset))],
        "next_cursor": cursor_of(place(page[-1])) if more else None,
        "as_of": ask.query.instant("as_of") or snapshot.known_at,
    }


async def market_item(ask: Ask) -> dict[str, Any]:
    asset = await ask.snapshots.asset(ask.path["symbol"])
    row = (await snapshot_of(ask)).row(asset)
    if row is None:
        raise NotFound(f"there is no price of {asset.symbol} yet", symbol=asset.symbol)
    return {"data": row}


def market_item_ready(ask: Ask) -> dict[str, Any] | None:
    snapshot = ask.snapshots.warm()
    asset = snapshot.assets.resolve(ask.path["symbol"]) if snapshot else None
    row = snapshot.row(asset) if snapshot and asset else None
    return {"data": row} if row else None


async def kv_key(ask: Ask) -> str | None:
    """Name what replicas share of one asset (KV-09); what was known at an instant is nobody else's."""
    if ask.query.values:
        return None
    return f"cache:market_data:{(await ask.snapshots.asset(ask.path['symbol'])).symbol}"


async def history(ask: Ask) -> dict[str, Any]:
    from shared.store import candle_series, candles

    query = ask.query
    interval = query.choice("interval", INTERVALS, "INVALID_TIMEFRAME") or "1d"
    period = query.choice("period", PERIODS, "INVALID_TIMEFRAME")
    as_of = query.as_of(ask.env.now())
    limit = query.limit() if query.text("limit") else MOST_BARS
    step = INTERVALS[interval]
    span = PERIODS[period] if period else DEFAULT_PERIOD[step]
    if span // step > MOST_BARS and not query.text("limit"):
        raise Invalid(
            f"period: {period} of {interval} are more than {MOST_BARS} bars; set a limit",
            code="INVALID_TIMEFRAME",
            field="period",
        )
    asset = await ask.snapshots.asset(ask.path["symbol"])
    series = await candle_series.of_asset(ask.env.db, asset.id, step)
    if not series:
        raise NotFound(f"there are no {interval} candles of {asset.symbol}", symbol=asset.symbol)
    # counted back from the newest bar: imported history may have ended long ago
    end = min(as_of or ask.env.now(), max(one.last_open for one in series) + step)
    found = await candles.read_columns(ask.env.db, asset.id, step, end - span, end, as_of=as_of, limit=limit)
    return history_json(asset, interval, *found)


def history_json(asset: Asset, interval: str, source: str | None, bars: Columns) -> dict[str, Any]:
    step = INTERVALS[interval]
    times = bars.open_time
    # a bar may open late; only whole missing bars count
    gaps = sum(max(0, round((b - a) / step) - 1) for a, b in pairwise(times))
    rows = zip(times, bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
    return {
        "symbol": asset.symbol,
        "interval": interval,
        "columns": COLUMNS,
        "data": list(rows),
        "source": source,
        "gaps": gaps,
    }


READS = (
    Read(
        "/api/v1/market-data",
        "Prices of all assets, by rank",
        "read:prices",
        "prices",
        market_list,
        (LIMIT, CURSOR, AS_OF),
    ),
    Read(
        "/api/v1/market-data/{symbol}",
        "Consensus price of one asset, with its sources",
        "read:prices",
        "prices",
        market_item,
        (AS_OF,),
        aliases=("/api/v1/prices/current/{symbol}",),
        ready=market_item_ready,
        kv_key=kv_key,
    ),
    Read(
        "/api/v1/market-data/{symbol}/history",
        "Candles of one asset, oldest first",
        "read:prices",
        "prices",
        history,
        (
            Parameter("interval", "Length of a bar", {"enum": [*INTERVALS], "default": "1d"}),
            Parameter("period", "How far back from the newest bar", {"enum": [*PERIODS]}),
            Parameter(
                "limit", "The newest bars of the period", {"type": "integer", "minimum": 1, "maximum": 1000}
            ),
            AS_OF,
        ),
    ),
)
