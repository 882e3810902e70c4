"""Records that cross borders: valid by construction, instants in milliseconds UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from shared.errors import Refused

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EARLIEST = -(2**42)  # 1830: monthly macro series reach back that far
AHEAD = MINUTE  # the clock of a source may run this far ahead of ours; a later instant is not believed
LATEST = 4_102_444_800_000  # 2100-01-01; a later instant is a wrong time unit

Direction = Literal["up", "down", "none"]


@dataclass(frozen=True, slots=True)
class Asset:
    """One thing with a price. `id` is ours and small; `slug` is public: bitcoin."""

    id: int
    slug: str
    symbol: str
    name: str
    kind: str = "crypto"
    rank: int | None = None
    tracked: bool = False
    coingecko_id: str | None = None
    binance_symbol: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A price of one asset as one source gave it, in USD."""

    asset: int
    source: str
    at: int
    price: float
    volume_24h: float | None = None
    market_cap: float | None = None
    open_24h: float | None = None
    high_24h: float | None = None
    low_24h: float | None = None

    def __post_init__(self) -> None:
        check_instant("at", self.at)
        check_positive("price", self.price)
        for name in ("volume_24h", "market_cap", "open_24h", "high_24h", "low_24h"):
            check_amount(name, getattr(self, name))


@dataclass(frozen=True, slots=True)
class Candle:
    """One closed bar. `open_time` is the exchange's own and need not lie on the grid of `step`."""

    asset: int
    source: str
    step: int
    open_time: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: int | None = None

    def __post_init__(self) -> None:
        check_instant("open_time", self.open_time)
        if not self.low <= min(self.open, self.close) <= max(self.open, self.close) <= self.high:
            raise_refused("high", f"{self.open} {self.high} {self.low} {self.close} is not a bar")
        for name in ("open", "high", "low", "close"):
            check_positive(name, getattr(self, name))
        check_amount("volume", self.volume)


@dataclass(frozen=True, slots=True)
class OrderBook:
    """Price levels best first: [(price, quantity), …]."""

    asset: int
    source: str
    at: int
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        check_instant("at", self.at)
        if not self.bids or not self.asks:
            raise_refused("bids", "a side of the book is empty")
        if self.bids[0][0] >= self.asks[0][0]:
            raise_refused("bids", f"crossed book: {self.bids[0][0]} >= {self.asks[0][0]}")


@dataclass(frozen=True, slots=True)
class Metric:
    """Any other number that moves; `name` is subject-qualified: tvl:ethereum."""

    name: str
    source: str
    at: int
    value: float

    def __post_init__(self) -> None:
        check_instant("at", self.at)
        if not isfinite(self.value):
            raise_refused("value", f"{self.value!r} is not a number")


@dataclass(frozen=True, slots=True)
class Article:
    """One news item, text already cleaned. `key` identifies it across runs (guid or clean link)."""

    key: str
    feed: str
    url: str
    title: str
    at: int
    summary: str | None = None

    def __post_init__(self) -> None:
        check_instant("at", self.at)
        if not self.title:
            raise_refused("title", "empty")


Record = Quote | Candle | OrderBook | Metric | Article


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector saw on one bar (or window) of one asset.

    `evidence` holds every number needed to compute `raw_score` again.
    """

    type: str
    asset: int
    step: int
    at: int  # close of the bar: when it was true and known
    direction: Direction
    raw_score: float
    evidence: dict[str, object] = field(default_factory=dict)
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a key, a JWT or a session, with what it may do."""

    id: str
    kind: Literal["key", "jwt", "session", "anonymous"]
    scopes: frozenset[str]
    rate_limit: str  # 1000/hour
    user: str | None = None
    expires_at: int | None = None


def raise_refused(name: str, why: str) -> None:
    raise Refused(f"{name}: {why}")


def check_instant(name: str, value: int) -> None:
    if not EARLIEST <= value < LATEST:
        raise_refused(name, f"{value!r} is not milliseconds since 1970 before 2100")


def check_positive(name: str, value: float) -> None:
    if not (isfinite(value) and value > 0):
        raise_refused(name, f"{value!r} is not a positive number")


def check_amount(name: str, value: float | None) -> None:
    if value is not None and not (isfinite(value) and value >= 0):
        raise_refused(name, f"{value!r} is not zero or more")
