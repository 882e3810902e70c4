"""What a feature is, as data: nothing here computes, so that reading the dictionary loads no numpy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

# Raised with every change of the dictionary. Features are only ever added, at the end, with `since` the new
# version: a row stored under an older one keeps its meaning.
VERSION = 1

GROUPS = (
    "price",
    "volume",
    "volatility",
    "trend",
    "momentum",
    "cross_asset",
    "regime",
    "calendar",
    "order_book",
    "derivatives",
    "sentiment",
    "mentions",
    "macro",
    "on_chain",
    "quality",
)

GIVEN = "given"
# What the operations on columns say in words of arithmetic; values.py computes them.
SHOWN = {
    "pick": "{0}",
    "hundredth": "{0} / 100",
    "ratio": "{0} / {1}",
    "difference": "{0} − {1}",
    "balance": "({0} − {1}) / ({0} + {1})",
    "place": "({0} − {1}) / ({2} − {1})",
    "log": "ln {0}",
    "log1p": "ln(1 + {0})",
    "signed_log": "±ln(1 + |{0}|) with the sign of {0}",
    "log_ratio": "ln({0} / {1})",
    "log1p_ratio": "ln((1 + {0}) / (1 + {1}))",
    "sums_log_ratio": "ln(({0} + {1}) / ({2} + {3}))",
    "farther_from_one": "the larger of |{0} − 1| and |{1} − 1|",
}


class Feature(NamedTuple):
    """One number about an asset at the close of a bar.

    `how` names an operation on the columns `inputs`; with "given" a kernel or a context function writes it
    under its own name, and `inputs` say what that reads. An input with a colon is a metric, `@24h` behind it
    its value 24 hours before the close. `warmup` counts the bars of a series before the first value.
    """

    name: str
    group: str
    definition: str
    unit: str
    how: str
    inputs: tuple[str, ...]
    warmup: int = 0
    since: int = 1


def given(group: str, reads: str, table: str) -> tuple[Feature, ...]:
    """Features of rows `name | unit | warm-up | definition`, written elsewhere from the same `reads`."""
    return tuple(
        Feature(name, group, definition, unit, GIVEN, words(reads), int(warmup))
        for name, unit, warmup, definition in cells(table)
    )


def made(group: str, table: str) -> tuple[Feature, ...]:
    """Features of rows `name | unit | warm-up | operation | inputs`; the operation says the definition."""
    return tuple(
        Feature(name, group, SHOWN[how].format(*words(inputs)), unit, how, words(inputs), int(warmup))
        for name, unit, warmup, how, inputs in cells(table)
    )


def cells(table: str) -> Iterator[list[str]]:
    return ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())


def words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))
