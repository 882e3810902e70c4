"""Which metrics are followed value by value for anomalies of their own, and what more of them means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Follow:
    """One sort of metric, by the word before the colon of its name.

    A series is followed from its first value of `least` on. `points`: the metric is a level that is higher
    where an asset is used more, so that a value above or below its last ones points up or down.
    """

    least: float = -inf
    points: bool = False


# Left out on purpose: stablecoin_price (a peg is judged by several sources at once: stablecoin_depeg), macro
# (prices of closed markets: values never seen are their rule), liquidations and whale transfers (bursts by
# nature, as the counts of tweets in which the scorer does worst: docs/ANOMALY_QUALITY.md).
FOLLOWED: Mapping[str, Follow] = {
    # A hundred million dollars: some sixty chains and as many coins; smaller ones halve without meaning it.
    "tvl": Follow(least=1e8, points=True),
    "stablecoin_supply": Follow(least=1e8),  # the price of the coin is a dollar whatever there is of it
    "active_addresses": Follow(points=True),
    "transactions": Follow(points=True),
    "fees_usd": Follow(points=True),
    "hash_rate": Follow(points=True),
    "dex_liquidity": Follow(least=1e6, points=True),
    # Those below are extreme in both directions for buyers and for sellers: no side can be read from them.
    "dex_volume": Follow(least=1e6),
    "dex_new_pairs": Follow(),
    "mentions": Follow(),
    "open_interest": Follow(least=1e6),
    "funding_rate": Follow(),
    "long_short_ratio": Follow(),
    "put_call": Follow(),
    "risk_reversal_25d": Follow(),
    "exchange_netflow": Follow(),
}


def follow_of(name: str) -> Follow | None:
    """How `hash_rate:bitcoin` is followed; None for what is not."""
    return FOLLOWED.get(name.partition(":")[0])
