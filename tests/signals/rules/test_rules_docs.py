"""Every example that the documentation and the API show is a rule, and can be judged."""

from __future__ import annotations

import re

import numpy as np
import pytest
from rules_support import NAMES

from shared.models import HOUR
from shared.ops.rules_page import PAGE, page
from shared.signals.rules.check import check
from shared.signals.rules.evaluate import evaluate
from shared.signals.rules.language import language

TEXT = PAGE.read_text()
BLOCKS = [line for block in re.findall(r"```rule\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
JSON = re.findall(r'"expression": "([^"\\]+)"', TEXT)


def made(name: str) -> str:
    """A generated part of the page."""
    return TEXT.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0]


EXAMPLES = re.findall(r"^\| `([^`]+)` \|", made("examples"), re.M)
TABLES = re.findall(r"\| `([^`]+)` \|$", made("functions"), re.M) + EXAMPLES


@pytest.mark.parametrize("text", dict.fromkeys((*BLOCKS, *TABLES, *JSON)))
def test_an_example_is_a_rule_that_can_be_judged(text: str) -> None:
    program = check(text, HOUR, NAMES)
    rng = np.random.default_rng(1)
    columns = {leaf: rng.normal(size=(30, 2)) for leaf in program.leaves}
    found = evaluate(program, columns, np.arange(60).reshape(30, 2))
    assert set(np.unique(found)) <= {0, 1, 2}


def test_the_examples_are_found() -> None:
    told = language()
    assert len(BLOCKS) > 10
    assert len(JSON) == 2
    assert {one["expression"] for one in told["examples"]} <= set(TABLES)
    assert {one["example"] for one in (*told["operators"], *told["functions"])} <= set(TABLES)


def test_the_generated_parts_are_current() -> None:
    assert page() == TEXT, "run: make docs"


def test_an_example_of_an_error_is_what_is_answered() -> None:
    with pytest.raises(Exception, match="rsj") as caught:
        check("close > 1 and\n  rsj(14) < 30", HOUR, NAMES)
    assert f"422 {caught.value}\n{caught.value.excerpt}\n" in TEXT  # type: ignore[attr-defined]
