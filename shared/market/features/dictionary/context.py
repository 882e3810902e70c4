"""Features of what else was known at the close: books, derivatives, news, macro, chains, data quality."""

from __future__ import annotations

from shared.market.features.feature import given, made

ORDER_BOOK = given(
    "order_book",
    "order_books",
    """
    spread_bps | bps | 0 | best ask less best bid, over their middle
    micro_gap_bps | bps | 0 | best prices weighted by the other side's quantity, less the middle
    book_imbalance_1 | balance | 0 | (bid − ask) / (bid + ask) of the USD at the best level
    book_imbalance_5 | balance | 0 | the same over the best 5 levels
    book_imbalance_20 | balance | 0 | the same over the best 20 levels
    book_depth_20 | ln USD | 0 | ln(USD of the best 20 levels of both sides)
    book_top_share | share | 0 | USD of the best 5 levels over that of the best 20
    book_reach_bps | bps | 0 | distance of the last of 20 levels from the middle, mean of both sides
    """,
)
DERIVATIVES = made(
    "derivatives",
    """
    funding_rate | share | 0 | pick | funding_rate:{slug}
    funding_change_24h | share | 0 | difference | funding_rate:{slug}, funding_rate:{slug}@24h
    open_interest_change_1h | log | 0 | log_ratio | open_interest:{slug}, open_interest:{slug}@1h
    open_interest_change_24h | log | 0 | log_ratio | open_interest:{slug}, open_interest:{slug}@24h
    liquidations_long | ln USD | 0 | log1p | liquidations_long:{slug}
    liquidations_short | ln USD | 0 | log1p | liquidations_short:{slug}
    liquidation_balance | balance | 0 | balance | liquidations_long:{slug}, liquidations_short:{slug}
    long_short_ratio | log | 0 | log | long_short_ratio:{slug}
    long_short_change_24h | log | 0 | log_ratio | long_short_ratio:{slug}, long_short_ratio:{slug}@24h
    put_call | log | 0 | log | put_call:{slug}
    put_call_change_24h | log | 0 | log_ratio | put_call:{slug}, put_call:{slug}@24h
    risk_reversal_25d | points | 0 | pick | risk_reversal_25d:{slug}
    risk_reversal_change | points | 0 | difference | risk_reversal_25d:{slug}, risk_reversal_25d:{slug}@24h
    """,
)
SENTIMENT = given(
    "sentiment",
    "articles",
    """
    sentiment_mean_1h | −1 to 1 | 0 | mean sentiment of the asset's articles of the last hour
    sentiment_mean_6h | −1 to 1 | 0 | the same of 6 hours
    sentiment_mean_24h | −1 to 1 | 0 | the same of 24 hours
    sentiment_shift_6h | −2 to 2 | 0 | sentiment_mean_6h less sentiment_mean_24h
    sentiment_spread_24h | 0 to 1 | 0 | standard deviation of the sentiment of 24 hours; none of one article
    negative_share_24h | share | 0 | share of the articles of 24 hours with a sentiment below −0.05
    market_sentiment_6h | −1 to 1 | 0 | mean sentiment of all assets' articles of 6 hours
    market_sentiment_shift_6h | −2 to 2 | 0 | market_sentiment_6h less that of 24 hours
    relative_sentiment_24h | −2 to 2 | 0 | sentiment_mean_24h less that of all assets
    """,
)
MENTIONS = (
    *given(
        "mentions",
        "articles",
        """
        articles_1h | log | 0 | ln(1 + the asset's articles of the last hour)
        articles_6h | log | 0 | ln(1 + articles of 6 hours)
        articles_24h | log | 0 | ln(1 + articles of 24 hours)
        articles_burst_6h | log | 0 | ln((1 + articles of 6 hours) / (1 + a quarter of those of 24 hours))
        articles_share_24h | share | 0 | the asset's articles of 24 hours of those of all assets
        """,
    ),
    *made(
        "mentions",
        """
        mentions | log | 0 | log1p | mentions:{slug}
        mentions_change_24h | log | 0 | log1p_ratio | mentions:{slug}, mentions:{slug}@24h
        """,
    ),
)
MACRO = made(
    "macro",
    """
    vix | log | 0 | log | macro:vix
    vix_change_1d | log | 0 | log_ratio | macro:vix, macro:vix@1d
    spx_change_1d | log | 0 | log_ratio | macro:spx, macro:spx@1d
    spx_change_5d | log | 0 | log_ratio | macro:spx, macro:spx@5d
    dxy_change_1d | log | 0 | log_ratio | macro:dxy, macro:dxy@1d
    dxy_change_5d | log | 0 | log_ratio | macro:dxy, macro:dxy@5d
    us10y | percent | 0 | pick | macro:us10y
    us10y_change_5d | percent | 0 | difference | macro:us10y, macro:us10y@5d
    us02y | percent | 0 | pick | macro:us02y
    term_spread | percent | 0 | difference | macro:us10y, macro:us02y
    gold_change_5d | log | 0 | log_ratio | macro:gold, macro:gold@5d
    wti_change_5d | log | 0 | log_ratio | macro:wti, macro:wti@5d
    fed_funds | percent | 0 | pick | macro:fed_funds
    cpi_change_1y | log | 0 | log_ratio | macro:cpi, macro:cpi@365d
    """,
)
COINS = ("stablecoin_supply:usdt", "stablecoin_supply:usdc")
SUPPLY = "\n".join(
    f"stablecoin_change_{lag} | log | 0 | sums_log_ratio | "
    + ", ".join((*COINS, *(f"{coin}@{lag}" for coin in COINS)))
    for lag in ("24h", "7d")
)
ON_CHAIN = (
    *made("on_chain", SUPPLY),
    *made(
        "on_chain",
        """
        stablecoin_gap | USD | 0 | farther_from_one | stablecoin_price:usdt, stablecoin_price:usdc
        tvl_change_24h | log | 0 | log_ratio | tvl:{chain}, tvl:{chain}@24h
        tvl_change_7d | log | 0 | log_ratio | tvl:{chain}, tvl:{chain}@7d
        dex_volume_change_24h | log | 0 | log_ratio | dex_volume:{chain}, dex_volume:{chain}@24h
        dex_liquidity_change_24h | log | 0 | log_ratio | dex_liquidity:{chain}, dex_liquidity:{chain}@24h
        dex_new_pairs | log | 0 | log1p | dex_new_pairs:{chain}
        exchange_netflow | ln USD | 0 | signed_log | exchange_netflow:{slug}
        whale_transfers | ln USD | 0 | log1p | whale_transfers:{slug}
        active_addresses_change_7d | log | 0 | log_ratio | active_addresses:{slug}, active_addresses:{slug}@7d
        transactions_change_7d | log | 0 | log_ratio | transactions:{slug}, transactions:{slug}@7d
        fees_usd | ln USD | 0 | log1p | fees_usd:{slug}
        hash_rate_change_7d | log | 0 | log_ratio | hash_rate:{slug}, hash_rate:{slug}@7d
        """,
    ),
)
QUALITY = given(
    "quality",
    "open_time, known_at, candle_revisions, quotes",
    """
    quality_coverage | share | 0 | share of the last 97 bars that are there
    quality_gaps | share | 0 | 1 without a hole in them, 0 where the longest misses 12 bars or more
    quality_freshness | share | 0 | 1 where the bar was known one bar after its close, 0 from 12 bars on
    quality_agreement | share | 0 | 1 where other sources' prices lie within 0.5 %, 0 from 3 %; none without
    quality_corrections | share | 0 | 1 less the share of the last 97 bars that were corrected, ten times over
    quality_score | share | 0 | weighted geometric mean of the parts that are known
    """,
)

FEATURES = (*ORDER_BOOK, *DERIVATIVES, *SENTIMENT, *MENTIONS, *MACRO, *ON_CHAIN, *QUALITY)
