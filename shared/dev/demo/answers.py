"""What providers would answer about the demo's market, in their own shapes. Pure: bytes of a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import orjson

from shared.dev.demo.coins import COINS
from shared.dev.demo.market import Floats, Market
from shared.dev.demo.press import Story
from shared.models import DAY, HOUR, MINUTE

INTERVALS = {"1m": MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "1h": HOUR, "4h": 4 * HOUR, "1d": DAY}
PAIRS = {coin.pair: number for number, coin in enumerate(COINS)}
SLUGS = {coin.slug: number for number, coin in enumerate(COINS)}
# name, ticker, value locked in USD at the start, which coin it moves with
CHAINS = (
    ("Ethereum", "ETH", 68e9, "ethereum"),
    ("Solana", "SOL", 9.2e9, "solana"),
    ("BSC", "BNB", 7.4e9, "binancecoin"),
    ("Bitcoin", "BTC", 6.9e9, "bitcoin"),
    ("Tron", "TRX", 4.6e9, "tron"),
    ("Avalanche", "AVAX", 1.3e9, "avalanche-2"),
    ("Sui", "SUI", 0.95e9, "sui"),
    ("Cardano", "ADA", 0.19e9, "cardano"),
)
STABLECOINS = (("Tether", "USDT", 184e9), ("USD Coin", "USDC", 74e9), ("Dai", "DAI", 4.5e9))
LEVELS = 20
PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>'


def number(value: float) -> str:
    """Binance sends numbers as text with eight decimals."""
    return f"{value:.8f}"


def rounded(value: float) -> float:
    """Six significant digits, as CoinGecko gives."""
    return float(f"{value:.6g}")


def noise(seed: int, source: int, at: int) -> Floats:
    """How far each coin's price at one source lies from the market's: factors near 1, for ten seconds."""
    return np.exp(np.random.default_rng([seed, source, at // 10_000]).normal(0, 0.0001, len(COINS)))


def klines(market: Market, params: dict[str, str], now: int) -> bytes | None:
    """/api/v3/klines, the open bar included; None for a pair or interval that is not there."""
    coin, step = PAIRS.get(params.get("symbol", "")), INTERVALS.get(params.get("interval", ""))
    if coin is None or step is None:
        return None
    limit = min(int(params.get("limit", 500)), 1000)
    end = min(int(params.get("endTime", now)), now)
    start = int(params["startTime"]) if "startTime" in params else end // step * step - (limit - 1) * step
    start = max(-(-start // step) * step, market.start)
    bars = market.bars(start, min(end, start + limit * step), step)[coin]
    return orjson.dumps([kline(start + i * step, step, bar) for i, bar in enumerate(bars.T.tolist())])


def kline(opened: int, step: int, bar: Sequence[float]) -> list[Any]:
    *five, trades = bar
    value, taken = five[3] * five[4], 0.49
    taker = (number(five[4] * taken), number(value * taken))
    texts = [number(one) for one in five]
    return [opened, *texts, opened + step - 1, number(value), int(trades), *taker, "0"]


def depth(market: Market, params: dict[str, str], now: int) -> bytes | None:
    """/api/v3/depth: twenty levels around the price, thinner when it moves."""
    coin = PAIRS.get(params.get("symbol", ""))
    if coin is None:
        return None
    rng = np.random.default_rng([market.seed, coin, now // 1000])
    price, spread = float(market.price(now)[coin]), 0.0001 * (1 + rng.exponential(0.5))
    steps = np.cumsum(rng.exponential(0.0001, (2, LEVELS)), axis=1)
    sizes = rng.lognormal(0, 1, (2, LEVELS)) * 20_000 / price
    sides = []
    for side, sign in enumerate((-1, 1)):
        levels = (price * (1 + sign * (spread / 2 + steps[side]))).tolist()
        sides.append(
            [[f"{level:.10f}", number(size)] for level, size in zip(levels, sizes[side], strict=True)]
        )
    return orjson.dumps({"lastUpdateId": now, "bids": sides[0], "asks": sides[1]})


def tickers(market: Market, now: int) -> bytes:
    """/api/v3/ticker/24hr?type=MINI: all pairs, and one that is dead."""
    day, last = last_day(market, now), market.price(now) * noise(market.seed, 1, now)
    rows = []
    for pair, coin in PAIRS.items():
        open_, high, low, volume = day[coin]
        prices = (open_, max(high, last[coin]), min(low, last[coin]), last[coin], volume, volume * last[coin])
        rows.append(mini(pair, now, [number(price) for price in prices], 1 + int(volume) % 10**6))
    rows.append(mini("LUNAUSDT", now, [number(0)] * 6, 0))
    return orjson.dumps(rows)


def mini(pair: str, now: int, texts: Sequence[str], count: int) -> dict[str, Any]:
    names = ("openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume")
    times = {"openTime": now - DAY, "closeTime": now, "firstId": 1 if count else -1, "lastId": count or -1}
    return {"symbol": pair, **dict(zip(names, texts, strict=True)), **times, "count": count}


def last_day(market: Market, now: int) -> list[list[float]]:
    """Open, high, low and volume of the last 24 hours of every coin, to the minute."""
    bars = market.bars(max(now - DAY, market.start), now, MINUTE)
    open_, high, low = bars[:, 0, 0], bars[:, 1].max(axis=1), bars[:, 2].min(axis=1)
    found: list[list[float]] = np.stack((open_, high, low, bars[:, 4].sum(axis=1)), axis=1).tolist()
    return found


def markets(market: Market, params: dict[str, str], now: int) -> bytes:
    """/api/v3/coins/markets: one row for each coin that is asked for and exists."""
    asked = params.get("ids")
    wanted = [SLUGS[slug] for slug in (asked.split(",") if asked else SLUGS) if slug in SLUGS]
    day, last = last_day(market, now), market.price(now) * noise(market.seed, 0, now)
    rows = [coin_row(coin, rounded(float(last[coin])), day[coin], now) for coin in wanted]
    rows.sort(key=lambda row: -row["market_cap"])
    return orjson.dumps(rows)


def coin_row(number: int, price: float, day: Sequence[float], now: int) -> dict[str, Any]:
    coin, (opened, high, low, volume) = COINS[number], day
    return {
        "id": coin.slug,
        "symbol": coin.symbol.lower(),
        "name": coin.name,
        "image": None,
        "current_price": price,
        "market_cap": round(price * coin.supply),
        "market_cap_rank": number + 1,
        "fully_diluted_valuation": None,
        "total_volume": round(volume * price),
        "high_24h": rounded(max(high, price)),
        "low_24h": rounded(min(low, price)),
        "price_change_24h": price - opened,
        "price_change_percentage_24h": round((price / opened - 1) * 100, 5),
        "circulating_supply": coin.supply,
        "max_supply": None,
        "roi": None,
        "last_updated": instant(now - now % 10_000),
    }


def instant(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


def chains(market: Market, now: int) -> bytes:
    """api.llama.fi/v2/chains: value locked moves with the price of the chain's coin."""
    prices = market.price(now)
    return orjson.dumps(
        [
            {
                "gecko_id": slug,
                "tvl": value * float(prices[SLUGS[slug]]) / COINS[SLUGS[slug]].price,
                "tokenSymbol": ticker,
                "cmcId": None,
                "name": name,
            }
            for name, ticker, value, slug in CHAINS
        ]
    )


def stablecoins(market: Market, now: int) -> bytes:
    """stablecoins.llama.fi/stablecoins: supply that grows slowly, prices near one dollar."""
    rng = np.random.default_rng([market.seed, 2, now // HOUR])
    grown = 1 + 0.0002 * (now - market.start) / DAY
    rows = [
        {
            "id": str(i + 1),
            "name": name,
            "symbol": symbol,
            "pegType": "peggedUSD",
            "circulating": {"peggedUSD": supply * grown},
            "price": round(1 + float(rng.normal(0, 0.0003)), 6),
        }
        for i, (name, symbol, supply) in enumerate(STABLECOINS)
    ]
    return orjson.dumps({"peggedAssets": rows})


def feed(host: str, stories: Iterable[Story], now: int) -> bytes:
    """RSS 2.0, newest first."""
    items = "".join(item(host, story) for story in stories)
    about = f"<title>{escape(host)} (demo)</title><link>https://{escape(host)}</link>"
    built = f"<description>Demo</description><lastBuildDate>{rfc822(now // HOUR * HOUR)}</lastBuildDate>"
    return f'{PROLOGUE}<rss version="2.0"><channel>{about}{built}{items}</channel></rss>'.encode()


def item(host: str, story: Story) -> str:
    link = f"https://{host}/demo/{story.number}"
    return (
        f"<item><title>{escape(story.title)}</title><link>{link}</link>"
        f'<guid isPermaLink="true">{link}</guid><pubDate>{rfc822(story.at)}</pubDate>'
        f"<description>{escape(story.summary)}</description></item>"
    )


def rfc822(at: int) -> str:
    return format_datetime(datetime.fromtimestamp(at // 1000, UTC), usegmt=True)
