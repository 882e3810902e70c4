"""Every operator and function against plain Python over one row at a time, unknowns included."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from math import isfinite, isnan, log, nan, sqrt
from random import Random
from statistics import fmean, pstdev

import numpy as np
import pytest
from rules_support import judged, program, told

from shared.models import HOUR
from shared.signals.rules.evaluate import evaluate

Row = list[float | None]
Truth = bool | None
TABLE: tuple[Truth, ...] = (True, False, None)


def sql_and(a: Truth, b: Truth) -> Truth:
    return False if a is False or b is False else None if a is None or b is None else True


def sql_or(a: Truth, b: Truth) -> Truth:
    return True if a is True or b is True else None if a is None or b is None else False


# 1 is above zero, -1 is not, and of a missing number nobody knows.
NUMBER: dict[Truth, float | None] = {True: 1.0, False: -1.0, None: None}


@pytest.mark.parametrize("a", TABLE)
@pytest.mark.parametrize("b", TABLE)
def test_unknown_is_sqls_null(a: Truth, b: Truth) -> None:
    columns = {"open": [NUMBER[a]], "close": [NUMBER[b]]}
    assert judged("open > 0 and close > 0", **columns) == [sql_and(a, b)]
    assert judged("open > 0 or close > 0", **columns) == [sql_or(a, b)]
    assert judged("not open > 0", open=columns["open"]) == [None if a is None else not a]
    assert judged("open > 0 and close > 0 and open > 0", **columns) == [sql_and(a, b)]


def values(seed: int, rows: int = 60, missing: float = 0.1) -> Row:
    random = Random(seed)
    return [None if random.random() < missing else round(random.gauss(0, 3)) / 2 for _ in range(rows)]


def safe(compute: Callable[[], float]) -> float | None:
    try:
        found = compute()
    except (ArithmeticError, ValueError):
        return None
    return found if isinstance(found, float | int) and isfinite(found) else None


NUMBERS: dict[str, Callable[[float, float], float]] = {
    "open + close": operator.add,
    "open - close": operator.sub,
    "open * close": operator.mul,
    "open / close": operator.truediv,
    "open ^ 2 + close": lambda a, b: a**2 + b,
    "-open * close": lambda a, b: -a * b,
    "abs(open) - abs(close)": lambda a, b: abs(a) - abs(b),
    "min(open, close, 1)": lambda a, b: min(a, b, 1),
    "max(open, close)": max,
    "log(open) + close": lambda a, b: log(a) + b,
    "sqrt(open) + close": lambda a, b: sqrt(a) + b,
    "(open - 1) ^ 0.5 + close": lambda a, b: sqrt(a - 1) + b,
    "2 ^ (close * 1000) + open": lambda a, b: 2.0 ** (b * 1000) + a,
}


@pytest.mark.parametrize("text", NUMBERS)
def test_arithmetic(text: str) -> None:
    a, b = values(1), values(2)
    expected: list[Truth] = []
    for x, y in zip(a, b, strict=True):
        found = None if x is None or y is None else safe(lambda x=x, y=y: NUMBERS[text](x, y))  # type: ignore[misc]
        expected.append(None if found is None else found > 0.3)
    assert judged(f"{text} > 0.3", open=a, close=b) == expected
    assert {True, False, None} == set(expected)


COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@pytest.mark.parametrize("sign", COMPARISONS)
def test_comparison(sign: str) -> None:
    a, b = values(3, missing=0.2), values(4, missing=0.2)
    pairs = zip(a, b, strict=True)
    expected = [None if x is None or y is None else COMPARISONS[sign](x, y) for x, y in pairs]
    assert judged(f"open {sign} close", open=a, close=b) == expected


def test_between_is_two_comparisons() -> None:
    rows = {"open": values(5), "low": values(6), "high": values(7)}
    expected = judged("low <= open and open <= high", **rows)
    assert judged("open between low and high", **rows) == expected
    assert set(expected) == {True, False, None}


@pytest.mark.parametrize(("side", "beyond"), [("above", operator.gt), ("below", operator.lt)])
def test_crossing(side: str, beyond: Callable[[float, float], bool]) -> None:
    a, b = values(8), values(9)
    expected: list[Truth] = [None]
    for i in range(1, len(a)):
        four = (a[i - 1], b[i - 1], a[i], b[i])
        known = None not in four
        expected.append(beyond(four[2], four[3]) and not beyond(four[0], four[1]) if known else None)  # type: ignore[arg-type]
    assert judged(f"open crosses {side} close", open=a, close=b) == expected
    assert judged(f"crosses_{side}(open, close)", open=a, close=b) == expected


def change(window: Sequence[float]) -> float:
    return window[-1] / window[0] - 1 if window[0] > 0 else nan


# function -> (rows it reads for a window of n, what it makes of them)
WINDOWS: dict[str, tuple[int, Callable[[Sequence[float]], float | None]]] = {
    "highest": (0, max),
    "lowest": (0, min),
    "sum": (0, sum),
    "mean": (0, fmean),
    "stdev": (0, pstdev),
    "ago": (1, lambda rows: rows[0]),
    "change": (1, change),
}


@pytest.mark.parametrize("bars", [1, 2, 5, 70])
@pytest.mark.parametrize("name", WINDOWS)
def test_windows(name: str, bars: int) -> None:
    rows = values(10, missing=0.05)
    more, make = WINDOWS[name]
    made = program(f"{name}(close, {bars}) > 0")
    columns = {"close": np.array([nan if one is None else one for one in rows])}
    for threshold in (-1.0, 0.25, 1.3):
        expected: list[Truth] = []
        for i in range(len(rows)):
            window = rows[i + 1 - bars - more : i + 1] if i + 1 >= bars + more else [None]
            if name in ("ago", "change"):
                window = [window[0], window[-1]] if name == "change" else [window[0]]
            found = None if None in window else make(window)  # type: ignore[arg-type]
            expected.append(None if found is None or isnan(found) else round(found, 9) > threshold)
        text = f"{name}(close, {bars}) > {threshold} + 1e-9"
        assert told(program(text), columns) == expected
    assert made.lookback == bars - 1 + more


@pytest.mark.parametrize(("name", "beyond"), [("rising", operator.gt), ("falling", operator.lt)])
def test_rising_and_falling(name: str, beyond: Callable[[float, float], bool]) -> None:
    rows: Row = [1, 2, 3, 4, 3, 2, 1, 1, 2, None, 3, 4, 5]
    expected: list[Truth] = []
    for i in range(len(rows)):
        steps = [(rows[j - 1] if j else None, rows[j]) if j >= 0 else (None, None) for j in (i - 1, i)]
        truths = [None if x is None or y is None else beyond(y, x) for x, y in steps]
        expected.append(sql_and(*truths))
    assert judged(f"{name}(close, 2)", close=rows) == expected


def test_for_any_and_count_over_conditions() -> None:
    rows: Row = [1, 1, -1, 1, 1, 1, None, 1, 1, 1, -1]
    truths = [None if one is None else one > 0 for one in rows]
    padded: list[Truth] = [None, None, *truths]
    threes = [padded[i : i + 3] for i in range(len(rows))]
    for_all = [sql_and(sql_and(a, b), c) for a, b, c in threes]
    any_of = [sql_or(sql_or(a, b), c) for a, b, c in threes]
    two = [None if None in three else sum(bool(one) for one in three) >= 2 for three in threes]
    assert judged("for(close > 0, 3 bars)", close=rows) == for_all
    assert judged("any(close > 0, 3)", close=rows) == any_of
    assert judged("count(close > 0, 3h) >= 2", close=rows) == two


def test_a_time_ago_is_not_known_where_bars_are_missing_since() -> None:
    hours = [0, 1, 2, 3, 6, 7, 8, 9]
    times = [hour * HOUR for hour in hours]
    column = {"close": np.arange(1.0, 9.0)}
    assert told(program("ago(close, 2h) > 0"), column, times) == [
        None,
        None,
        True,
        True,
        None,
        None,
        True,
        True,
    ]
    assert told(program("ago(close, 2 bars) > 0"), column, times) == [None, None] + [True] * 6
    late = [0, HOUR, 2 * HOUR + 1000, 3 * HOUR]  # a bar that opened a second late is still that bar
    assert told(program("change(close, 1h) > 0"), {"close": np.arange(1.0, 5.0)}, late) == [
        None,
        True,
        True,
        True,
    ]


def test_symbols_side_by_side_are_judged_as_alone() -> None:
    made = program(
        "close > mean(close, 7) + stdev(close, 30) and rising(volume, 2) or close / open > highest(low, 3)"
    )
    rng = np.random.default_rng(3)
    columns = {leaf: rng.normal(size=(400, 5)) for leaf in made.leaves}
    for column in columns.values():
        column[rng.random(column.shape) < 0.03] = nan
    times = np.arange(400)[:, None] * HOUR + np.zeros((1, 5), np.int64)
    whole = evaluate(made, columns, times)
    for s in range(5):
        alone = evaluate(made, {leaf: c[:, s].copy() for leaf, c in columns.items()}, times[:, s])
        assert np.array_equal(whole[:, s], alone)


def test_evaluation_can_be_stopped() -> None:
    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    made = program("close > 1")
    with pytest.raises(Stopped):
        evaluate(made, {made.leaves[0]: np.ones(3)}, np.arange(3), stop)
