"""The grammar: what binds tighter, what is a word, and errors that point at the character."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from shared.models import DAY, HOUR
from shared.signals.rules.parsing import parse
from shared.signals.rules.problems import RuleError
from shared.signals.rules.syntax import (
    Argument,
    BarCount,
    Duration,
    Node,
    Number,
    Operation,
    Part,
    Reference,
    Text,
)


def shown(node: Node) -> str:
    """A tree as fully bracketed text."""
    match node:
        case Number(value):
            return f"{value:g}"
        case Duration(value):
            return f"{value}ms"
        case BarCount(value):
            return f"{value}bars"
        case Text(value):
            return repr(value)
        case Operation(name, operands):
            return f"({name} {' '.join(shown(one) for one in operands)})"
        case Reference(parts):
            return ".".join(part_shown(part) for part in parts)


def part_shown(part: Part) -> str:
    if part.arguments is None:
        return repr(part.name) if part.quoted else part.name
    return f"{part.name}[{' '.join(argument_shown(one) for one in part.arguments)}]"


def argument_shown(argument: Argument) -> str:
    return (f"{argument.name}=" if argument.name else "") + shown(argument.value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3 ^ 4 ^ 5", "(+ 1 (* 2 (^ 3 (^ 4 5))))"),
        ("1 - 2 - 3 / 4 / 5", "(- (- 1 2) (/ (/ 3 4) 5))"),
        ("-a ^ 2", "(negative (^ a 2))"),
        ("2 ^ -1", "(^ 2 -1)"),
        ("-5% * -a", "(* -0.05 (negative a))"),
        ("+a", "a"),
        ("a or b and not c > 1", "(or a (and b (not (> c 1))))"),
        ("a and b and c or d or e", "(or (and a b c) d e)"),
        ("(a or b) and c", "(and (or a b) c)"),
        ("a between 1 and 2 and b", "(and (between a 1 2) b)"),
        ("not a between 1 and b + 1", "(not (between a 1 (+ b 1)))"),
        ("a crosses above b", "(crosses_above a b)"),
        ("a CROSSES_below b * 2", "(crosses_below a (* b 2))"),
        ("crosses_above(a, 1)", "crosses_above[a 1]"),
        ("A AND Not b", "(and A (not b))"),
        ("android + notional + forest + ordinal", "(+ (+ (+ android notional) forest) ordinal)"),
        ("macd(12, 26,9).histogram > 0", "(> macd[12 26 9].histogram 0)"),
        ('"1inch".close', "'1inch'.close"),
        ("'a b'.x(1).y", "'a b'.x[1].y"),
        ("f()", "f[]"),
        ("f(x, within=4h, n = 3 bars)", f"f[x within={4 * HOUR}ms n=3bars]"),
        ("f(1bar, 1.5d, 1w, 24H)", f"f[1bars {36 * HOUR}ms {7 * DAY}ms {DAY}ms]"),
        ("1_000.5e-1 + .5 + 2E3", "(+ (+ 100.05 0.5) 2000)"),
        (" \t\n a\r\n>\n1 ", "(> a 1)"),
        ("a >= 1 and b <= 2 or c != 3", "(or (and (>= a 1) (<= b 2)) (!= c 3))"),
        ("d == 4 or e < 5", "(or (== d 4) (< e 5))"),
    ],
)  # fmt: skip
def test_what_binds_tighter(text: str, tree: str) -> None:
    assert shown(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "is empty"),
        ("  \n ", 0, "is empty"),
        ("close >", 7, "ends too early: a value"),
        ("(close > 5", 10, "ends too early: a closing )"),
        ("f(a,", 4, "ends too early: a value"),
        ("close > > 5", 8, "'>' cannot stand here: a value"),
        ("close > 5)", 9, "')' cannot stand here: an operator"),
        ("close 5", 6, "'5' cannot stand here: an operator"),
        ("1 < x < 5", 6, "compared again"),
        ("close = 5", 6, "did you mean ==?"),
        ("a && b", 2, "did you mean and?"),
        ("a || b", 2, "did you mean or?"),
        ("! a", 0, "did you mean not?"),
        ("rsi > 30 adn b", 9, "did you mean and?"),
        ("x android", 2, "'android' cannot stand here"),
        ("a crosses over b", 2, "did you mean crosses"),
        ("20x > 5", 0, "'20x' cannot stand here"),
        ("5 % 3", 2, "% means nothing here"),
        ("٣ > 1", 0, "cannot stand here"),
        ("a\u00a0> 1", 1, "cannot stand here"),
        ("a > 1 # note", 6, "cannot stand here"),
        ("'abc", 0, "cannot stand here"),
        ("a..b", 2, "cannot stand here"),
        ("a > 1e999", 4, "at most 1e+18"),
        ("a > 9_999_999_999_999_999_999", 4, "at most 1e+18"),
    ],
)
def test_errors_point_at_the_character(text: str, position: int, says: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text)
    assert (caught.value.position, says in str(caught.value)) == (position, True), str(caught.value)


def test_the_caret_stands_under_the_character_of_its_line() -> None:
    with pytest.raises(RuleError) as caught:
        parse("close > 1\n  and opne >> 3")
    error = caught.value
    assert (error.line, error.column) == (2, 13)
    assert error.excerpt.splitlines() == ["  and opne >> 3", "            ^"]
    assert error.details["excerpt"] == error.excerpt


def test_of_a_long_line_the_part_around_the_place_is_shown() -> None:
    text = "a + " * 40 + "! 1 " + "+ b" * 40
    with pytest.raises(RuleError) as caught:
        parse(text)
    source, caret = caught.value.excerpt.splitlines()
    assert len(source) == 120
    assert source[caret.index("^")] == text[caught.value.position] == "!"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a" * 2001, "2001 characters"),
        ("not " * 60 + "a", "nested 61 deep"),
        ("-" * 1990 + "a", "deep"),
        ("a ^ " * 60 + "a", "nested 61 deep"),
        ("f(" * 60 + "a" + ")" * 60, "nested 61 deep"),
        ("a or b and " * 110 + "a", "parts, at most 200"),
    ],
)
def test_large_expressions_are_refused(text: str, says: str) -> None:
    with pytest.raises(RuleError, match=says):
        parse(text)


def test_brackets_alone_cost_nothing() -> None:
    assert parse("(" * 900 + "a" + ")" * 900) == parse(" " * 900 + "a")


def test_the_tree_is_plain_data() -> None:
    """No object of the parser library stands in it."""
    seen = list[Any]([parse('f(a, n=3) > 5% and "x".y between 1h and -2')])
    for one in seen:
        if dataclasses.is_dataclass(one):
            seen += [getattr(one, field.name) for field in dataclasses.fields(one)]
        elif isinstance(one, tuple):
            seen += one
        else:
            assert type(one) in (str, int, float, bool, type(None))
