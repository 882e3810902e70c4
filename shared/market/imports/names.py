"""What a file's name tells: the symbol, the bar length, whose data it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from shared.models import DAY, HOUR, MINUTE

EXCHANGES = {
    "binance": "binance",
    "binanceus": "binanceus",
    "coinbase": "coinbase",
    "gdax": "coinbase",
    "kraken": "kraken",
    "bitstamp": "bitstamp",
    "bitfinex": "bitfinex",
    "bybit": "bybit",
    "okx": "okx",
    "gemini": "gemini",
    "yahoo": "yahoo",
    "yahoofinance": "yahoo",
    "coingecko": "coingecko",
}
INDICES = frozenset(("VIX", "SPX", "SNP", "SP500", "NDX", "DJI", "DXY"))
NOISE = re.compile(r"\d{6,8}|futures|spot|ohlcv?|candles?|klines?|history|data|prices?|trade|quotes", re.I)
QUOTES = "USDT|USDC|BUSD|FDUSD|USD|EUR|GBP|BTC|ETH|BNB"
PAIR = re.compile(rf"[A-Z0-9]{{1,12}}?([-_/](?:{QUOTES}))+|[A-Z0-9]{{2,12}}?(?:{QUOTES})", re.I)
UNITS = {
    "s": 1000,
    "m": MINUTE,
    "min": MINUTE,
    "minute": MINUTE,
    "h": HOUR,
    "hour": HOUR,
    "d": DAY,
    "day": DAY,
    "w": 7 * DAY,
    "week": 7 * DAY,
}
INTERVAL = re.compile(rf"(?:pt?)?(\d{{1,3}})({'|'.join(sorted(UNITS, key=len, reverse=True))})s?", re.I)
WORDS = {"daily": DAY, "hourly": HOUR, "minute": MINUTE, "weekly": 7 * DAY}
STEPS = tuple(n * MINUTE for n in (1, 2, 3, 5, 10, 15, 20, 30, 45)) + tuple(
    n * HOUR for n in (1, 2, 3, 4, 6, 8, 12, 24, 72, 168)
)


def parts_of(path: Path) -> list[str]:
    stem = re.sub(r"(\.(csv|txt|tsv|json|gz))+$", "", path.name, flags=re.I)
    return [part for part in re.split(r"[-_ .@]+", stem) if part]


def step_of(text: str) -> int | None:
    """Milliseconds of 5m, 1h, PT4H, 1hour, daily …"""
    if match := INTERVAL.fullmatch(text.strip()):
        return int(match[1]) * UNITS[match[2].lower()]
    return WORDS.get(text.strip().lower())


def spelt(step: int) -> str:
    """5m, 1h, 1d."""
    name = next(name for name in ("w", "d", "h", "m", "s") if step % UNITS[name] == 0)
    return f"{step // UNITS[name]}{name}"


def named_steps(path: Path) -> set[int]:
    """Bar lengths that the file's or its folder's name mentions; the file's own word wins."""
    own = {step for part in parts_of(path) if (step := step_of(part))}
    return own or {step for part in path.parent.name.split("_") if (step := step_of(part))}


def source_of(path: Path) -> str:
    """The exchange that the file or its folder is named after, else import."""
    words = [*parts_of(path), *re.split(r"[-_ ]", path.parent.name)]
    return next((EXCHANGES[word.lower()] for word in words if word.lower() in EXCHANGES), "import")


def symbol_of(path: Path, title: str, known: Callable[[str], object]) -> str | None:
    """BTCUSDT, ETH-USD, ADA_BTC or a name that `known` answers; None where nothing can be told."""
    if match := PAIR.match(title.partition("@")[0]) or re.fullmatch(r"X[A-Z]{3}Z[A-Z]{3}", title):
        return match[0].upper()
    stem = re.sub(r"(\.(csv|txt|tsv|json|gz))+$", "", path.name, flags=re.I)
    words = [
        word
        for word in re.split(rf"[- .@]+|_(?!(?:{QUOTES})(?:[-_. @]|$))", stem, flags=re.I)
        if word and word.lower() not in EXCHANGES and not NOISE.fullmatch(word) and not step_of(word)
    ]
    return pair_in(words) or lone(words, known)


def pair_in(words: list[str]) -> str | None:
    """A word that is a pair, or two words that are one: ETH-USD."""
    for first, second in zip(words, [*words[1:], ""], strict=True):
        if re.fullmatch(QUOTES, second, re.I) and re.fullmatch(r"[A-Z0-9]{1,12}", first, re.I):
            return f"{first}-{second}".upper()
        if PAIR.fullmatch(first):
            return first.upper()
    return None


def lone(words: list[str], known: Callable[[str], object]) -> str | None:
    """The one word that is an index, that somebody knows, or that is spelt like a ticker."""
    ticker = [word for word in words if word.isupper()] if len(words) == 1 else []
    for fitting in (
        [w for w in words if w.upper() in INDICES],
        [w for w in words if known(w) is not None],
        ticker,
    ):
        if len(found := {word.upper() for word in fitting}) == 1:
            return found.pop()
    return None
