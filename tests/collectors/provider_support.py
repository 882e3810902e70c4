"""All providers in one: deterministic answers for every URL the sources ask, counted, and breakable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

MINUTE = 60_000
Reply = tuple[int, dict[str, str], bytes]


def price_at(symbol: str, minute: int) -> float:
    """A price that depends on nothing but symbol and minute."""
    return round(100 + sum(symbol.encode()) % 50 + (minute % 97) / 10, 4)


def kline(symbol: str, opened: int) -> list[Any]:
    minute = opened // MINUTE
    first, last = price_at(symbol, minute), price_at(symbol, minute + 1)
    high, low = max(first, last) + 1, min(first, last) - 1
    volume = f"{10 + minute % 7}.5"
    row = [opened, *(f"{x:.8f}" for x in (first, high, low, last)), volume]
    return [*row, opened + MINUTE - 1, "1000.5", 42, "1.0", "1.0", "0"]


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def rss(name: str, now: int, entries: int) -> bytes:
    items = "".join(
        f"<item><title>{name} story {n} about Bitcoin surging</title>"
        f"<link>https://{name}.example/story/{n}?utm_source=rss</link><guid>{name}-{n}</guid>"
        f"<pubDate>{format_datetime(datetime.fromtimestamp(now / 1000 - 60 * n - 60, UTC))}</pubDate>"
        f"<description>Summary {n} of {name}</description></item>"
        for n in range(entries)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'.encode()


@dataclass
class Provider:
    """`broken[part of a URL]` replaces an answer; `asked` counts requests by path."""

    now: Callable[[], int]
    asked: Counter[str] = field(default_factory=Counter)
    broken: dict[str, Callable[[str], Reply]] = field(default_factory=dict)
    feed_time: int = 1_763_726_000_000
    entries: int = 3

    def answer(self, url: str) -> Reply:
        parts = urlsplit(url)
        self.asked[parts.path] += 1
        for part, reply in self.broken.items():
            if part in url:
                return reply(url)
        query = dict(parse_qsl(parts.query))
        if parts.path in ROUTES:
            return 200, {"content-type": "application/json"}, orjson.dumps(ROUTES[parts.path](self, query))
        name = (parts.hostname or "feed").removeprefix("www.").split(".")[0]
        return 200, {"content-type": "text/xml"}, rss(name, self.feed_time, self.entries)


def markets(provider: Provider, query: dict[str, str]) -> Any:
    minute = provider.now() // MINUTE
    return [
        {
            "id": coin,
            "symbol": coin[:3],
            "current_price": price_at(coin, minute),
            "market_cap": 1_000_000,
            "total_volume": 5000.5,
            "high_24h": 200.0,
            "low_24h": 90.0,
            "price_change_24h": 1.5,
            "roi": None,
            "last_updated": iso(minute * MINUTE),
        }
        for coin in query["ids"].split(",")
    ]


def tickers(provider: Provider, query: dict[str, str]) -> Any:
    at = provider.now() // MINUTE * MINUTE
    return [
        {
            "symbol": symbol,
            "openPrice": "101.0",
            "highPrice": "170.0",
            "lowPrice": "90.0",
            "lastPrice": f"{price_at(symbol, at // MINUTE)}",
            "volume": "12.5",
            "quoteVolume": "1250.5",
            "openTime": at - 86_400_000,
            "closeTime": at,
            "firstId": 1,
            "lastId": 9,
            "count": 9,
        }
        for symbol in ("BTCUSDT", "ETHUSDT", "ETHBTC", "NOBODYUSDT")
    ]


def klines(provider: Provider, query: dict[str, str]) -> Any:
    limit, newest = int(query["limit"]), provider.now() // MINUTE * MINUTE
    start = int(query.get("startTime", newest - (limit - 1) * MINUTE))
    first = -(-start // MINUTE) * MINUTE
    opens = [first + n * MINUTE for n in range(limit) if first + n * MINUTE <= newest]
    return [kline(query["symbol"], opened) for opened in opens]


def depth(provider: Provider, query: dict[str, str]) -> Any:
    middle = price_at(query["symbol"], 7)
    return {
        "lastUpdateId": 1,
        "bids": [[f"{middle - n / 10:.8f}", "1.5"] for n in range(1, 6)],
        "asks": [[f"{middle + n / 10:.8f}", "2.5"] for n in range(1, 6)],
    }


def chains(provider: Provider, query: dict[str, str]) -> Any:
    return [{"name": "Ethereum", "tvl": 6.5e10, "tokenSymbol": "ETH"}, {"name": "OP Mainnet", "tvl": 5e8}]


def stablecoins(provider: Provider, query: dict[str, str]) -> Any:
    coin = {"symbol": "USDT", "pegType": "peggedUSD", "circulating": {"peggedUSD": 1.8e11}, "price": 0.9996}
    return {"peggedAssets": [coin]}


ROUTES: dict[str, Callable[[Provider, dict[str, str]], Any]] = {
    "/api/v3/coins/markets": markets,
    "/api/v3/ticker/24hr": tickers,
    "/api/v3/klines": klines,
    "/api/v3/depth": depth,
    "/v2/chains": chains,
    "/stablecoins": stablecoins,
}


def transport(provider: Provider) -> Any:
    """An httpx2 transport that lets the provider answer."""
    import httpx2

    def handle(request: httpx2.Request) -> httpx2.Response:
        status, headers, body = provider.answer(str(request.url))
        if status == 0:
            raise httpx2.ConnectError("no route to host")
        return httpx2.Response(status, headers=headers, content=body)

    return httpx2.MockTransport(handle)
