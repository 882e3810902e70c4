"""Regimes of markets whose state is plain to see."""

from __future__ import annotations

import math
import random

import pytest

from shared.market.regime import LEAST_TREND, LEAST_VOLATILITY, breadth, regime


def walk(n: int, drift: float, noise: float, seed: int = 1) -> list[float]:
    rng, price, found = random.Random(seed), 100.0, []
    for _ in range(n):
        price *= math.exp(drift + noise * rng.gauss(0, 1))
        found.append(price)
    return found


def test_too_short_a_history_has_no_regime() -> None:
    assert regime(walk(LEAST_TREND - 1, 0.01, 0.01)) is None
    found = regime(walk(LEAST_TREND, 0.01, 0.001))
    assert found is not None
    assert found.trend == "bull"
    assert found.volatility is None


@pytest.mark.parametrize(("drift", "trend"), [(0.01, "bull"), (-0.01, "bear")])
def test_a_steady_trend(drift: float, trend: str) -> None:
    found = regime(walk(400, drift, 0.005))
    assert found is not None
    assert found.trend == trend
    assert found.since > 200
    assert found.average == pytest.approx(math.fsum(walk(400, drift, 0.005)[-50:]) / 50)


def test_a_fall_under_a_rising_average_is_sideways() -> None:
    prices = [*walk(300, 0.01, 0.001), *([walk(300, 0.01, 0.001)[-1] * 0.7] * 2)]
    found = regime(prices)
    assert found is not None
    assert found.close < found.average > found.average_before
    assert found.trend == "sideways"
    assert found.since == 2


def test_volatility_compares_an_asset_with_itself() -> None:
    calm, wild = walk(400, 0.0, 0.01), list[float]()
    price = calm[-1]
    rng = random.Random(2)
    for _ in range(25):
        price *= math.exp(0.08 * rng.gauss(0, 1))
        wild.append(price)
    stormy = regime([*calm, *wild])
    assert stormy is not None
    assert stormy.volatility == "high"
    assert (stormy.volatility_rank or 0) > 0.95
    quiet = regime([*walk(400, 0.0, 0.05), *[walk(400, 0.0, 0.05)[-1] * (1 + 0.0001 * i) for i in range(30)]])
    assert quiet is not None
    assert quiet.volatility == "low"


def test_realised_volatility_of_a_year() -> None:
    closes = walk(LEAST_VOLATILITY + 200, 0.0, 0.02, seed=5)
    found = regime(closes)
    returns = [math.log(b / a) for a, b in zip(closes[-21:-1], closes[-20:], strict=True)]
    mean = math.fsum(returns) / 20
    deviation = math.sqrt(math.fsum((r - mean) ** 2 for r in returns) / 19)
    assert found is not None
    assert found.realised_volatility == pytest.approx(deviation * math.sqrt(365))


def test_breadth_counts_those_above_their_average() -> None:
    up, down = walk(60, 0.01, 0.001), walk(60, -0.01, 0.001)
    assert breadth([up, up, down, up[:10]]) == (2, 3)
    assert breadth([]) == (0, 0)
