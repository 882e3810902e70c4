"""The coins of the demo: real names and sizes, so that the page looks familiar; prices are made up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coin:
    """`price` in USD at the start, `supply` in coins, `beta` to the market, `own` volatility a year."""

    slug: str
    symbol: str
    name: str
    price: float
    supply: float
    beta: float
    own: float

    @property
    def pair(self) -> str:
        return f"{self.symbol}USDT"


COINS: tuple[Coin, ...] = (
    Coin("bitcoin", "BTC", "Bitcoin", 92_400.0, 19.9e6, 1.0, 0.15),
    Coin("ethereum", "ETH", "Ethereum", 3_050.0, 120.7e6, 1.25, 0.3),
    Coin("ripple", "XRP", "XRP", 2.12, 60.1e9, 1.1, 0.5),
    Coin("binancecoin", "BNB", "BNB", 905.0, 137.7e6, 0.9, 0.3),
    Coin("solana", "SOL", "Solana", 138.0, 559e6, 1.35, 0.45),
    Coin("tron", "TRX", "TRON", 0.281, 94.6e9, 0.6, 0.3),
    Coin("dogecoin", "DOGE", "Dogecoin", 0.156, 151.8e9, 1.3, 0.6),
    Coin("cardano", "ADA", "Cardano", 0.462, 36.4e9, 1.25, 0.5),
    Coin("chainlink", "LINK", "Chainlink", 13.4, 696.8e6, 1.3, 0.5),
    Coin("bitcoin-cash", "BCH", "Bitcoin Cash", 487.0, 19.9e6, 1.0, 0.5),
    Coin("stellar", "XLM", "Stellar", 0.247, 32.1e9, 1.15, 0.5),
    Coin("sui", "SUI", "Sui", 1.58, 3.68e9, 1.45, 0.6),
    Coin("avalanche-2", "AVAX", "Avalanche", 14.2, 426.6e6, 1.35, 0.5),
    Coin("litecoin", "LTC", "Litecoin", 91.5, 76.5e6, 1.0, 0.45),
    Coin("hedera-hashgraph", "HBAR", "Hedera", 0.143, 42.4e9, 1.3, 0.55),
    Coin("shiba-inu", "SHIB", "Shiba Inu", 0.00000872, 589.2e12, 1.3, 0.6),
    Coin("the-open-network", "TON", "Toncoin", 1.71, 2.45e9, 1.1, 0.5),
    Coin("polkadot", "DOT", "Polkadot", 2.74, 1.63e9, 1.25, 0.45),
    Coin("uniswap", "UNI", "Uniswap", 7.3, 630e6, 1.35, 0.6),
    Coin("pepe", "PEPE", "Pepe", 0.00000478, 420.7e12, 1.5, 0.8),
)
