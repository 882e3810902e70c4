"""CoinGecko `/coins/markets`: one call for 250 assets, by their ids.

https://docs.coingecko.com/reference/coins-markets — nulls are common; symbols are not unique, ids are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from shared.errors import Refused
from shared.models import Quote
from shared.platform.fetch import Request
from shared.sources.decode import row, rows
from shared.sources.source import Ask, Source, check_time

PER_PAGE = 250
BUDGET = 10  # a minute; without a key CoinGecko gives somewhere between 5 and 15


class Coin(msgspec.Struct):
    id: str
    current_price: float | None = None
    market_cap: float | None = None
    total_volume: float | None = None
    high_24h: float | None = None
    low_24h: float | None = None
    price_change_24h: float | None = None
    last_updated: datetime | None = None


def requests(ask: Ask) -> Iterable[Request]:
    ids = sorted(asset.coingecko_id for asset in ask.assets if asset.coingecko_id)
    for start in range(0, len(ids), PER_PAGE):
        yield Request(
            f"{ask.settings.coingecko_url}/api/v3/coins/markets",
            params=(
                ("vs_currency", "usd"),
                ("ids", ",".join(ids[start : start + PER_PAGE])),
                ("per_page", str(PER_PAGE)),
                ("page", "1"),
                ("sparkline", "false"),
            ),
            headers=key_header(ask),
            accept=("application/json",),
            budget_per_minute=BUDGET,
        )


def key_header(ask: Ask) -> tuple[tuple[str, str], ...]:
    plan = "pro" if "//pro-api." in ask.settings.coingecko_url else "demo"
    key = ask.settings.coingecko_api_key
    return ((f"x-cg-{plan}-api-key", key),) if key else ()


def items(body: bytes, request: Request, ask: Ask) -> Iterable[Any]:
    return rows(body, Coin)


def read(item: Any, request: Request, ask: Ask) -> Quote | None:
    coin: Coin = row(item, Coin)
    asset = ask.assets.resolve(coin.id)
    if asset is None or asset.coingecko_id != coin.id:
        return None
    if coin.current_price is None or coin.last_updated is None or coin.last_updated.tzinfo is None:
        raise Refused(f"{coin.id}: no price, or not said when")
    change = coin.price_change_24h
    opened = None if change is None else coin.current_price - change
    return Quote(
        asset=asset.id,
        source="coingecko",
        at=check_time(f"{coin.id} last_updated", round(coin.last_updated.timestamp() * 1000), ask),
        price=coin.current_price,
        volume_24h=coin.total_volume,
        market_cap=coin.market_cap or None,  # 0 is CoinGecko's word for unknown
        open_24h=opened if opened is not None and opened > 0 else None,
        high_24h=coin.high_24h,
        low_24h=coin.low_24h,
    )


SOURCE = Source("coingecko_markets", "crypto_prices", requests, items, read, reliability=0.85)
