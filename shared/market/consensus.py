"""One price from several sources: outliers cut, weighted median, a quorum, and who was used.

What the states mean:
  agreed   at least two sources, and more than half of the fresh ones, lie close together
  single   only one source is fresh: its price, unchecked
  none     sources disagree with no majority (two of them more than 5 % apart): no price is better
           than a price that may be wrong, so `price` is None
A quote is fresh when it is at most `WINDOW` older than the newest one. Its age against the clock is not
judged here: a row tells `at`, and health tells that a source has stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from shared.models import AHEAD, MINUTE, Asset

WINDOW = 15 * MINUTE
FAR = 0.05  # nobody this far from the median is believed, however far the others are scattered
NEAR = 0.005  # nobody this near is cut, however well the others agree
CUT = 3 * 1.4826  # three standard deviations, by the median absolute deviation

State = Literal["agreed", "single", "none"]


class Priced(Protocol):
    """What a quote must have: models.Quote and the stored ones do."""

    @property
    def source(self) -> str: ...
    @property
    def at(self) -> int: ...
    @property
    def price(self) -> float: ...


class StoredPrice(Priced, Protocol):
    """A quote with what a market row tells beside the price."""

    @property
    def known_at(self) -> int: ...
    @property
    def volume_24h(self) -> float | None: ...
    @property
    def market_cap(self) -> float | None: ...
    @property
    def open_24h(self) -> float | None: ...
    @property
    def high_24h(self) -> float | None: ...
    @property
    def low_24h(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Vote:
    """One source's price and whether it counted."""

    source: str
    price: float
    at: int
    used: bool


@dataclass(frozen=True, slots=True)
class Consensus:
    """`price` in the quotes' unit; `at` is the newest used quote's; `spread_bps` between used ones."""

    price: float | None
    at: int
    state: State
    spread_bps: float | None
    votes: tuple[Vote, ...]


def consensus(
    quotes: Iterable[Priced], now: int, weights: dict[str, float] | None = None
) -> Consensus | None:
    """Agree on a price at `now` (ms) from at most one quote a source; None where there is no quote.

    `weights` are reliabilities by source; a source without one counts 0.5.
    """
    known = sorted((q for q in quotes if q.at <= now + AHEAD), key=lambda q: (q.price, q.source))
    if not known:
        return None
    newest = max(q.at for q in known)
    fresh = [q for q in known if q.at >= newest - WINDOW]
    used = close_together(fresh)
    if not used:
        return Consensus(None, newest, "none", None, votes(known, ()))
    weight = weights or {}
    price = weighted_median([(q.price, max(weight.get(q.source, 0.5), 1e-9)) for q in used])
    state: State = "agreed" if len(used) > 1 else "single"
    spread = (used[-1].price - used[0].price) / price * 1e4 if len(used) > 1 else None
    return Consensus(price, max(q.at for q in used), state, spread, votes(known, used))


def close_together(fresh: Sequence[Priced]) -> Sequence[Priced]:
    """Cut the outliers of fresh quotes sorted by price; empty where no majority is left."""
    if len(fresh) == 1:
        return fresh
    middle = median(q.price for q in fresh)
    scatter = median(abs(q.price - middle) for q in fresh)
    allowed = min(max(CUT * scatter, NEAR * middle), FAR * middle)
    if len(fresh) == 2:
        # the middle of two is equally far from both: their distance decides, not the deviation
        return fresh if fresh[1].price - fresh[0].price <= FAR * fresh[0].price else ()
    kept = [q for q in fresh if abs(q.price - middle) <= allowed]
    return kept if len(kept) > 1 and 2 * len(kept) > len(fresh) else ()


def median(values: Iterable[float]) -> float:
    """Return the middle value, or the mean of the two; importing statistics for it slows a cold start."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def weighted_median(pairs: Sequence[tuple[float, float]]) -> float:
    """Take the lower weighted median of (value, weight) sorted by value; the mean where it falls between."""
    half = sum(weight for _, weight in pairs) / 2
    below = 0.0
    for position, (value, weight) in enumerate(pairs):
        below += weight
        if abs(below - half) < 1e-12 * half and position + 1 < len(pairs):
            return (value + pairs[position + 1][0]) / 2
        if below >= half:
            return value
    raise ValueError("no values")


def votes(known: Sequence[Priced], used: Sequence[Priced]) -> tuple[Vote, ...]:
    counted = {id(q) for q in used}
    ordered = sorted(known, key=lambda q: q.source)
    return tuple(Vote(q.source, q.price, q.at, id(q) in counted) for q in ordered)


def market_row(
    asset: Asset, quotes: Sequence[StoredPrice], now: int, weights: dict[str, float] | None = None
) -> dict[str, Any] | None:
    """Make the row that API and stream show of an asset; None where nobody ever quoted it.

    The day's figures are one source's, not a mixture: of those that were used, the one that knows the
    whole market (it gives a market cap) before the one that knows its own exchange.
    """
    found = consensus(quotes, now, weights)
    if found is None:
        return None
    used = {vote.source for vote in found.votes if vote.used}
    trusted = sorted((q for q in quotes if q.source in used), key=lambda q: (q.market_cap is None, q.source))
    day = next((q for q in trusted if q.open_24h is not None), None)
    change = (day.price / day.open_24h - 1) * 100 if day and day.open_24h else None
    return {
        "symbol": asset.symbol,
        "id": asset.slug,
        "name": asset.name,
        "rank": asset.rank,
        "price": found.price,
        "change_24h": change,
        "open_24h": day.open_24h if day else None,
        "high_24h": day.high_24h if day else None,
        "low_24h": day.low_24h if day else None,
        "volume_24h": next((q.volume_24h for q in trusted if q.volume_24h is not None), None),
        "market_cap": next((q.market_cap for q in trusted if q.market_cap is not None), None),
        "at": found.at,
        "known_at": max(q.known_at for q in quotes if q.source in used or not used),
        "consensus": found.state,
        "spread_bps": found.spread_bps,
        "sources": [asdict(vote) for vote in found.votes],
    }
