"""Metrics that features read: what each means, how old a value may be, and which of them an asset has."""

from __future__ import annotations

from typing import NamedTuple

from shared.market.features.dictionary import FEATURES
from shared.models import DAY, HOUR

LAGS = {"1h": HOUR, "24h": DAY, "1d": DAY, "5d": 5 * DAY, "7d": 7 * DAY, "365d": 365 * DAY}


class Family(NamedTuple):
    """Metrics of one kind: what they say, and the age (ms) from which a value is no longer one."""

    meaning: str
    max_age: int


# Ages: some three times the interval at which such numbers are published, markets that rest over a long
# weekend five days, monthly statistics ten weeks.
FAMILIES = {
    "funding_rate": Family("funding of perpetual futures for 8 hours, as a fraction", DAY),
    "open_interest": Family("open interest of futures, USD", 3 * HOUR),
    "liquidations_long": Family("long positions liquidated in the hour, USD", 3 * HOUR),
    "liquidations_short": Family("short positions liquidated in the hour, USD", 3 * HOUR),
    "long_short_ratio": Family("accounts that are long over those that are short", 6 * HOUR),
    "put_call": Family("open puts over open calls", DAY),
    "risk_reversal_25d": Family("implied volatility of 25-delta calls less that of puts, points", DAY),
    "mentions": Family("mentions an hour on social media", 6 * HOUR),
    "macro": Family("indices, yields and prices of the wider economy", 5 * DAY),
    "macro:fed_funds": Family("effective federal funds rate, percent", 70 * DAY),
    "macro:cpi": Family("US consumer price index", 70 * DAY),
    "stablecoin_supply": Family("stablecoins in circulation, units of the peg", DAY),
    "stablecoin_price": Family("price of a stablecoin, USD", 6 * HOUR),
    "tvl": Family("value locked on a chain or in a protocol, USD", DAY),
    "dex_volume": Family("volume on a chain's exchanges, USD", 2 * DAY),
    "dex_liquidity": Family("liquidity on a chain's exchanges, USD", 2 * DAY),
    "dex_new_pairs": Family("new pairs on a chain's exchanges", 6 * HOUR),
    "exchange_netflow": Family("USD into exchanges less out of them", DAY),
    "whale_transfers": Family("USD of large transfers in the hour", 6 * HOUR),
    "active_addresses": Family("addresses active in a day", 3 * DAY),
    "transactions": Family("transactions in a day", 3 * DAY),
    "fees_usd": Family("fees paid in a day, USD", 3 * DAY),
    "hash_rate": Family("hashes a second", 3 * DAY),
}
# DeFiLlama's name of an asset's own chain, where it is not the asset's.
CHAINS = {
    "avalanche-2": "avalanche",
    "binancecoin": "bsc",
    "blockstack": "stacks",
    "conflux-token": "conflux",
    "crypto-com-chain": "cronos",
    "elrond-erd-2": "multiversx",
    "flare-networks": "flare",
    "hedera-hashgraph": "hedera",
    "hyperliquid": "hyperliquid-l1",
    "injective-protocol": "injective",
    "internet-computer": "icp",
    "oasis-network": "oasis",
    "okb": "x-layer",
    "optimism": "op-mainnet",
    "polygon-ecosystem-token": "polygon",
    "sei-network": "sei",
    "the-open-network": "ton",
    "xdce-crowd-sale": "xdc",
    "zksync": "zksync-era",
}


class Wanted(NamedTuple):
    """One input of the dictionary that is a metric, such as tvl:{chain}@24h, taken apart."""

    column: str
    pattern: str
    lag: int
    max_age: int

    @property
    def own(self) -> bool:
        """Whether each asset has its own."""
        return "{" in self.pattern

    @property
    def by_chain(self) -> bool:
        """Whether it is named after the asset's chain."""
        return self.pattern.endswith("{chain}")

    @property
    def prefix(self) -> str:
        """What its name begins with: all of it where it is the same for all assets."""
        return self.pattern.partition("{")[0]

    def name(self, slug: str) -> str:
        """Name of the metric for an asset."""
        return self.pattern.format(slug=slug, chain=CHAINS.get(slug, slug)) if self.own else self.pattern


def wanted(column: str) -> Wanted:
    pattern, _, lag = column.partition("@")
    family = FAMILIES.get(pattern) or FAMILIES[pattern.partition(":")[0]]
    return Wanted(column, pattern, LAGS[lag] if lag else 0, family.max_age)


COLUMNS = {name for feature in FEATURES if feature.how != "given" for name in feature.inputs if ":" in name}
WANTED: tuple[Wanted, ...] = tuple(wanted(name) for name in sorted(COLUMNS))
