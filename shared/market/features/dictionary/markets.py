"""Features of where the asset stands among others and in time: other markets, regime, calendar."""

from __future__ import annotations

from shared.market.features.feature import Feature, given

INDEXES = "\n".join(
    f"""beta_{index}_96 | beta | 96 | slope of return_1 on {name} over 96 bars; none if it moved in under 20
    correlation_{index}_96 | correlation | 96 | of return_1 with {name} over 96 bars, by the same rule"""
    for index, name in (("spx", "the S&P 500's"), ("dxy", "the dollar index's"))
)
CROSS_ASSET = (
    *given(
        "cross_asset",
        "close, btc",
        """
        beta_btc_96 | beta | 96 | slope of return_1 on bitcoin's over 96 bars
        correlation_btc_96 | correlation | 96 | of return_1 with bitcoin's over 96 bars
        lead_btc_96 | correlation | 96 | of return_1 with bitcoin's of the bar before
        residual_btc_1 | log | 96 | return_1 less beta_btc_96 times bitcoin's
        relative_btc_24 | log | 24 | return_24 less bitcoin's
        relative_btc_96 | log | 96 | return_96 less bitcoin's
        btc_return_24 | log | 24 | bitcoin's return_24
        btc_volatility_24 | log | 24 | bitcoin's volatility_24
        """,
    ),
    *given("cross_asset", "close, macro:spx, macro:dxy", INDEXES),
)
REGIME = (
    *given(
        "regime",
        "close",
        """
        trend_regime | code | 95 | the sign of slope_96 where fit_96 ≥ 0.5, else 0
        volatility_regime | code | 96 | 1 if volatility_24 > 1.5 · volatility_96, −1 if the reverse, else 0
        """,
    ),
    *given(
        "regime",
        "btc",
        """
        btc_trend_regime | code | 95 | bitcoin's trend_regime
        btc_volatility_regime | code | 96 | bitcoin's volatility_regime
        """,
    ),
    *given(
        "regime",
        "close of all assets",
        """
        market_up_share | share | 1 | share of all assets with return_1 > 0; none with fewer than 10 assets
        market_up_share_24 | share | 24 | share of all assets with return_24 > 0
        market_return_1 | log | 1 | mean return_1 of all assets
        market_return_24 | log | 24 | mean return_24 of all assets
        market_dispersion_24 | log | 24 | standard deviation of return_24 among all assets
        relative_strength_24 | deviations | 24 | (return_24 − market_return_24) / market_dispersion_24
        """,
    ),
)
CLOCK = """
    hour_sin | circle | 0 | sine of the hour of the day, UTC, of the bar's close
    hour_cos | circle | 0 | cosine of the hour of the day
    weekday_sin | circle | 0 | sine of the time in the week, from Monday 00:00 UTC
    weekday_cos | circle | 0 | cosine of the time in the week
    year_sin | circle | 0 | sine of the time in the year
    year_cos | circle | 0 | cosine of the time in the year
    weekend | flag | 0 | 1 on Saturday and Sunday
    days_to_month_end | days | 0 | days until the month ends
    days_to_quarter_end | days | 0 | days until the quarter ends
    days_to_expiry | days | 0 | days until the last Friday of a month, 08:00 UTC: monthly options expire
    hours_to_funding | hours | 0 | hours until 00, 08 or 16 UTC: perpetual futures pay funding
    asia_session | flag | 0 | 1 on weekdays from 00 to 08 UTC
    us_session | flag | 0 | 1 on weekdays from 13 to 21 UTC: New York's hours in winter and in summer
"""
CALENDAR = given("calendar", "at", CLOCK)

FEATURES: tuple[Feature, ...] = (*CROSS_ASSET, *REGIME, *CALENDAR)
