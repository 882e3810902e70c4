"""Several sources of one price: who differs is told, and a wrong one does not make a coin lose its peg."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log1p
from statistics import median
from typing import Any

import numpy as np
import pytest

from shared.models import MINUTE
from shared.signals.detector import NO_BAR
from shared.signals.detectors import exchange_divergence, stablecoin_depeg
from shared.signals.families import quotes
from shared.signals.families.family import Fresh
from shared.signals.families.memory import Memory
from shared.signals.families.pegs import Prices, Vote

START = 1_763_726_400_000
STEP = 5 * MINUTE
NAMES = {1: "binance", 2: "coingecko", 3: "kraken"}
KINDS = {"quotes": exchange_divergence.DETECTOR, "pegs": stablecoin_depeg.DETECTOR}
COIN = 7  # an asset that stands for a dollar

Told = Callable[[int], Sequence[float]]  # prices of the sources at look number n


def watch(looks: int, told: Told, llama: Callable[[int], float] | None = None) -> dict[str, list[Any]]:
    """Collections every five minutes of one coin: (score, side, ready, evidence) of each look, by kind."""
    memory, found = Memory(), {kind: list[Any]() for kind in KINDS}
    for n in range(looks):
        now = START + n * STEP
        rows = [(COIN, source, now, now + 1000, price) for source, price in enumerate(told(n), 1)]
        votes = [(now, Vote("defillama", llama(n), now - 1))] if llama else []
        fresh = Fresh(now + 1000, (now, rows, NAMES, Prices({COIN: votes})), len(rows))
        for look in quotes.step(memory, fresh):
            detector = KINDS[look.kind]
            rated = detector.score(look.rows, NO_BAR)
            evidence = detector.evidence(look.rows, 0, NO_BAR) if rated.score[0] > 0 else {}
            score = float(rated.score[0]) if look.ready[0] else 0.0
            found[look.kind].append((score, int(rated.side[0]), bool(look.ready[0]), evidence))
    return found


def calm(n: int, source: int = 0) -> float:
    """A dollar, give or take three basis points, each source its own."""
    return 1 + 0.0003 * np.sin(1.7 * n + 2.1 * source)


def test_a_source_that_is_wrong_diverges_and_moves_no_peg() -> None:
    def told(n: int) -> list[float]:
        return [calm(n), calm(n, 1), calm(n, 2) * (10 if n >= 100 else 1)]

    found = watch(104, told, llama=lambda n: calm(n, 3))
    scores = [score for score, *_ in found["quotes"]]
    assert max(scores[:101]) < 3  # one look is not believed
    assert scores[101] >= 3
    evidence = found["quotes"][101][3]
    assert [vote["source"] for vote in evidence["votes"] if abs(vote["from_median_bps"]) > 50] == ["kraken"]
    assert max(score for score, *_ in found["pegs"]) == 0


def test_divergence_is_recomputed_from_its_evidence_and_the_quotes() -> None:
    def told(n: int) -> list[float]:
        return [calm(n), calm(n, 1) * (1.02 if n >= 100 else 1)]

    found = watch(103, told)
    score, side, ready, e = found["quotes"][102]
    assert ready
    assert side == 0
    assert score == pytest.approx((log1p(e["least"]) - e["median"]) / e["scale"], rel=1e-12)
    bps = [(max(told(n)) / min(told(n)) - 1) * 1e4 for n in range(103)]
    window = [log1p(x) for x in bps[6:102]]
    assert e["median"] == pytest.approx(median(window))
    assert e["scale"] == pytest.approx(max(1.4826 * median(abs(x - median(window)) for x in window), 0.25))
    assert e["least"] == pytest.approx(min(bps[100:]))
    assert (e["since"], e["looks"]) == (START + 100 * STEP + 1000, 3)
    prices = {vote["source"]: vote["price"] for vote in e["votes"]}
    assert prices == {"binance": told(102)[0], "coingecko": told(102)[1]}


def test_what_always_differs_and_what_differs_once_are_silent() -> None:
    always = watch(130, lambda n: [calm(n), 1.01 * calm(n, 1)])
    assert max(score for score, *_ in always["quotes"]) < 3
    once = watch(130, lambda n: [calm(n), calm(n, 1) * (1.05 if n % 20 == 19 else 1)])
    assert max(score for score, *_ in once["quotes"]) < 3


def test_one_source_alone_and_equal_prices_are_silent() -> None:
    assert watch(60, lambda n: [calm(n)])["quotes"] == []
    assert max(score for score, *_ in watch(130, lambda n: [1.0, 1.0])["quotes"]) == 0


def test_quotes_of_different_minutes_are_not_compared() -> None:
    memory, seen = Memory(), 0
    for n in range(60):
        now = START + n * STEP
        rows = [(1, 1, now, now + 1000, 100.0 + n), (1, 2, now - 6 * MINUTE, now + 1000, 90.0 + n)]
        seen += len(list(quotes.step(memory, Fresh(now + 1000, (now, rows, NAMES, Prices({})), 2))))
    assert seen == 0


@pytest.mark.parametrize(("price", "side"), [(0.985, -1), (1.02, 1)])
def test_a_coin_that_most_price_off_its_dollar_for_ten_minutes(price: float, side: int) -> None:
    def told(n: int) -> list[float]:
        return [calm(n), calm(n, 1) * (price if n >= 200 else 1)]

    found = watch(206, told, llama=lambda n: price if n >= 200 else 1.0)["pegs"]
    assert max(score for score, *_ in found[:202]) == 0
    score, own, _, e = found[202]
    assert score >= 1
    assert own == side
    away = [median([*told(n), price]) - 1 for n in (200, 201, 202)]
    assert score == pytest.approx(min(abs(x) for x in away) / 0.005)
    assert score == e["least"] / e["band"]
    assert (e["agree"], e["looks"], e["since"]) == (2, 3, START + 200 * STEP + 1000)
    assert [(vote["source"], vote["beyond"]) for vote in e["votes"]] == [
        ("binance", 0),
        ("coingecko", side),
        ("defillama", side),
    ]


def test_no_quorum_no_depeg() -> None:
    """Half of the sources, or one that is alone, say nothing of a coin."""
    two = watch(206, lambda n: [calm(n), 0.9 if n >= 200 else 1.0])
    assert max(score for score, *_ in two["pegs"]) == 0
    four = watch(206, lambda n: [calm(n), 0.9, 0.9] if n >= 200 else [calm(n)] * 3, llama=lambda n: 1.0)
    assert max(score for score, *_ in four["pegs"]) == 0
    one = watch(206, lambda n: [0.9 if n >= 200 else 1.0])
    assert not any(ready for _, _, ready, _ in one["pegs"])


def test_what_was_no_dollar_before_cannot_lose_its_peg() -> None:
    euro = watch(230, lambda n: [1.17 * calm(n), 1.17 * calm(n, 1)])
    assert max(score for score, *_ in euro["pegs"]) == 0
    lasting = [score for score, *_ in watch(420, lambda n: [calm(n) - 0.03 * (n >= 200)] * 2)["pegs"]]
    assert lasting[203] >= 1
    assert lasting[-1] == 0  # half a day later it is what the coin costs


def test_prices_that_stray_by_ten_basis_points_raise_nothing() -> None:
    rng = np.random.default_rng(2)
    prices = 1 + rng.normal(0, 0.001, (2000, 3))
    found = watch(2000, lambda n: prices[n].tolist())
    assert max(score for score, *_ in found["pegs"]) == 0
    assert max(score for score, *_ in found["quotes"]) < 3
