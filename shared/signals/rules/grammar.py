"""The grammar, and the nodes that are made while it is read. Only `parser` touches the parser library."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from shared.signals.rules.syntax import (
    UNITS,
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

# Words are matched as whole words, and numbers end where no letter follows, so that `android` is no `and` and
# `20x` no 20. After an operand the lexer knows no names, before one no operators.
GRAMMAR = r"""
start: expression
?expression: either
?either: both (OR both)*
?both: negation (AND negation)*
?negation: NOT negation                         -> prefix
    | comparison
?comparison: sum
    | sum COMPARE sum                           -> infix
    | sum CROSSES sum                           -> infix
    | sum BETWEEN sum AND sum                   -> between
?sum: product
    | sum (PLUS | MINUS) product                -> infix
?product: unary
    | product (STAR | SLASH) unary              -> infix
?unary: power
    | (PLUS | MINUS) unary                      -> prefix
?power: atom
    | atom CARET unary                          -> infix
?atom: NUMBER                                   -> number
    | PERCENT                                   -> percent
    | DURATION                                  -> duration
    | BARS                                      -> bars
    | TEXT                                      -> text
    | reference
    | "(" expression ")"
reference: part ("." part)*
    | TEXT ("." part)+
part: NAME                                      -> name
    | NAME "(" [argument ("," argument)*] ")"   -> call
argument: expression                            -> plain
    | NAME EQUALS expression                    -> named

OR: /or\b/i
AND: /and\b/i
NOT: /not\b/i
BETWEEN: /between\b/i
CROSSES: /crosses[ _]+(?:above|below)\b/i
COMPARE: />=|<=|==|!=|>|</
EQUALS: /=(?!=)/
PLUS: "+"
MINUS: "-"
STAR: "*"
SLASH: "/"
CARET: "^"
PERCENT.3: /(?:[0-9][0-9_]*(?:\.[0-9]+)?|\.[0-9]+)%/
BARS.3: /[0-9]{1,9}[ ]*bars?\b/i
DURATION.2: /[0-9]{1,9}(?:\.[0-9]{1,6})?(?:s|m|[hH]|[dD]|[wW])(?!\w)/
NUMBER.1: /(?:[0-9][0-9_]*(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w)/
TEXT: /"[^"\r\n]{0,100}"|'[^'\r\n]{0,100}'/
NAME: /(?!(?i:and|or|not|between)\b)[A-Za-z_][A-Za-z0-9_]*/
%ignore /[ \t\r\n]+/
"""


@cache
def parser() -> Callable[[str], Any]:
    """Build the parser once a process. It gives a tree of our own nodes, or raises lark.UnexpectedInput."""
    from lark import Lark

    return Lark(GRAMMAR, parser="lalr", lexer="contextual", transformer=Builder()).parse


class Builder:
    """One method a rule of the grammar, called from the bottom up with what the rule consists of: nodes, and
    tokens, which are strings that know where they start."""

    def start(self, found: list[Any]) -> Any:
        return found[0]

    def either(self, found: list[Any]) -> Operation:
        return Operation("or", tuple(found[::2]), found[1].start_pos)

    def both(self, found: list[Any]) -> Operation:
        return Operation("and", tuple(found[::2]), found[1].start_pos)

    def infix(self, found: list[Any]) -> Operation:
        left, operator, right = found
        name = "_".join(operator.lower().replace("_", " ").split())
        return Operation(name, (left, right), operator.start_pos)

    def between(self, found: list[Any]) -> Operation:
        value, word, low, _, high = found
        return Operation("between", (value, low, high), word.start_pos)

    def prefix(self, found: list[Any]) -> Any:
        """`-5` is a number, not an operation; `+x` is x."""
        operator, value = found
        if operator.lower() == "not":
            return Operation("not", (value,), operator.start_pos)
        if operator == "+":
            return value
        if isinstance(value, Number):
            return Number(-value.value, operator.start_pos)
        return Operation("negative", (value,), operator.start_pos)

    def number(self, found: list[Any]) -> Number:
        return Number(float(found[0].replace("_", "")), found[0].start_pos)

    def percent(self, found: list[Any]) -> Number:
        return Number(float(found[0][:-1].replace("_", "")) / 100, found[0].start_pos)

    def duration(self, found: list[Any]) -> Duration:
        return Duration(round(float(found[0][:-1]) * UNITS[found[0][-1].lower()]), found[0].start_pos)

    def bars(self, found: list[Any]) -> BarCount:
        return BarCount(int(found[0].lower().rstrip("bars ")), found[0].start_pos)

    def text(self, found: list[Any]) -> Text:
        return Text(str(found[0][1:-1]), found[0].start_pos)

    def reference(self, found: list[Any]) -> Reference:
        first = found[0]
        if not isinstance(first, Part):  # a quoted name
            first = Part(str(first[1:-1]), None, True, first.start_pos)
        return Reference((first, *found[1:]), first.at)

    def name(self, found: list[Any]) -> Part:
        return Part(str(found[0]), None, False, found[0].start_pos)

    def call(self, found: list[Any]) -> Part:
        name, *arguments = found
        return Part(str(name), tuple(one for one in arguments if one is not None), False, name.start_pos)

    def plain(self, found: list[Node]) -> Argument:
        return Argument(None, found[0], found[0].at)

    def named(self, found: list[Any]) -> Argument:
        name, _, value = found
        return Argument(str(name), value, name.start_pos)
