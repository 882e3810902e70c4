"""Binance one-minute bars of the tracked assets, from where the last extraction ended (COL-12…15).

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#klinecandlestick-data
The newest bar is still open when it is sent; it is left for the next minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.errors import Refused
from shared.models import MINUTE, Candle
from shared.platform.fetch import Request
from shared.sources.decode import row, rows
from shared.sources.source import Ask, Source, check_time

DATA_TYPE = "klines"
WEIGHT = 2
BUDGET = 1200  # weight a minute
FIRST, MOST = 100, 1000
OVERLAP = 10  # bars read again each time: corrections
# open time, open, high, low, close, volume, close time, quote volume, trades, taker volumes, unused
Kline = tuple[int, float, float, float, float, float, int, float, int, float, float, Any]


def stretch(last_open: int | None, now: int) -> tuple[int | None, int]:
    """(start time, limit): the first 100 bars, later as many as minutes passed and ten more (REF-04).

    After a silence of more than a thousand minutes each run goes on where the last one ended.
    """
    if last_open is None:
        return None, FIRST
    gap = max(0, (now - last_open) // MINUTE)
    return last_open - OVERLAP * MINUTE, min(gap + OVERLAP, MOST)


def request_for(base: str, symbol: str, start: int | None, limit: int) -> Request:
    params = [("symbol", symbol), ("interval", "1m"), ("limit", str(limit))]
    if start is not None:
        params.insert(2, ("startTime", str(start)))
    return Request(
        f"{base}/api/v3/klines",
        params=tuple(params),
        accept=("application/json",),
        cost=WEIGHT,
        budget_per_minute=BUDGET,
        conditional=False,
    )


def requests(ask: Ask) -> Iterable[Request]:
    for asset in ask.assets:
        if asset.tracked and asset.binance_symbol:
            start, limit = stretch(ask.progress.get((asset.binance_symbol, DATA_TYPE)), ask.now)
            yield request_for(ask.settings.binance_url, asset.binance_symbol, start, limit)


def series(request: Request) -> tuple[str, str]:
    return dict(request.params)["symbol"], DATA_TYPE


def items(body: bytes, request: Request, ask: Ask) -> Iterable[Any]:
    return rows(body, Kline)


def read(item: Any, request: Request, ask: Ask) -> Candle | None:
    opened, open_, high, low, close, volume, closes, _, trades, *_ = row(item, Kline)
    symbol = series(request)[0]
    if check_time(f"{symbol} open time", opened, ask) >= closes:
        raise Refused(f"{symbol}: a bar that closes before it opens")
    if closes >= ask.now:
        return None
    asset = ask.assets.resolve(symbol)
    if asset is None or asset.binance_symbol != symbol:
        raise Refused(f"{symbol}: not one of our assets")
    return Candle(asset.id, "binance", MINUTE, opened, open_, high, low, close, volume, trades)


SOURCE = Source("binance_klines", "klines", requests, items, read, reliability=0.85, series=series)
