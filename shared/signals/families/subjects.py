"""Which asset a metric, a chain or an entity of the news is about; the market where it is none of ours."""

from __future__ import annotations

from collections.abc import Mapping

from shared.models import Asset
from shared.store.assets import Assets

MARKET = "market"
# Chains whose coin has another name with us. A chain without a coin of its own (Base, Linea) is the market's.
CHAINS = {
    "bsc": "binancecoin",
    "op-mainnet": "optimism",
    "polygon": "polygon-ecosystem-token",
    "avalanche": "avalanche-2",
    "hyperliquid-l1": "hyperliquid",
    "ton": "the-open-network",
    "cronos": "crypto-com-chain",
    "sei": "sei-network",
    "near": "near",
    "hedera": "hedera-hashgraph",
    "injective": "injective-protocol",
    "zksync-era": "zksync",
    "zksync": "zksync",
    "stacks": "blockstack",
    "multiversx": "elrond-erd-2",
    "thorchain": "thorchain",
    "flare": "flare-networks",
    "ripple": "ripple",
    "xrpl": "ripple",
    "dogechain": "dogecoin",
    "conflux": "conflux-token",
    "immutable-zkevm": "immutable-x",
    "cosmoshub": "cosmos",
    "xdc": "xdce-crowd-sale",
    "kava": "kava",
    "oasis-sapphire": "oasis-network",
}
# What DeFiLlama calls the dollar coins that are assets of ours.
PEGGED = {
    "tether": "usdt",
    "usd-coin": "usdc",
    "dai": "dai",
    "ethena-usde": "usde",
    "first-digital-usd": "fdusd",
    "paypal-usd": "pyusd",
    "true-usd": "tusd",
}
COINS = {coin: slug for slug, coin in PEGGED.items()}


def by_slug(assets: Assets) -> dict[str, Asset]:
    return {asset.slug: asset for asset in assets}


def asset_of_metric(name: str, assets: Assets) -> int:
    return subject_of(name, by_slug(assets)).id


def subject_of(name: str, slugs: Mapping[str, Asset]) -> Asset:
    """The asset of `tvl:bsc`, `funding_rate:bitcoin` or `stablecoin_supply:usdt`, by chain, slug or name of a
    dollar coin; other tickers are shared by many."""
    sort, _, subject = name.partition(":")
    if sort.startswith("stablecoin_"):
        return slugs.get(COINS.get(subject, subject)) or slugs[MARKET]
    return slugs.get(CHAINS.get(subject, subject)) or slugs[MARKET]


def asset_of_entity(key: str, assets: Assets) -> int:
    """The asset of `asset:Bitcoin`; people, firms and offices concern the market."""
    type, _, name = key.partition(":")
    found = next((asset for asset in assets if asset.name == name), None) if type == "asset" else None
    return (found or by_slug(assets)[MARKET]).id
