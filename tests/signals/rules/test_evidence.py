"""From the stored numbers alone anybody can see why a rule fired: here it is done by hand, rule by rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import orjson
import pytest
from rules_support import program

from shared.models import HOUR
from shared.signals.bars import Floats, Ints
from shared.signals.rules.evaluate import evaluate
from shared.signals.rules.evidence import chosen, evidence
from shared.signals.rules.limits import EVIDENCE_CHARS, EVIDENCE_MAX
from shared.signals.rules.logic import TRUE, UNKNOWN
from shared.signals.rules.tree import Leaf, Program

ROWS, SYMBOLS, WARM = 400, 3, 30
Numbers = Mapping[str, float]
SPIKE = 'signal("volume_spike", within=4h)'

# Each rule, and whether it holds by its evidence: nothing is read but what a firing stores.
BY_HAND: dict[str, Callable[[Numbers], bool]] = {
    "close > ago(close, 1)": lambda e: e["close"] > e["ago(close, 1)"],
    "ema(12) - ema(26) > 0.5": lambda e: e["ema(12) - ema(26)"] > 0.5,
    "rsi(14) crosses below 0": lambda e: e["rsi(14)"] < 0 and not e["rsi(14) [1 bar before]"] < 0,
    "mean(close, 3) crosses above mean(close, 24h)": lambda e: (
        e["mean(close, 3)"] > e["mean(close, 24)"]
        and not e["mean(close, 3) [1 bar before]"] > e["mean(close, 24) [1 bar before]"]
    ),
    "close > highest(ago(high, 1), 20) and volume > 1.1 * mean(volume, 20)": lambda e: (
        e["close"] > e["highest(ago(high, 1), 20)"] and e["volume"] > e["1.1 * mean(volume, 20)"]
    ),
    "change(close, 24h) - change(BTC.close, 24h) > 5%": lambda e: (
        e["change(close, 1d) - change(BTC.close, 1d)"] > 0.05
    ),
    "close < BTC.close or not BTC.ema(50) > 0": lambda e: (
        e["close"] < e["BTC.close"] or not e["BTC.ema(50)"] > 0
    ),
    "close - open between -stdev(close, 20) and 0.2": lambda e: (
        e["-stdev(close, 20)"] <= e["close - open"] <= 0.2
    ),
    "for(close > ema(20), 3 bars) and not falling(volume, 2)": lambda e: (
        e["for(close > ema(20), 3) [bars true]"] == 3 and e["falling(volume, 2) [bars true]"] != 2
    ),
    "any(abs(close) > 2, 6h) and close > open": lambda e: (
        e["any(abs(close) > 2, 6) [bars true]"] >= 1 and e["close"] > e["open"]
    ),
    "count(close > open, 10) >= 6 or rising(close, 4)": lambda e: (
        e["count(close > open, 10)"] >= 6 or e["rising(close, 4) [bars true]"] == 4
    ),
    "rising(volume, 2) or falling(low, 2)": lambda e: (
        e["rising(volume, 2) [bars true]"] == 2 or e["falling(low, 2) [bars true]"] == 2
    ),
    "(close / open) ^ 2 != 1 and (rsi(14) < -1 or rsi(14) > 1)": lambda e: (
        e["(close / open) ^ 2"] != 1 and (e["rsi(14)"] < -1 or e["rsi(14)"] > 1)
    ),
    f"{SPIKE} and not any({SPIKE}, 3) or lowest(low, 5) == low": lambda e: (
        (e[SPIKE] == 1 and not e[f"any({SPIKE}, 3) [bars true]"] >= 1) or e["lowest(low, 5)"] == e["low"]
    ),
    "any(for(close > open, 2) and high > low, 4)": lambda e: (
        e["any(for(close > open, 2) and high > low, 4) [bars true]"] >= 1
    ),
}


def world(made: Program, missing: float = 0.0) -> tuple[dict[Leaf, Floats], Ints]:
    rng = np.random.default_rng(8)
    columns = {leaf: rng.normal(size=(ROWS, SYMBOLS)) for leaf in made.leaves}
    for leaf, column in columns.items():
        if leaf.name in ("volume", "low"):
            column[:] = np.round(column)  # some are equal
        if leaf.source == "signal":
            column[:] = column > 1
        if leaf.name == "close" and "change" in made.expression:
            column[:] = np.exp(np.cumsum(column * 0.01, axis=0))
        column[rng.random(column.shape) < missing] = np.nan
    times = np.repeat(np.arange(ROWS, dtype=np.int64) * HOUR, SYMBOLS).reshape(ROWS, SYMBOLS)
    return columns, times


def stored(made: Program, columns: dict[Leaf, Floats], times: Ints, rows: list[int], i: int) -> list[Numbers]:
    """As it is read of the store or out of a webhook."""
    found: list[Numbers] = orjson.loads(orjson.dumps(evidence(made, columns, times, rows, i)))
    return found


@pytest.mark.parametrize("text", BY_HAND)
def test_whether_it_holds_follows_from_the_stored_numbers(text: str) -> None:
    made = program(text)
    columns, times = world(made)
    verdicts, seen = evaluate(made, columns, times), set[bool]()
    for i in range(SYMBOLS):
        rows = list(range(WARM, ROWS))
        assert UNKNOWN not in verdicts[rows, i]
        for row, numbers in zip(rows, stored(made, columns, times, rows, i), strict=True):
            holds = bool(verdicts[row, i] == TRUE)
            assert BY_HAND[text](numbers) == holds, (row, numbers)
            seen.add(holds)
    assert seen == {True, False}


@pytest.mark.parametrize("text", BY_HAND)
def test_one_row_says_what_it_says_among_others(text: str) -> None:
    """Only the rows it needs are worked out; where bars are missing, too."""
    made = program(text)
    columns, times = world(made, missing=0.05)
    rows = [3, 40, 41, 200, ROWS - 1]
    together = evidence(made, columns, times, rows, 1)
    assert together == [evidence(made, columns, times, [row], 1)[0] for row in rows]
    for leaf in made.leaves:
        value = columns[leaf][200, 1]
        assert together[3][leaf.text] == (None if np.isnan(value) else value)


def test_what_is_not_known_is_none() -> None:
    made = program("close > sma(3) or for(open crosses above ago(close, 1), 3)")
    columns = {leaf: np.array([[np.nan, 1.5], [2.5, np.nan], [3.5, 4.5]]) for leaf in made.leaves}
    times = np.arange(3)[:, None] * HOUR + np.zeros((1, 2), np.int64)
    window = "for(open crosses above ago(close, 1), 3)"
    assert evidence(made, columns, times, [1], 0) == [
        {
            "close": 2.5,
            "sma(3)": 2.5,
            "open": 2.5,
            f"{window} [bars true]": 0.0,
            f"{window} [bars false]": 0.0,
            "ago(close, 1)": None,
            "open [1 bar before]": None,
            "ago(close, 1) [1 bar before]": None,
        }
    ]
    assert evidence(made, columns, times, [], 0) == []


def test_a_time_ago_is_looked_up_by_time() -> None:
    made = program("close > ago(close, 2h) and close > ago(close, 2)")
    hours = np.array([0, 1, 2, 3, 6, 7])[:, None] * HOUR
    columns = {made.leaves[0]: np.arange(1.0, 7.0)[:, None]}
    (there, gap) = evidence(made, columns, hours, [3, 4], 0)
    assert there == {"close": 4.0, "ago(close, 2h)": 2.0, "ago(close, 2)": 2.0}
    assert gap == {"close": 5.0, "ago(close, 2h)": None, "ago(close, 2)": 3.0}


def test_it_is_bounded_and_the_series_come_first() -> None:
    many = " and ".join(f"close - {n} > open + {n}" for n in range(20, 40))
    made = program(f"{many} and any({'not ' * 9}close + open > high * low, 3)")
    told = [one.text for one in chosen(made)]
    assert told[:5] == ["close", "open", "high", "low", "close - 20"]
    assert len(told) < EVIDENCE_MAX
    sides = " and ".join(f"close + {n} crosses above open" for n in range(1, 39))
    assert len(chosen(program(sides))) == EVIDENCE_MAX
    nested = "close > open"
    for _ in range(22):
        nested = f"for({nested} and rsi(14) > 1, 2)"
    lengths = [len(one.text) for one in chosen(program(nested))]
    assert EVIDENCE_CHARS - 1000 < sum(lengths) <= EVIDENCE_CHARS
    assert len(lengths) < 2 * 22
