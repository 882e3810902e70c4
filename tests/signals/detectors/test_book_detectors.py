"""Order books: which side is heavier near the middle, for long enough, and whether they have emptied."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from statistics import median
from typing import Any

import numpy as np
import orjson
import pytest

from shared.models import MINUTE
from shared.signals.detector import NO_BAR
from shared.signals.detectors import liquidity_anomaly, order_book_imbalance
from shared.signals.families import books
from shared.signals.families.books import depth_of
from shared.signals.families.family import Fresh
from shared.signals.families.memory import Memory
from shared.store.books import Snapshot

START = 1_763_726_400_000
STEP = 5 * MINUTE
KINDS = {"books": order_book_imbalance.DETECTOR, "liquidity": liquidity_anomaly.DETECTOR}


def sides(
    bid: float, ask: float, mid: float = 100.0, levels: int = 20, gap: float = 0.0002
) -> tuple[str, str]:
    """Levels each `gap` apart with these quantities on every level."""
    bids = [[mid * (1 - gap * (n + 1)), bid] for n in range(levels)]
    asks = [[mid * (1 + gap * (n + 1)), ask] for n in range(levels)]
    return orjson.dumps(bids).decode(), orjson.dumps(asks).decode()


def watch(looks: int, told: Callable[[int], tuple[float, float]]) -> dict[str, list[Any]]:
    """(score, side, ready, evidence) of one book every five minutes, by kind."""
    memory, found = Memory(), {kind: list[Any]() for kind in KINDS}
    for n in range(looks):
        at = START + n * STEP
        row = Snapshot(1, 1, at, *sides(*told(n)), at)
        for look in books.step(memory, Fresh(at, ([row], {1: "binance"}), 1)):
            detector = KINDS[look.kind]
            rated = detector.score(look.rows, NO_BAR)
            evidence = detector.evidence(look.rows, 0, NO_BAR) if rated.score[0] > 0 else {}
            score = float(rated.score[0]) if look.ready[0] else 0.0
            found[look.kind].append((score, int(rated.side[0]), bool(look.ready[0]), evidence))
    return found


def usual(n: int) -> tuple[float, float]:
    return 10.0 + n % 5, 10.0 + (n * 3) % 7


def test_depth_is_counted_over_what_both_sides_show() -> None:
    bids, asks = sides(2.0, 3.0, levels=20)
    short = orjson.dumps(orjson.loads(asks)[:5]).decode()
    depth = depth_of(bids, short)
    assert depth.mid == pytest.approx(100.0)
    assert depth.reach == pytest.approx(0.001, rel=1e-6)
    assert depth.ask == pytest.approx(sum(3.0 * 100 * (1 + 0.0002 * (n + 1)) for n in range(5)))
    assert depth.bid == pytest.approx(sum(2.0 * 100 * (1 - 0.0002 * (n + 1)) for n in range(5)))


def test_nothing_beyond_one_percent_counts() -> None:
    depth = depth_of(*sides(1.0, 1.0, levels=20, gap=0.002))
    assert depth.reach == pytest.approx(0.01)
    assert depth.bid == pytest.approx(sum(100 * (1 - 0.002 * (n + 1)) for n in range(5)))


@pytest.mark.parametrize(("heavy", "side"), [((200.0, 10.0), 1), ((10.0, 200.0), -1)])
def test_a_side_that_is_heavier_for_three_snapshots(heavy: tuple[float, float], side: int) -> None:
    found = watch(104, lambda n: heavy if n >= 100 else usual(n))["books"]
    assert max(score for score, *_ in found[:102]) < 5  # not in two
    score, own, _, e = found[102]
    assert score >= 5
    assert own == side
    assert score == abs(e["value"] - e["median"]) / e["scale"]
    depths = [depth_of(*sides(*(heavy if n >= 100 else usual(n)))) for n in range(103)]
    ratios = [log(depth.bid / depth.ask) for depth in depths]
    window = ratios[6:100]
    assert e["median"] == pytest.approx(median(window))
    assert e["scale"] == pytest.approx(max(1.4826 * median(abs(x - median(window)) for x in window), 0.35))
    assert e["value"] == pytest.approx(min(ratios[100:], key=abs))
    assert e["window"] == {"first": START + 6 * STEP, "last": START + 99 * STEP, "n": 94}
    assert (e["since"], e["book"], e["in_a_row"]) == (START + 100 * STEP, "binance", 3)


def test_a_lopsided_book_that_is_always_so_is_silent_and_so_is_one_that_gets_even() -> None:
    lopsided = watch(130, lambda n: (100.0 + n % 9, 10.0 + n % 3))["books"]
    assert max(score for score, *_ in lopsided) < 5
    even = watch(104, lambda n: (10.0, 10.0) if n >= 100 else (300.0, 10.0))["books"]
    assert max(score for score, *_ in even) == 0


def test_flat_books_and_a_short_past_are_silent() -> None:
    for found in watch(130, lambda n: (10.0, 10.0)).values():
        assert max(score for score, *_ in found) == 0
    for found in watch(49, lambda n: (500.0, 1.0) if n >= 45 else usual(n)).values():
        assert not any(ready for _, _, ready, _ in found)


def test_a_book_that_empties_is_told_and_points_down() -> None:
    found = watch(104, lambda n: (0.5, 0.5) if n >= 100 else usual(n))["liquidity"]
    assert max(score for score, *_ in found[:102]) < 5
    score, side, _, e = found[102]
    assert score >= 5
    assert side == -1
    assert score == (e["median"] - e["value"]) / e["scale"]
    assert e["left"] < 0.1
    assert found[103][0] >= 5


def test_a_book_that_fills_is_no_anomaly() -> None:
    assert (
        max(score for score, *_ in watch(104, lambda n: (9e3, 9e3) if n >= 100 else usual(n))["liquidity"])
        == 0
    )


def test_the_same_snapshot_again_changes_nothing() -> None:
    memory = Memory()
    row = Snapshot(1, 1, START, *sides(1.0, 2.0), START)
    fresh = Fresh(START, ([row], {1: "binance"}), 1)
    assert len(list(books.step(memory, fresh))) == 2
    assert list(books.step(memory, fresh)) == []


def test_independent_snapshots_raise_nothing() -> None:
    rng = np.random.default_rng(4)
    depth = np.exp(rng.normal(2, 0.5, (1500, 2)))
    found = watch(1500, lambda n: (float(depth[n, 0]), float(depth[n, 1])))
    assert max(score for score, *_ in found["books"]) < 5
    assert max(score for score, *_ in found["liquidity"]) < 5
