"""What the fake API of the page's tests answers: the shapes of /api/v1 with the cases that go wrong."""

from __future__ import annotations

import math
import random
from typing import Any

NOW = 1_763_726_400_000  # 2025-11-21T12:00:00Z
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
STEPS = {"5m": 5 * MINUTE, "1h": HOUR, "1d": DAY}
BARS = {"5m": 288, "1h": 720, "1d": 365}
MAD_SCALE = 1.4826

ASSETS = (
    ("BTC", "Bitcoin", 86_412.37, -2.31, 1.72e12),
    ("ETH", "Ethereum", 2_814.55, -3.92, 3.4e11),
    ("USDT", "Tether", 0.99981, 0.01, 1.84e11),
    ("XRP", "XRP", 1.9642, -4.4, 1.18e11),
    ("BNB", "BNB", 856.2, -1.2, 1.17e11),
    ("SOL", "Solana", 131.07, 1.8, 7.3e10),
    ("TRX", "TRON", 0.2762, 0.6, 2.6e10),
    ("DOGE", "Dogecoin", 0.14386, -6.1, 2.18e10),
    ("ADA", "Cardano", 0.42511, -5.0, 1.55e10),
    ("ZEC", "Zcash", 612.4, 11.7, 9.9e9),
    ("XMR", "Monero", 371.0, 2.2, 6.8e9),
    ("SHIB", "Shiba Inu", 0.000008113, -3.3, 4.78e9),
    ("TON", "Toncoin", 1.561, -0.4, 3.9e9),
    ("UNI", "Uniswap", 6.31, -7.8, 3.7e9),
    ("PEPE", "Pepe", 0.000004402, -5.5, 1.85e9),
    ("AAVE", "Aave", 166.4, -2.9, 2.5e9),
    ("BONK", "Bonk", 0.00000938, 3.1, 7.8e8),
    ("NEW", "A token with a name much longer than any column", 0.0000000123, None, None),
)


def market_row(
    rank: int, symbol: str, name: str, price: float, change: float | None, cap: float | None
) -> Any:
    known = change is not None
    sources = [
        {"source": "coingecko", "price": price, "at": NOW - 31_000, "used": True},
        {"source": "binance", "price": price * 1.0002, "at": NOW - 12_000, "used": True},
        {"source": "kraken", "price": price * 1.4, "at": NOW - 45_000, "used": False},
    ]
    return {
        "symbol": symbol,
        "id": name.lower().replace(" ", "-"),
        "name": name,
        "rank": rank if known else None,
        "price": price,
        "change_24h": change,
        "open_24h": price / (1 + change / 100) if known else None,
        "high_24h": price * 1.03 if known else None,
        "low_24h": price * 0.97 if known else None,
        "volume_24h": cap * 0.04 if cap else None,
        "market_cap": cap,
        "at": NOW - 12_000 * rank,
        "known_at": NOW - 11_000 * rank,
        "consensus": "agreed" if known else "single",
        "spread_bps": 2.0 if known else None,
        "sources": sources if known else sources[:1],
    }


def market() -> dict[str, Any]:
    rows = [market_row(rank, *asset) for rank, asset in enumerate(ASSETS, 1)]
    return {"data": rows, "next_cursor": None, "as_of": NOW}


def history(symbol: str, interval: str) -> dict[str, Any]:
    """A seeded walk that ends at the asset's price, with five bars missing in its middle."""
    price = next(asset[2] for asset in ASSETS if asset[0] == symbol)
    step, length, chance = STEPS[interval], BARS[interval], random.Random(symbol + interval)
    bars: list[list[float]] = []
    close, at = price, NOW - NOW % step - step
    for index in range(length):
        opened = close * math.exp(chance.gauss(0, 0.006))
        high, low = (max(opened, close) * (1 + abs(chance.gauss(0, 0.002))), min(opened, close) * 0.998)
        if not 40 <= index < 45:
            bars.append([at, opened, high, low, close, 1e6 / price * (1 + abs(chance.gauss(0, 1)))])
        close, at = opened, at - step
    columns = ["open_time", "open", "high", "low", "close", "volume"]
    return {
        "symbol": symbol,
        "interval": interval,
        "columns": columns,
        "data": bars[::-1],
        "source": "binance",
        "gaps": 5,
    }


def outcomes(*returns: float | None) -> list[dict[str, Any]]:
    """One per horizon: a number is resolved, None has no data, missing ones are pending."""
    made = []
    for place, horizon in enumerate(("1h", "4h", "24h", "7d")):
        value = returns[place] if place < len(returns) else "pending"
        known = isinstance(value, float)
        made.append(
            {
                "horizon": horizon,
                "status": "resolved" if known else "no data" if value is None else "pending",
                "forward_return": value if known else None,
                "max_favourable": abs(value) * 1.5 if known else None,
                "max_adverse": -abs(value) / 3 if known else None,
                "hit": value > 0 if known else None,
            }
        )
    return made


def signal(number: int, kind: str, symbol: str, evidence: dict[str, Any], **replace: Any) -> dict[str, Any]:
    name, price = next((asset[1], asset[2]) for asset in ASSETS if asset[0] == symbol)
    score = replace.pop("raw_score")
    at = NOW - number * 5 * HOUR - NOW % HOUR
    made = {
        "id": f"01KAKE{number:020d}",
        "type": kind,
        "symbol": symbol,
        "name": name,
        "direction": "up" if score > 0 else "down",
        "confidence_score": None,
        "confidence": confidence(score, 0),
        "state": "active" if number < 3 else "resolved",
        "at": at,
        "known_at": at + 2_000,
        "expires_at": at + DAY,
        "interval": "1h",
        "price": price,
        "evidence": evidence,
        "outcomes": outcomes(),
        "created_at": at + 2_100,
    }
    return {**made, **replace}


def confidence(raw_score: float, outcomes: int, probability: float | None = None) -> dict[str, Any]:
    """As signal_json tells it: at the primary horizon, and at each one."""
    rate = None if probability is None else 0.52
    interval = None if probability is None else [probability - 0.1, probability + 0.1]
    one = {"probability": probability, "interval": interval, "base_rate": rate, "outcomes": outcomes}
    return {
        "status": "insufficient data" if probability is None else "calibrated",
        "score": probability,
        "horizon": "24h",
        "raw_score": raw_score,
        "outcomes": outcomes,
        "base_rate": rate,
        "interval": interval,
        "calibration": None if probability is None else 7,
        "by_horizon": {"1h": one, "24h": one} if outcomes else {},
    }


def window() -> dict[str, int]:
    return {"base": NOW - 98 * HOUR, "first": NOW - 97 * HOUR, "last": NOW - 2 * HOUR, "n": 96}


def price_evidence(close: float, previous: float) -> dict[str, Any]:
    """The evidence of shared/signals/detectors/price_anomaly.py, with its own arithmetic."""
    median, mad = 0.00012, 0.0019
    return {
        "open_time": NOW - 2 * HOUR,
        "close": close,
        "previous_close": previous,
        "elapsed_bars": 1.0,
        "value": math.log(close / previous),
        "median": median,
        "mad": mad,
        "scale": MAD_SCALE * mad,
        "threshold": 6.0,
        "window": window(),
    }


def volume_evidence(volume: float) -> dict[str, Any]:
    return {
        "open_time": NOW - 2 * HOUR,
        "close": 131.07,
        "previous_close": 129.0,
        "volume": volume,
        "value": math.log(volume),
        "news": {"articles": [1, 2, 3, 4], "stories": 3, "feeds": 2, "first_at": NOW - 100 * MINUTE},
        "median": math.log(1_200.0),
        "mad": 0.31,
        "scale": MAD_SCALE * 0.31,
        "threshold": 3.5,
        "window": window(),
    }


def sentiment_evidence() -> dict[str, Any]:
    recent, before, spread, prior = (9, -0.41), (140, 0.11), 0.34, 3.0
    value = (recent[0] * recent[1] + prior * before[1]) / (recent[0] + prior)
    return {
        "value": value,
        "spread": spread,
        "scale": spread * math.sqrt(1 / recent[0] + 1 / before[0]),
        "threshold": 3.0,
        "shrinkage": prior,
        "recent": {"after": NOW - 6 * HOUR, "until": NOW, "n": recent[0], "mean": recent[1]},
        "baseline": {"after": NOW - 174 * HOUR, "until": NOW - 6 * HOUR, "n": before[0], "mean": before[1]},
    }


def signals() -> dict[str, Any]:
    price, volume, mood = price_evidence(86_412.37, 88_310.0), volume_evidence(31_400.0), sentiment_evidence()
    price_score = abs(price["value"] - price["median"]) / price["scale"]
    volume_score = (volume["value"] - volume["median"]) / volume["scale"]
    mood_score = abs(mood["value"] - mood["baseline"]["mean"]) / mood["scale"]
    sure, few = confidence(volume_score, 214, 0.63), confidence(price_score, 12)
    unknown = {"what": "is <b>not</b> known yet", "levels": [1, 2], "news": {"stories": 0}}
    rows = [
        signal(0, "price_anomaly", "BTC", price, raw_score=price_score, direction="down"),
        signal(1, "volume_spike", "SOL", volume, raw_score=volume_score, confidence_score=0.63,
               confidence=sure, outcomes=outcomes(0.0123)),
        signal(2, "sentiment_shift", "ETH", mood, raw_score=mood_score, direction="down", interval=None),
        signal(3, "price_anomaly", "BTC", price, raw_score=price_score + 1, direction="down"),
        signal(4, "future_type", "SHIB", unknown, raw_score=4.2,
               direction="none"),
        *(signal(n, "price_anomaly", ASSETS[n % 9][0], price, raw_score=price_score, confidence=few,
                 outcomes=outcomes(None, 0.0123 - n / 500, -0.02, None)) for n in range(5, 24)),
    ]  # fmt: skip
    return {"data": rows, "next_cursor": None}


def signal_detail(id: str, url: str) -> dict[str, Any] | None:
    """What /signals/by-id answers: the signal with its chart, its articles and random entries beside it."""
    found = next((row for row in signals()["data"] if row["id"] == id), None)
    if found is None:
        return None
    matched = [
        {"horizon": "1h", "n": 20, "hits": 7, "mean_return": 0.0021},
        {"horizon": "4h", "n": 0, "hits": None, "mean_return": None},
    ]
    chart = history("BTC", "1h") if found["interval"] else None
    return {
        **found,
        "permalink": f"{url}/signals/{id}",
        "articles": news()["data"][:4],
        "matched": matched,
        "chart": chart and {**chart, "data": chart["data"][-140:]},
    }


HOSTILE = (
    (
        '<img src=x onerror="window.hacked=1"> Bitcoin <script>window.hacked=1</script>',
        "https://news.example/1",
    ),
    ("A harmless title over a script address", "javascript:window.hacked=1"),
    (
        "{{constructor.constructor('window.hacked=1')()}} \u202etxet desrever",
        "data:text/html,<script>1</script>",
    ),
    ("unbroken" * 40, "https://news.example/4"),
)
HEADLINES = (
    "Bitcoin slides below 87,000 as funds sell for a fourth day",
    "Exchange adds staking for Solana in Europe",
    "Regulator opens consultation on stablecoin reserves",
    "Zcash rises to a seven-year high on shielded supply",
    "Developers set a date for the next Ethereum upgrade",
)


def article(number: int, title: str, url: str) -> dict[str, Any]:
    score = (0.64, -0.52, 0.0, 0.31)[number % 4]
    label = "positive" if score > 0.05 else "negative" if score < -0.05 else "neutral"
    return {
        "id": f"article-{number:03d}",
        "title": title,
        "url": url,
        "source": ("coindesk", "the-block", "cointelegraph")[number % 3],
        "summary": "<b>text</b>",
        "at": NOW - number * 17 * MINUTE,
        "known_at": NOW - number * 17 * MINUTE + 60_000,
        "sentiment": None if number == 6 else {"score": score, "label": label, "model": "vader"},
        "symbols": ["BTC", "ETH"][: number % 3],
    }


def news() -> dict[str, Any]:
    made = [(HEADLINES[n % 5], f"https://news.example/story/{n}") for n in range(20)]
    titles = [*made[:3], *HOSTILE, *made[3:]]
    rows = [article(number, title, url) for number, (title, url) in enumerate(titles)]
    return {"data": rows, "next_cursor": None}


def source(name: str, job: str, status: str, age: int | None, expected: int, error: str | None = None) -> Any:
    at = None if age is None else NOW - age * 1000
    return {
        "name": name,
        "job": job,
        "status": status,
        "last_ok": at,
        "last_stored": at,
        "last_error": error,
        "age_seconds": age,
        "expected_seconds": expected,
    }


def health() -> dict[str, Any]:
    sources = [
        source("coingecko", "markets", "healthy", 31, 60),
        source("binance", "klines", "healthy", 12, 60),
        source("defillama", "chains", "stale", 9_400, 3_600, "HTTP 502 from api.llama.fi <b>bad gateway</b>"),
        source("kraken", "ticker", "failing", 1_900, 300, "breaker open until 12:04"),
        source("rss", "news", "healthy", 240, 600),
        source("fred", "macro", "never run", None, 86_400),
    ]
    return {
        "status": "degraded",
        "timestamp": NOW,
        "services": {
            "database": "healthy",
            "cache": "healthy",
            "external_apis": "degraded",
            "workers": "healthy",
        },
        "metrics": {"uptime": 99.9, "response_time_ms": 3.1, "error_rate": 0.0},
        "sources": sources,
        "jobs": [],
        "demo": True,
    }


def session(**replace: Any) -> dict[str, Any]:
    known = {
        "user": "admin",
        "role": "admin",
        "scopes": ["read:prices", "write:rules"],
        "demo": True,
        "public_read": False,
    }
    return {**known, "now": NOW, **replace}


def regime() -> dict[str, Any]:
    breadth = {"above_average": 4, "assets": 17, "share": 4 / 17, "average_days": 50}
    told = {"regime": "bear, high volatility", "trend": "bear", "volatility": "high", "breadth": breadth}
    return {"data": told}


def psychology() -> dict[str, Any]:
    return {"data": {"state": "fear", "index": 31.4, "missing": []}, "as_of": NOW}
