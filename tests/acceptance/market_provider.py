"""Binance and CoinGecko on loopback: deterministic answers, counted, and disturbed as a test asks."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MINUTE = 60_000
DAY = 86_400_000
Query = dict[str, str]


def price(minute: int) -> float:
    """A price that depends on nothing but the minute: providers agree."""
    return round(100 + (minute * 7919 % 101) / 100, 2)


def kline(opened: int) -> list[Any]:
    first, last = price(opened // MINUTE), price(opened // MINUTE + 1)
    shown = [f"{x:.8f}" for x in (first, max(first, last) + 1, min(first, last) - 1, last, 10.5)]
    return [opened, *shown, opened + MINUTE - 1, "1000.5", 42, "1.0", "1.0", "0"]


@dataclass
class Provider:
    """`frozen` stops its clock (ms); `disturb(path)` may return (status, body) to answer instead."""

    frozen: int | None = None
    delay: float = 0.0
    disturb: Callable[[str], tuple[int, bytes] | None] = lambda path: None
    calls: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def now(self) -> int:
        return self.frozen if self.frozen is not None else time.time_ns() // 1_000_000

    def counts(self) -> Counter[str]:
        with self.lock:
            return Counter(self.calls)

    def answer(self, target: str) -> tuple[int, bytes]:
        with self.lock:
            self.calls.append(target)
        if self.delay:
            time.sleep(self.delay)
        told = self.disturb(target)
        if told is not None:
            return told
        path, query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query))
        route = ROUTES.get(path)
        return (404, b"{}") if route is None else (200, json.dumps(route(self.now(), query)).encode())


def markets(now: int, query: Query) -> Any:
    said = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")
    return [
        {
            "id": coin,
            "symbol": coin[:3],
            "current_price": price(now // MINUTE),
            "market_cap": 1_000_000,
            "total_volume": 5000.5,
            "high_24h": 200.0,
            "low_24h": 90.0,
            "price_change_24h": 1.5,
            "roi": None,
            "last_updated": said,
        }
        for coin in query["ids"].split(",")
    ]


def tickers(now: int, query: Query) -> Any:
    return [
        {
            "symbol": symbol,
            "openPrice": "101.0",
            "highPrice": "170.0",
            "lowPrice": "90.0",
            "lastPrice": str(price(now // MINUTE)),
            "volume": "12.5",
            "quoteVolume": "1250.5",
            "openTime": now - DAY,
            "closeTime": now,
            "firstId": 1,
            "lastId": 9,
            "count": 9,
        }
        for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT", "ETHBTC")
    ]


def klines(now: int, query: Query) -> Any:
    limit, newest = int(query["limit"]), now // MINUTE * MINUTE
    start = int(query.get("startTime", newest - (limit - 1) * MINUTE))
    first = -(-start // MINUTE) * MINUTE
    opens = [first + n * MINUTE for n in range(limit) if first + n * MINUTE <= newest]
    return [kline(opened) for opened in opens]


def depth(now: int, query: Query) -> Any:
    middle = price(7)
    return {
        "lastUpdateId": 1,
        "bids": [[f"{middle - n / 10:.8f}", "1.5"] for n in range(1, 6)],
        "asks": [[f"{middle + n / 10:.8f}", "2.5"] for n in range(1, 6)],
    }


ROUTES: dict[str, Callable[[int, Query], Any]] = {
    "/api/v3/coins/markets": markets,
    "/api/v3/ticker/24hr": tickers,
    "/api/v3/klines": klines,
    "/api/v3/depth": depth,
}


@contextmanager
def listening() -> Iterator[Provider]:
    """A provider on a free port, over keep-alive connections as real ones have them."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            status, body = provider.answer(self.path)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(ConnectionError):  # of a server that was killed in mid-request
                super().handle()

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
