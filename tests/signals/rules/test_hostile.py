"""Whatever is written: a rule or a RuleError with a place, soon; never a crash, never a long run."""

from __future__ import annotations

import time

import numpy as np
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rules_support import program

from shared.signals.rules.evaluate import evaluate
from shared.signals.rules.problems import RuleError
from shared.signals.rules.tree import Program

# Far above the few milliseconds it takes, far below what anything exponential would.
SOON = 2.0
WORDS = (
    *("open", "close", "rsi", "BTC", "mean", "signal", "for", "x", "__class__", "lambda", "'t'", '"1inch"'),
    *("and", "or", "not", "between", "crosses above", "crosses_below", "n=", "(", ")", ",", ".", "[", "{"),
    *("+", "-", "*", "/", "^", "<", ">=", "==", "!=", "=", "!", "%", "1", "14", "5%", "24h", "3 bars"),
)  # fmt: skip
TERMS = st.sampled_from(
    (
        "close",
        "open",
        "volume",
        "1",
        "0",
        "-2.5",
        "1e18",
        "5%",
        "sma(3)",
        "ema(9)",
        "BTC.close",
        "ago(low, 3)",
    )
)


def numbers(depth: int) -> st.SearchStrategy[str]:
    if not depth:
        return TERMS
    inner = numbers(depth - 1)
    return st.one_of(
        TERMS,
        st.tuples(inner, st.sampled_from("+-*/^"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(("abs", "log", "sqrt", "-")), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(
            st.sampled_from(("mean", "stdev", "highest", "change", "ago")), inner, st.integers(1, 9)
        ).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
    )


def conditions(depth: int) -> st.SearchStrategy[str]:
    inner = numbers(depth)
    flat = st.tuples(inner, st.sampled_from(("<", ">", "==", "!=", "crosses above")), inner).map(" ".join)
    if not depth:
        return flat
    deeper = conditions(depth - 1)
    return st.one_of(
        flat,
        st.tuples(deeper, st.sampled_from(("and", "or")), deeper).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        deeper.map(lambda one: f"not ({one})"),
        st.tuples(deeper, st.integers(1, 5)).map(lambda t: f"for({t[0]}, {t[1]})"),
    )


def outcome(text: str) -> Program | RuleError:
    began = time.perf_counter()
    try:
        found: Program | RuleError = program(text)
    except RuleError as error:
        found = error
    if isinstance(found, RuleError):
        assert 0 <= found.position <= len(text)
        source, caret = found.excerpt.split("\n")
        assert caret.strip() == "^"
        assert len(caret) <= len(source) + 1
        orjson.dumps(found.details)
    assert time.perf_counter() - began < SOON
    return found


@given(st.text(max_size=300))
@example("\ud800 > 1")
@example("\x00\x01")
@example("close\u2028> 1")
@example("ＣＬＯＳＥ > １")
@example("close \u202e> 1")
@example("é" * 2000)
def test_any_text(text: str) -> None:
    outcome(text)


@given(st.lists(st.sampled_from(WORDS), max_size=80).map(" ".join))
def test_any_words(text: str) -> None:
    outcome(text)


@given(conditions(3))
def test_what_is_well_formed_can_be_judged(text: str) -> None:
    made = outcome(text)
    if isinstance(made, RuleError):
        assert "at most" in str(made) or "nothing that moves" in str(made)
        return
    rng = np.random.default_rng(1)
    columns = {leaf: rng.normal(size=(50, 2)) * 10.0 ** rng.integers(-300, 300) for leaf in made.leaves}
    found = evaluate(made, columns, np.arange(100).reshape(50, 2))
    assert found.shape == (50, 2)
    assert set(np.unique(found)) <= {0, 1, 2}


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1000 + "close" + ")" * 995,
        "(" * 997 + "close > 1" + ")" * 994,
        "not " * 499 + "x",
        "-" * 1999,
        "f(" * 999,
        "[" * 2000,
        "a.b" * 600,
        "a," * 1000,
        "1" * 2000,
        "9" * 400 + "." + "9" * 400 + "e999 > close",
        "1e" + "9" * 1900 + " > close",
        "9" * 1000 + "d",
        "mean(close, " + "9" * 1000 + ") > 1",
        "mean(close, " + "9" * 1000 + " bars) > 1",
        "mean(close, " + "9" * 300 + "d) > 1",
        "sentiment(" + "9" * 500 + "h) > 1",
        "ema(" + "9" * 400 + ") > 1",
        "'" + "a" * 1900,
        '"' * 2000,
        "close" + " " * 1990 + ">",
        "crosses " * 250,
        "2 ^ " * 51 + "close > 1",
        "x" * 2000,
        "signal('" + "_" * 90 + "')",
        "close > 1 or " * 70 + "close > 1",
        "max(" + "close, " * 200 + "close) > 1",
        "max(" * 50 + "close, open" + ")" * 50 + " > 1",
    ],
)
def test_hostile_inputs(text: str) -> None:
    assert isinstance(outcome(text), RuleError)


def test_the_longest_and_dearest_rule_is_parsed_soon() -> None:
    dearest = " or ".join(f"mean(close, {400 + n}) > ema({n + 2})" for n in range(30))
    assert isinstance(outcome(dearest), Program)
