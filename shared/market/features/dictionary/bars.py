"""Features of the bar and the bars before it: price, volume, volatility, trend, momentum.

Definitions with a bare |x| are written with abs(), for the bar separates cells.
"""

from __future__ import annotations

from shared.market.features.feature import given, made

RETURNS = "\n".join(
    f"return_{n} | log | {n} | ln(close / close {n} bars before)" for n in (1, 3, 6, 12, 24, 48, 96)
)
PRICE = (
    *given("price", "close", RETURNS),
    *given(
        "price",
        "open, high, low, close",
        """
        acceleration_12 | log | 24 | return_12 less return_12 of 12 bars before
        bar_body | log | 0 | ln(close / open)
        bar_range | log | 0 | ln(high / low)
        upper_wick | share | 0 | (high − max(open, close)) / (high − low)
        lower_wick | share | 0 | (min(open, close) − low) / (high − low)
        close_position | share | 0 | (close − low) / (high − low)
        gap | log | 1 | ln(open / close of the bar before)
        range_position_24 | share | 23 | place of the close between lowest low and highest high of 24 bars
        range_position_96 | share | 95 | place of the close between lowest low and highest high of 96 bars
        high_distance_96 | log | 95 | ln(close / highest high of 96 bars)
        low_distance_96 | log | 95 | ln(close / lowest low of 96 bars)
        up_share_24 | share | 24 | share of the last 24 bars that closed higher than the bar before
        up_share_96 | share | 96 | share of the last 96 bars that closed higher than the bar before
        """,
    ),
)
VOLUME = (
    *given(
        "volume",
        "close, volume",
        """
        dollar_volume | ln USD | 0 | ln(1 + volume · close)
        volume_z_96 | deviations | 96 | dollar_volume against mean and deviation of the 96 bars before
        volume_surge_24 | log | 24 | dollar_volume less its mean over the 24 bars before
        volume_trend_12_96 | log | 95 | mean dollar_volume of 12 bars less that of 96
        volume_volatility_96 | log | 96 | standard deviation of dollar_volume over the 96 bars before
        signed_volume_24 | share | 24 | volume of rising less that of falling bars, of all in 24 bars
        idle_share_96 | share | 95 | share of the last 96 bars without a trade
        illiquidity_24 | ln 1/USD | 24 | ln(sum of abs(return_1) / sum of volume · close), 24 bars (Amihud)
        volume_move_correlation_96 | correlation | 96 | of abs(return_1) with dollar_volume over 96 bars
        """,
    ),
    *made(
        "volume",
        """
        vwap_gap_14 | log | 13 | log_ratio | close, vwap_14
        money_flow_14 | share | 14 | hundredth | mfi_14
        """,
    ),
)
VOLATILITY = (
    *given(
        "volatility",
        "close",
        """
        volatility_24 | log | 24 | standard deviation of return_1 over 24 bars
        volatility_96 | log | 96 | standard deviation of return_1 over 96 bars
        volatility_ratio_24_96 | log | 96 | ln(volatility_24 / volatility_96)
        downside_share_96 | share | 96 | falling bars' share of the sum of return_1² over 96 bars
        skew_96 | moment | 96 | skewness of return_1 over 96 bars
        kurtosis_96 | moment | 96 | excess kurtosis of return_1 over 96 bars
        autocorrelation_96 | correlation | 96 | of return_1 with the one before over 96 bars
        largest_move_96 | deviations | 96 | largest abs(return_1 − mean) of 96 bars over volatility_96
        """,
    ),
    *made(
        "volatility",
        """
        realized_volatility_20 | log | 20 | pick | realized_volatility_20
        parkinson_20 | log | 19 | pick | parkinson_20
        garman_klass_20 | log | 19 | pick | garman_klass_20
        atr_ratio_14 | share | 14 | ratio | atr_14, close
        bollinger_width_20 | share | 19 | pick | bollinger_width_20
        true_range_ratio_14 | ratio | 14 | pick | volatility_ratio_14
        drawdown_100 | share | 99 | pick | drawdown_100
        """,
    ),
)
TREND = (
    *given(
        "trend",
        "close",
        """
        slope_24 | log | 23 | rise of the least-squares line through 24 log closes
        fit_24 | share | 23 | R² of that line
        slope_96 | log | 95 | rise of the least-squares line through 96 log closes
        fit_96 | share | 95 | R² of that line
        efficiency_24 | share | 24 | abs(return_24) over the sum of abs(return_1) of 24 bars
        """,
    ),
    *made(
        "trend",
        """
        ema_gap_12 | log | 11 | log_ratio | close, ema_12
        ema_gap_26 | log | 25 | log_ratio | close, ema_26
        sma_gap_20 | log | 19 | log_ratio | close, sma_20
        sma_gap_50 | log | 49 | log_ratio | close, sma_50
        sma_gap_200 | log | 199 | log_ratio | close, sma_200
        ema_cross_12_26 | log | 25 | log_ratio | ema_12, ema_26
        macd_12_26_9 | share | 25 | ratio | macd_12_26_9, close
        macd_signal_12_26_9 | share | 33 | ratio | macd_signal_12_26_9, close
        macd_histogram_12_26_9 | share | 33 | ratio | macd_histogram_12_26_9, close
        adx_14 | share | 27 | hundredth | adx_14
        di_balance_14 | balance | 14 | balance | di_plus_14, di_minus_14
        donchian_place_20 | share | 19 | place | close, donchian_lower_20, donchian_upper_20
        supertrend_gap_10 | log | 10 | log_ratio | close, supertrend_10
        ichimoku_cross_9_26_52 | log | 25 | log_ratio | ichimoku_conversion_9_26_52, ichimoku_base_9_26_52
        aroon_25 | share | 25 | hundredth | aroon_oscillator_25
        hurst_100 | exponent | 100 | pick | hurst_100
        """,
    ),
)
MOMENTUM = (
    *given(
        "momentum",
        "close",
        """
        momentum_24 | deviations | 96 | return_24 / (volatility_96 · √24)
        momentum_96 | deviations | 96 | return_96 / (volatility_96 · √96)
        close_z_96 | deviations | 95 | log close against mean and deviation of 96 log closes
        """,
    ),
    *made(
        "momentum",
        """
        rsi_14 | share | 14 | hundredth | rsi_14
        stochastic_k_14 | share | 13 | hundredth | stochastic_k_14
        stochastic_d_14 | share | 15 | hundredth | stochastic_d_14
        williams_r_14 | share | 13 | hundredth | williams_r_14
        roc_12 | share | 12 | hundredth | roc_12
        stochrsi_k_14 | share | 27 | pick | stochrsi_k_14
        cci_20 | score | 19 | hundredth | cci_20
        bollinger_place_20 | share | 19 | pick | bollinger_percent_b_20
        keltner_place_20 | share | 19 | place | close, keltner_lower_20, keltner_upper_20
        """,
    ),
)

FEATURES = (*PRICE, *VOLUME, *VOLATILITY, *TREND, *MOMENTUM)
