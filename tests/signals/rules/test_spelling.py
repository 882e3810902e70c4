"""A part of a rule as text: read again it is the same part, and no brackets stand that need not."""

from __future__ import annotations

from random import Random

import pytest
from rules_support import program

from shared.models import HOUR
from shared.signals.rules.language import language
from shared.signals.rules.spelling import spelled

TOLD = language()
EXAMPLES = [one["example"] for one in (*TOLD["operators"], *TOLD["functions"])]
EXAMPLES += [one["expression"] for one in TOLD["examples"]]

# as it may be written -> as it is spelled
WRITTEN = {
    "((close)) > (open)": "close > open",
    "rsi < 30": "rsi(14) < 30",
    "close - (open - low) > 0": "close - (open - low) > 0",
    "(close - open) - low > 0": "close - open - low > 0",
    "close / (open * low) > 5%": "close / (open * low) > 0.05",
    "(close ^ 2) ^ 3 > 0": "(close ^ 2) ^ 3 > 0",
    "close ^ (2 ^ 3) > 0": "close ^ 2 ^ 3 > 0",
    "-close ^ 2 < -5": "-close ^ 2 < -5",
    "(-5) ^ 2 * close > 0": "(-5) ^ 2 * close > 0",
    "(-close) ^ 2 > 2 ^ -1": "(-close) ^ 2 > 2 ^ -1",
    "-(close - open) > 1e18": "-(close - open) > 1e+18",
    "close > 123456789.125": "close > 123456789.125",
    "CROSSES_ABOVE(close, open + 1)": "close crosses above open + 1",
    "not (close > 1 and open > 1)": "not (close > 1 and open > 1)",
    "(close > 1 or open > 1) and not low > 1": "(close > 1 or open > 1) and not low > 1",
    "close > 1 or (open > 1 and low > 1)": "close > 1 or open > 1 and low > 1",
    "(close) between (1) and (2 + open)": "close between 1 and 2 + open",
    "mean(close, 24h) > ago(close, 24h)": "mean(close, 24) > ago(close, 1d)",
    "ago(close, 24 bars) > 1": "ago(close, 24) > 1",
    "min(close, open, (low)) > 1": "min(close, open, low) > 1",
    "count((close > open), 3h) >= 2": "count(close > open, 3) >= 2",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_it_is_written_out_without_needless_brackets(text: str) -> None:
    assert spelled(program(text).root, HOUR) == WRITTEN[text]


@pytest.mark.parametrize("text", [*EXAMPLES, *WRITTEN])
def test_read_again_it_is_the_same(text: str) -> None:
    root = program(text).root
    assert program(spelled(root, HOUR)).root == root


def condition(random: Random, depth: int) -> str:
    """Any condition, in more brackets than it needs."""
    kind = random.randrange(6) if depth else 0
    if kind in (1, 2):
        word = (" and ", " or ")[kind - 1]
        return "(" + word.join(condition(random, depth - 1) for _ in range(random.randint(2, 3))) + ")"
    if kind == 3:
        return f"(not {condition(random, depth - 1)})"
    if kind == 4:
        return f"{random.choice(('for', 'any'))}({condition(random, depth - 1)}, {random.randint(1, 5)})"
    a, b, c = (number(random, depth - 1) for _ in range(3))
    signs = ("<", "<=", ">", ">=", "==", "!=", "crosses above", "crosses below")
    return random.choice((f"({a} {random.choice(signs)} {b})", f"({a} between {b} and {c})"))


def number(random: Random, depth: int) -> str:
    if depth <= 0:
        return random.choice(("close", "open", "2", "(-3)", "0.1", "rsi", "BTC.close", "macd.signal"))
    a, b = number(random, depth - 1), number(random, depth - 1)
    window = random.choice(("3", "4h", "7 bars"))
    inside = condition(random, depth - 1)
    choices = [f"({a} {sign} {b})" for sign in "+-*/^"]
    choices += [f"(-{a})", f"abs({a})", f"max({a}, {b})", f"ago({a}, {window})", f"count({inside}, {window})"]
    return random.choice(choices)


def test_any_rule_read_again_is_the_same() -> None:
    random, seen = Random(11), 0
    for _ in range(300):
        text = condition(random, 3)
        if not {"close", "open", "rsi", "macd"} & set(text.replace("(", " ").replace(")", " ").split()):
            continue  # it may read nothing that moves
        root = program(text).root
        assert program(spelled(root, HOUR)).root == root, text
        seen += 1
    assert seen > 200
