"""Every published spreadsheet of an indicator, column by column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sheets import Column, Sheet, agree, bars, quotes, sheet

from shared.market.indicators.kernel import Floats
from shared.market.indicators.registry import INDICATORS, Ohlcv, compute_indicator
from shared.models import MINUTE

CLAIMED: dict[str, Callable[[Path, Sheet], None]] = {}
CLOSING = 1_608_024_600_000  # 2020-12-15T09:30Z, the first minute of the VWAP sheets


def claims(name: str) -> Callable[[Callable[[Path, Sheet], None]], Callable[[Path, Sheet], None]]:
    def register(check: Callable[[Path, Sheet], None]) -> Callable[[Path, Sheet], None]:
        CLAIMED[name] = check
        return check

    return register


def of(closes: Floats, name: str, **parameters: int) -> Floats:
    """The first output of an indicator of closes alone, NaN before the first of them."""
    first = int((~np.isnan(closes)).argmax())
    part = closes[first:]
    found = compute_indicator(name, Ohlcv(part, part, part, part, part), **parameters)
    return np.concatenate((np.full(first, np.nan), next(iter(found.values()))))


@claims("stock_indicators/Atr")
def check_atr(real: Path, read: Sheet) -> None:
    atr = compute_indicator("atr", bars(read))["atr_14"]
    agree(atr, read["ATR"])
    agree(100 * atr / read["close"].values, read["ATR%"])


@claims("stock_indicators/BollingerBands")
def check_bollinger(real: Path, read: Sheet) -> None:
    found = compute_indicator("bollinger", bars(read))
    for ours, theirs in (
        ("upper", "upper"),
        ("middle", "sma"),
        ("lower", "lower"),
        ("width", "width"),
        ("percent_b", "%b"),
    ):
        agree(found[f"bollinger_{ours}_20"], read[theirs])
    agree((found["bollinger_upper_20"] - found["bollinger_middle_20"]) / 2, read["stdev"])
    agree(of(read["close"].values, "zscore"), read["z-score"])


@claims("stock_indicators/Ema")
def check_ema(real: Path, read: Sheet) -> None:
    agree(of(read["close"].values, "ema"), read["ema"])
    agree(of(read["open"].values, "ema"), read["ema(O)"])


@claims("stock_indicators/Macd")
def check_macd(real: Path, read: Sheet) -> None:
    found = compute_indicator("macd", bars(read))
    agree(found["macd_12_26_9"], read["MACD"])
    agree(found["macd_signal_12_26_9"], read["Signal"])
    agree(found["macd_histogram_12_26_9"], read["Histo"])
    agree(of(read["close"].values, "ema", period=12), read["EMA12"])
    agree(of(read["close"].values, "ema", period=26), read["EMA26"])


@claims("stock_indicators/Obv")
def check_obv(real: Path, read: Sheet) -> None:
    obv = compute_indicator("obv", bars(read))["obv"]
    assert agree(obv, read["obv"]) == 0
    agree(of(obv, "sma"), read["sma"])


@claims("stock_indicators/Rsi")
def check_rsi(real: Path, read: Sheet) -> None:
    rsi = of(read["close"].values, "rsi")
    agree(rsi, read["RSI(14)"])
    agree(of(rsi, "ema"), read["EMA(20)"])


@claims("stock_indicators/Sma__SMA_Close")
def check_sma(real: Path, read: Sheet) -> None:
    sma = of(read["close"].values, "sma")
    agree(sma, read["SMA"])
    agree(1.025 * sma, read["Upper"])
    agree(0.975 * sma, read["Lower"])
    agree(of(read["open"].values, "sma"), read["SMA(O)"])


@claims("stock_indicators/Sma__SMA_Volume")
def check_volume_sma(real: Path, read: Sheet) -> None:
    agree(compute_indicator("volume_sma", bars(read))["volume_sma_20"], read["sma"])


@claims("stock_indicators/StdDev")
def check_deviation(real: Path, read: Sheet) -> None:
    found = compute_indicator("bollinger", bars(read), period=10)
    deviation = (found["bollinger_upper_10"] - found["bollinger_middle_10"]) / 2
    agree(deviation, read["stddev"])
    agree(found["bollinger_middle_10"], read["mean"])
    agree(of(read["close"].values, "zscore", period=10), read["zscore"])
    agree(of(deviation, "sma", period=5), read["sma"])


@claims("stock_indicators/Vwap__VWAP")
@claims("stock_indicators/Vwap__VWAP_with_Start_Date")
def check_vwap(real: Path, read: Sheet) -> None:
    anchored = ~np.isnan(read["VWAP"].values)
    first = int(anchored.argmax())
    read = {name: Column(one.values[first:], one.decimals) for name, one in read.items()}
    minutes = CLOSING + MINUTE * np.arange(first, first + anchored.sum(), dtype=np.float64)
    day = compute_indicator("vwap_day", bars(read)._replace(open_time=minutes))["vwap_day"]
    agree(day, read["VWAP"])
    rolling = compute_indicator("vwap", bars(read), period=len(day))[f"vwap_{len(day)}"]
    assert rolling[-1] == pytest.approx(read["VWAP"].values[-1], abs=1e-9)


@claims("stockcharts_ta/cs-cci")
def check_cci(real: Path, read: Sheet) -> None:
    cci = compute_indicator("cci", bars(read))["cci_20"]
    agree(cci, read["CCI"])
    assert np.array_equal(np.isnan(cci), np.isnan(read["CCI"].values))


@claims("stockcharts_ta/cs-kama")
def check_kama(real: Path, read: Sheet) -> None:
    agree(of(read["Close"].values, "kama"), read["KAMA"], since=10)


@claims("stockcharts_ta/cs-obv")
def check_obv_of_stockcharts(real: Path, read: Sheet) -> None:
    volume = np.nan_to_num(read["Volume"].values)
    assert agree(compute_indicator("obv", bars(read)._replace(volume=volume))["obv"], read["OBV"]) == 0


@claims("stockcharts_ta/cs-psar")
def check_psar(real: Path, read: Sheet) -> None:
    found = compute_indicator("psar", bars(read))
    rises = found["psar_direction"] > 0
    agree(np.where(rises, found["psar"], np.nan), read["psar_up"])
    agree(np.where(rises, np.nan, found["psar"]), read["psar_down"])
    turns = np.diff(found["psar_direction"], prepend=np.nan)
    assert np.array_equal(turns > 0, read["psar_up_ind"].values == 1)


@claims("stockcharts_ta/cs-stochrsi")
def check_stochrsi(real: Path, read: Sheet) -> None:
    """The sheet's RSI starts its averages at nothing, ours (Wilder's own) at the mean of 14 moves: so the
    sheet is compared in its two halves, and our StochRSI with the same halves of ours."""
    closes, stated = read["Close"].values, Column(read["RSI"].values, 6)  # the seventh is always 0
    agree(rsi_from_nothing(closes), stated)
    agree(place_in_range(stated.values), read["StochRSI(14)"])
    found = compute_indicator("stochrsi", bars(read))["stochrsi_k_14"]
    np.testing.assert_allclose(found, place_in_range(of(closes, "rsi")), rtol=0, atol=1e-15)


def rsi_from_nothing(closes: Floats) -> Floats:
    rises = falls = 0.0
    found = [np.nan]
    for change in np.diff(closes):
        rises += (max(change, 0) - rises) / 14
        falls += (max(-change, 0) - falls) / 14
        found.append(100 * rises / (rises + falls))
    return np.array(found)


def place_in_range(rsi: Floats) -> Floats:
    """Our stochastic of a series, 0 to 1."""
    first = int((~np.isnan(rsi)).argmax())
    part = rsi[first:]
    places = compute_indicator("stochastic", Ohlcv(part, part, part, part, part))["stochastic_k_14"]
    return np.concatenate((np.full(first, np.nan), places / 100))


def present(real: Path) -> set[str]:
    folder = real / "vectors" / "indicators"
    return {str(path.relative_to(folder)).partition(".")[0] for path in folder.glob("*/*.csv*")}


def test_every_sheet_is_compared(real: Path) -> None:
    assert present(real) == set(CLAIMED)


@pytest.mark.parametrize("name", sorted(CLAIMED))
def test_a_sheet_says_what_we_say(real: Path, name: str) -> None:
    CLAIMED[name](real, sheet(real, name))


def test_real_bars_give_values_where_they_move(real: Path) -> None:
    """The quotes behind the sheets, a coin, a penny stock: nothing but warm-up is missing."""
    for name in ("default", "bitcoin", "penny", "spx"):
        newest = [part[-250:] for part in quotes(real, name)[:5] if part is not None]
        ohlcv = Ohlcv(*newest)._replace(open_time=CLOSING + MINUTE * np.arange(250.0))
        for indicator in INDICATORS.values():
            for column, values in compute_indicator(indicator.name, ohlcv).items():
                assert not np.isnan(values[indicator.warmup() :]).any(), (name, column)
