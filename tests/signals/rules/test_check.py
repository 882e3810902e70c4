"""Names, types, durations and bounds: what is wrong is told at its place, what is right becomes a program."""

from __future__ import annotations

import pytest
from rules_support import NAMES, program

from shared.models import DAY, HOUR, MINUTE
from shared.signals.rules import limits
from shared.signals.rules.check import check
from shared.signals.rules.problems import RuleError


@pytest.mark.parametrize(
    ("text", "leaves", "lookback"),
    [
        ("close > 1", ["close"], 0),
        ("CLOSE > Open", ["close", "open"], 0),
        ("close > close + close", ["close"], 0),
        ("mean(close, 24h) > lowest(low, 5)", ["close", "low"], 23),
        ("change(mean(close, 10 bars), 1d) > 5%", ["close"], 33),
        ("ago(close, 3) > 1 and rising(close, 4)", ["close"], 4),
        ("for(close crosses above open, 3)", ["close", "open"], 3),
        ("sma(50) > sma", ["sma(50)", "sma(20)"], 49),
        ("sma(period=7) > 1", ["sma(7)"], 6),
        ("macd(12, 26, 9).histogram > macd", ["macd(12, 26, 9).histogram", "macd(12, 26, 9)"], 33),
        ("macd.signal > 0", ["macd(12, 26, 9).signal"], 33),
        ("close > bollinger(20).upper", ["close", "bollinger(20, 2).upper"], 19),
        ("BTC.close > eth.sma(5)", ["BTC.close", "ETH.sma(5)"], 4),
        ('"1inch".close > 1', ['"1inch".close'], 0),
        ("volatility_24 > BTC.volatility_24", ["volatility_24", "BTC.volatility_24"], 96),
        ("sentiment(6h) > BTC.sentiment(1d)", ["sentiment(6h)", "BTC.sentiment(1d)"], 0),
        ("mentions(within=24h) > 3", ["mentions(1d)"], 0),
        ("mentions > 3", ["mentions"], 0),  # the feature of that name
        ('signal("price_anomaly")', ['signal("price_anomaly", within=1h)'], 0),
        (
            "BTC.signal('volume-spike', within=4h, min_confidence=0.6, direction='up')",
            ['BTC.signal("volume_spike", within=4h, min_confidence=0.6, direction="up")'],
            0,
        ),
    ],
)
def test_what_a_rule_reads(text: str, leaves: list[str], lookback: int) -> None:
    made = program(text)
    assert ([leaf.text for leaf in made.leaves], made.lookback) == (leaves, lookback)


def test_other_assets_are_known_by_their_slug() -> None:
    assert program("BTC.close > eth.close and bitcoin.open > 1").assets == ("bitcoin", "ethereum")


def test_what_forgets_slowly_is_read_from_further_back() -> None:
    assert program("sma(50) > 1").settle == 0
    assert 26 * 12 < program("ema(26) > 1").settle <= limits.SETTLE_MAX
    assert program("ema(1000) > 1").history == 999 + limits.SETTLE_MAX


def test_durations_become_bars_of_the_rule() -> None:
    assert program("mean(close, 1d) > 1", HOUR).lookback == 23
    assert program("mean(close, 1d) > 1", 5 * MINUTE).lookback == 287
    assert program("mean(close, 1d) > 1", DAY).lookback == 0


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("rsj(14) > 1", 0, "did you mean rsi?"),
        ("clsoe > 3", 0, "did you mean close?"),
        ("close > meen(close, 3)", 8, "did you mean mean?"),
        ("volatilty_24 > 3", 0, "did you mean volatility_24?"),
        ("xyzzy > 3", 0, "no name is called 'xyzzy' (line"),
        ("BTC > 3", 0, "BTC is a symbol: write BTC.close"),
        ("close > BTX.close", 8, "no asset is called 'BTX'; did you mean BTC?"),
        ("BTC.clsoe > 3", 4, "did you mean close?"),
        ("BTC.mean(close, 3) > 1", 4, "mean(BTC.close, ...)"),
        ("BTC.close.x > 3", 10, "no values behind a dot"),
        ("mean(close, 3).x > 1", 15, "no values behind a dot"),
        ("close(3) > 1", 0, "no name is called 'close'"),
        ("close", 0, "a condition is needed here"),
        ("close > 1 and rsi(14)", 14, "compare it"),
        ("not (close + 1)", 5, "a condition is needed here"),
        ("close + (open > 3) > 2", 9, "a number is needed here"),
        ("(close > 1) == (open > 1)", 1, "a number is needed here"),
        ("for(close, 3)", 4, "a condition is needed here"),
        ("mean(close > 1, 3) > 1", 5, "a number is needed here"),
        ("24h > 3", 0, "a duration can only be"),
        ("'abc' == 3", 0, "a text alone means nothing"),
        ("mean > 1", 0, "mean is a function: mean(x, n)"),
        ("mean(close) > 1", 0, "mean needs n: it is mean(x, n)"),
        ("mean(close, 3, 4) > 1", 15, "takes no more"),
        ("mean(close, n=3, n=4) > 1", 17, "n is given twice"),
        ("mean(close, m=3) > 1", 12, "no parameter m"),
        ("max() > 1", 0, "max needs x"),
        ("mean(close, close) > 1", 12, "a number of bars"),
        ("mean(close, 0) > 1", 12, "1 to 2000 bars"),
        ("mean(close, 2001) > 1", 12, "1 to 2000 bars"),
        ("mean(close, 1.5) > 1", 12, "a number of bars"),
        ("mean(close, -3) > 1", 12, "1 to 2000 bars"),
        ("mean(close, 90m) > 1", 12, "90m is no whole number of bars of 1h"),
        ("mean(close, 30m) > 1", 12, "30m is no whole number of bars of 1h"),
        ("change(mean(close, 1500), 1500) > 1", 0, "looks 2,999 bars back"),
        ("ema(5000) > 1", 4, "ema: period must be 2 to 1000"),
        ("ema(2.5) > 1", 4, "ema: period must be a whole number"),
        ("ema(close) > 1", 4, "must be a plain number"),
        ("ema(3, 4) > 1", 7, "it is ema(period="),
        ("macd.histo > 1", 5, "did you mean histogram?"),
        ("bollinger(20) > 1", 0, "write one of .upper"),
        ("ema(3).x.y > 1", 9, "no such value"),
        ("sentiment > 1", 0, "sentiment needs within"),
        ("sentiment(6) > 1", 10, "a duration such as 6h"),
        ("sentiment(60d) > 1", 10, "within: 1m to 30d"),
        ("sentiment(2s) > 1", 10, "within: 1m to 30d"),
        ('signal("price_anomly")', 7, "did you mean price_anomaly?"),
        ("signal(close)", 7, "a quoted text"),
        ('signal("price_anomaly", min_confidence=60)', 39, "from 0 to 1"),
        ('signal("price_anomaly", direction="left")', 34, "up, down or none"),
        ('signal("price_anomaly") > 1', 0, "a number is needed here"),
        ("1 < 2", 0, "reads nothing that moves"),
        ("__import__('os').system('x') > 1", 0, "no name is called '__import__'"),
        ("().__class__ > 1", 1, "cannot stand here"),
        ("close.__class__ > 1", 0, "no asset is called 'close'"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(text: str, position: int, says: str) -> None:
    with pytest.raises(RuleError) as caught:
        program(text)
    assert (caught.value.position, says in str(caught.value)) == (position, True), str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (" + ".join(f"c{n}.close" for n in range(9)) + " > 1", "9 other symbols, at most 8"),
        (" + ".join(f"sma({n})" for n in range(2, 43)) + " > 1", "41 different series, at most 40"),
        (" + ".join(["mean(close, 1999)"] * 11) + " > 1", "operations a bar, at most 20,000"),
    ],
)
def test_a_rule_is_bounded(text: str, says: str) -> None:
    with pytest.raises(RuleError, match=says):
        program(text)


def test_a_rule_at_its_bounds_is_accepted() -> None:
    assert len(program(" + ".join(f"c{n}.close" for n in range(8)) + " > 1").assets) == 8
    assert len(program(" + ".join(f"sma({n})" for n in range(2, 42)) + " > 1").leaves) == 40
    assert program("ago(close, 2000) > 1").lookback == 2000


def test_the_same_expression_makes_the_same_program() -> None:
    assert check("rsi < 30", HOUR, NAMES) == check("rsi < 30", HOUR, NAMES)
    assert hash(program("rsi < 30")) == hash(program("rsi < 30"))
