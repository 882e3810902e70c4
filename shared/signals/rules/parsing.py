"""From text to syntax: what is too long, too deep or not of the language is refused at its character."""

from __future__ import annotations

from collections.abc import Collection
from math import isfinite

from shared.signals.rules.grammar import parser
from shared.signals.rules.limits import DEPTH_MAX, LENGTH_MAX, NODES_MAX, NUMBER_MAX
from shared.signals.rules.problems import RuleError, nearest
from shared.signals.rules.syntax import Node, Number, size, walk

# What people write who think in another language.
HABITS = {"&": "and", "|": "or", "!": "not", "=": "==", "%": "a percentage such as 5%", ";": "and"}
COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
JOINING = ("and", "or", "between", "crosses above", "crosses below")


def parse(text: str) -> Node:
    """The syntax tree of an expression; RuleError says what is wrong and where."""
    from lark import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

    if len(text) > LENGTH_MAX:
        raise RuleError(text, LENGTH_MAX, f"the expression has {len(text)} characters, at most {LENGTH_MAX}")
    if not text.strip():
        raise RuleError(text, 0, "the expression is empty")
    try:
        root: Node = parser()(text)
    except UnexpectedToken as error:
        place = len(text) if error.token.type == "$END" else error.token.start_pos or 0
        wrong = misread(text, place, str(error.token), set(error.expected))
    except UnexpectedCharacters as error:
        wrong = misread(text, error.pos_in_stream or 0, "", set(error.allowed or ()))
    except UnexpectedInput as error:
        wrong = misread(text, error.pos_in_stream or 0, "", ())
    else:
        return bounded(text, root)
    raise wrong


def bounded(text: str, root: Node) -> Node:
    nodes, depth, deepest = size(root)
    if depth > DEPTH_MAX:
        raise RuleError(text, deepest.at, f"nested {depth} deep, at most {DEPTH_MAX}")
    if nodes > NODES_MAX:
        raise RuleError(text, 0, f"the expression has {nodes} parts, at most {NODES_MAX}")
    for _, node in walk(root):
        if isinstance(node, Number) and not (isfinite(node.value) and abs(node.value) <= NUMBER_MAX):
            raise RuleError(text, node.at, f"a number may be at most {NUMBER_MAX:g}")
    return root


def misread(text: str, position: int, token: str, expected: Collection[str]) -> RuleError:
    """Say in the user's words what cannot stand at `position`, where one of `expected` was due."""
    if position >= len(text.rstrip()):
        missing = "a value" if "NAME" in expected else "a closing )"
        return RuleError(text, len(text.rstrip()), f"the expression ends too early: {missing} is missing")
    char, word = text[position], token or word_at(text, position)
    if char in HABITS and word not in COMPARISONS:
        return RuleError(text, position, f"{char} means nothing here", HABITS[char])
    if "NAME" in expected:
        return RuleError(text, position, f"{word!r} cannot stand here: a value is expected")
    if word in COMPARISONS:
        hint = "join two with and, or write x between 30 and 70"
        return RuleError(text, position, f"a comparison cannot be compared again: {hint}")
    problem = f"{word!r} cannot stand here: an operator such as > or and is expected"
    return RuleError(text, position, problem, nearest(word, JOINING))


def word_at(text: str, position: int) -> str:
    end = position + 1
    while end < len(text) and end - position < 30 and (text[end].isalnum() or text[end] in "_."):
        end += 1
    return text[position:end]
