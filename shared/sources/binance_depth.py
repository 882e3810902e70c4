"""Binance order books of the tracked assets, twenty levels a side.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#order-book
The answer has no time of its own: `at` is when it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import Any

import msgspec

from shared.errors import Refused
from shared.models import OrderBook
from shared.platform.fetch import Request
from shared.sources.decode import whole
from shared.sources.source import Ask, Source

DATA_TYPE = "depth"
LEVELS = 20
WEIGHT = 5
BUDGET = 1200  # weight a minute


class Depth(msgspec.Struct):
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]


def request_for(base: str, symbol: str, limit: int = LEVELS) -> Request:
    return Request(
        f"{base}/api/v3/depth",
        params=(("symbol", symbol), ("limit", str(limit))),
        accept=("application/json",),
        cost=WEIGHT,
        budget_per_minute=BUDGET,
        conditional=False,
    )


def requests(ask: Ask) -> Iterable[Request]:
    for asset in ask.assets:
        if asset.tracked and asset.binance_symbol:
            yield request_for(ask.settings.binance_url, asset.binance_symbol)


def series(request: Request) -> tuple[str, str]:
    return dict(request.params)["symbol"], DATA_TYPE


def items(body: bytes, request: Request, ask: Ask) -> Iterable[Any]:
    return [whole(body, Depth)]


def read(item: Depth, request: Request, ask: Ask) -> OrderBook | None:
    symbol, _ = series(request)
    asset = ask.assets.resolve(symbol)
    if asset is None or asset.binance_symbol != symbol:
        raise Refused(f"{symbol}: not one of our assets")
    return OrderBook(
        asset.id, "binance", ask.now, side(item.bids, falling=True), side(item.asks, falling=False)
    )


def side(levels: Sequence[tuple[float, float]], *, falling: bool) -> tuple[tuple[float, float], ...]:
    """The best twenty levels, checked: positive numbers, best first."""
    if not all(0 < price < inf and 0 < quantity < inf for price, quantity in levels):
        raise Refused("a level is not two positive numbers")
    prices = [price for price, _ in levels]
    if prices != sorted(prices, reverse=falling):
        raise Refused("levels are not in order")
    return tuple(levels[:LEVELS])


SOURCE = Source("binance_depth", "order_books", requests, items, read, reliability=0.85, series=series)
