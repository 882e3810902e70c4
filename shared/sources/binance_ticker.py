"""Binance 24 h tickers of all pairs in one call; those in USDT of our assets become quotes.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#24hr-ticker-price-change-statistics
All pairs, because one delisted name in a `symbols` list fails the whole call. Pairs that stopped trading
stay in the answer with price 0 and count 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from shared.errors import Refused
from shared.models import Quote
from shared.platform.fetch import Request
from shared.sources.decode import row, rows
from shared.sources.source import Ask, Source, check_time

WEIGHT = 80
BUDGET = 1200  # weight a minute


class Ticker(msgspec.Struct, rename="camel"):
    symbol: str
    last_price: float
    open_price: float
    high_price: float
    low_price: float
    quote_volume: float
    close_time: int
    count: int


def requests(ask: Ask) -> Iterable[Request]:
    yield Request(
        f"{ask.settings.binance_url}/api/v3/ticker/24hr",
        params=(("type", "MINI"),),
        accept=("application/json",),
        cost=WEIGHT,
        budget_per_minute=BUDGET,
    )


def items(body: bytes, request: Request, ask: Ask) -> Iterable[Any]:
    return rows(body, Ticker)


def read(item: Any, request: Request, ask: Ask) -> Quote | None:
    ticker: Ticker = row(item, Ticker)
    asset = ask.assets.resolve(ticker.symbol) if ticker.symbol.endswith("USDT") else None
    if asset is None or asset.binance_symbol != ticker.symbol:
        return None
    if not ticker.count or not ticker.last_price:
        raise Refused(f"{ticker.symbol}: a dead pair, nothing traded in 24 h")
    return Quote(
        asset=asset.id,
        source="binance",
        at=check_time(f"{ticker.symbol} closeTime", ticker.close_time, ask),
        price=ticker.last_price,
        volume_24h=ticker.quote_volume,
        open_24h=ticker.open_price,
        high_24h=ticker.high_price,
        low_24h=ticker.low_price,
    )


SOURCE = Source("binance_ticker", "crypto_prices", requests, items, read, reliability=0.85)
