"""Who tells us what: one file a provider, one line in SOURCES."""

from shared.sources import (
    binance_depth,
    binance_klines,
    binance_ticker,
    coingecko_markets,
    defillama_chains,
    defillama_stablecoins,
    rss,
)
from shared.sources.source import Ask, Reading, Source, read_all

SOURCES: tuple[Source, ...] = (
    coingecko_markets.SOURCE,
    binance_ticker.SOURCE,
    binance_klines.SOURCE,
    binance_depth.SOURCE,
    defillama_chains.SOURCE,
    defillama_stablecoins.SOURCE,
    *rss.SOURCES,
)

__all__ = ["SOURCES", "Ask", "Reading", "Source", "read_all"]
