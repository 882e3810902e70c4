"""Detectors on the course of one price: each on a case made for it, with its side and its evidence."""

from __future__ import annotations

from functools import cache

import pytest
from bar_support import Cases, Path

from shared.models import DAY, HOUR, MINUTE
from shared.signals.detectors import (
    macd_cross,
    momentum_exhaustion,
    squeeze_breakout,
    trend_change,
    volatility_regime,
    volume_breakout,
)

SIDES = pytest.mark.parametrize("side", [1, -1])
STEPS = pytest.mark.parametrize("step", [5 * MINUTE, HOUR, DAY])


def drifted(side: int) -> Path:
    path = Path(300)
    for move in path.rng.normal(0.0025 * side, 0.001, 20):
        path.add(float(move))
    return path


def exhausted(side: int = 1) -> Path:
    """A steep leg, a pause, a tired leg to a further extreme, and three bars back."""
    path = Path(200, 0.001)
    for move in [0.01] * 10 + [-0.008] * 4 + [0.007, -0.003] * 9 + [0.004]:
        path.add(move * side)
    for _ in range(3):
        path.add(-0.002 * side)
    return path


def lower() -> Path:
    """The same leg, then a turn below it."""
    path = Path(200, 0.001)
    for move in [0.01] * 10 + [-0.008] * 8 + [0.003] * 5 + [-0.002] * 3:
        path.add(move)
    return path


def turned(side: int, bars: int = 1) -> Path:
    path = Path(200, 0.001)
    for move in [-0.001] * 30 + [0.015] * bars:
        path.add(move * side)
    return path


def escaped(side: int, first: float = 0.01, then: float = 0.0004) -> Path:
    return Path(200, first).walk(30, then).add(0.02 * side)


def burst(side: int, volume: float = 5000) -> Path:
    return Path(200).add(0.03 * side, volume=volume)


def topped() -> Path:
    """Breaks out, with a shadow that is higher still."""
    path = Path(200)
    return path.bar(path.price, path.price * 1.06, path.price * 0.999, path.price * 1.03, 5000)


PATHS = {
    "wilder": lambda: Path(300, 0.004).walk(12, 0.02),
    "calmer": lambda: Path(300, 0.004).walk(12, 0.0002),
    "long wild": lambda: Path(320, 0.004).walk(40, 0.03),
    "drift 1": lambda: drifted(1),
    "drift -1": lambda: drifted(-1),
    "jump": lambda: Path(300).add(0.2),
    "exhausted 1": lambda: exhausted(1),
    "exhausted -1": lambda: exhausted(-1),
    "exhausted, then": lambda: exhausted().walk(10, 0.001),
    "lower": lower,
    "turned 1": lambda: turned(1),
    "turned -1": lambda: turned(-1),
    "turned before": lambda: turned(1, 2),
    "escaped 1": lambda: escaped(1),
    "escaped -1": lambda: escaped(-1),
    "escaped 1, then": lambda: escaped(1).walk(3, 0.0004),
    "escaped -1, then": lambda: escaped(-1).walk(3, 0.0004),
    "wide": lambda: escaped(1, 0.0004, 0.01),
    "burst 1": lambda: burst(1),
    "burst -1": lambda: burst(-1),
    "burst, thin": lambda: burst(1, 100),
    "volume alone": lambda: burst(0),
    "topped": topped,
}


@cache
def cases() -> Cases:
    return Cases(None, **{name: make() for name, make in PATHS.items()})


@pytest.mark.parametrize("change", ["wilder", "calmer"])
def test_a_change_of_volatility_is_told_with_its_way(change: str) -> None:
    evidence = cases().fires(volatility_regime.DETECTOR, change)
    assert evidence["change"] == change
    assert cases().rated(volatility_regime.DETECTOR, change)[1] == 0
    assert evidence["bars"] == {"short": 12, "long": 96, "samples": 24, "apart": 6}


def test_one_regime_is_one_signal() -> None:
    assert len(cases().raised("volatility_regime", "long wild")) == 1


@SIDES
def test_a_steady_drift_is_a_trend_in_its_direction(side: int) -> None:
    evidence = cases().fires(trend_change.DETECTOR, f"drift {side}")
    assert (evidence["cusum_up"] > evidence["cusum_down"]) == (side > 0)
    (signal,) = cases().raised("trend_change", f"drift {side}")
    assert signal.finding.direction == ("up" if side > 0 else "down")


def test_one_jump_is_no_trend() -> None:
    assert cases().rated(trend_change.DETECTOR, "jump")[0] < 5


@SIDES
def test_a_further_extreme_without_its_rsi_is_exhaustion_against_the_move(side: int) -> None:
    name = f"exhausted {side}"
    evidence = cases().fires(momentum_exhaustion.DETECTOR, name)
    assert cases().rated(momentum_exhaustion.DETECTOR, name)[1] == -side
    assert evidence["turn"] == ("high" if side > 0 else "low")
    assert evidence["rsi_beyond"] == (70 if side > 0 else 30)
    assert (evidence["pivot_rsi_before"] - evidence["rsi_beyond"]) * side > 0
    assert (evidence["pivot_close"] - evidence["pivot_close_before"]) * side > 0
    assert evidence["pivot_close"] == cases().closes(name)[-4]
    assert evidence["pivot_bars"] <= 60


def test_a_turn_below_the_earlier_one_is_none_and_one_turn_is_one_signal() -> None:
    assert cases().rated(momentum_exhaustion.DETECTOR, "lower")[0] == 0
    assert len(cases().raised("momentum_exhaustion", "exhausted, then")) == 1


@SIDES
def test_a_violent_turn_crosses_the_macd(side: int) -> None:
    cases().fires(macd_cross.DETECTOR, f"turned {side}")
    assert cases().rated(macd_cross.DETECTOR, f"turned {side}")[1] == side


def test_a_histogram_that_keeps_its_sign_is_no_cross() -> None:
    assert cases().rated(macd_cross.DETECTOR, "turned before") == (0.0, 0)
    assert len(cases().raised("macd_cross", "turned before")) == 1


@SIDES
def test_a_close_far_outside_of_the_narrowest_bands_breaks_out(side: int) -> None:
    name = f"escaped {side}"
    evidence = cases().fires(squeeze_breakout.DETECTOR, name)
    assert cases().rated(squeeze_breakout.DETECTOR, name)[1] == side
    assert 1 <= evidence["squeeze_age"] <= squeeze_breakout.SOON
    closes = cases().closes(name)[: -int(evidence["squeeze_age"])][-20:]
    assert evidence["squeeze_middle"] == pytest.approx(closes.mean())
    assert evidence["squeeze_deviation"] == pytest.approx(max(closes.std(), 0.0005 * closes.mean()))
    (signal,) = cases().raised("squeeze_breakout", f"{name}, then")
    assert signal.finding.direction == ("up" if side > 0 else "down")


def test_the_same_close_without_a_squeeze_breaks_nothing() -> None:
    assert cases().rated(squeeze_breakout.DETECTOR, "wide") == (0.0, 0)


@STEPS
@SIDES
def test_a_close_beyond_the_channel_on_volume_is_a_breakout_with_parts(side: int, step: int) -> None:
    name = f"burst {side}"
    evidence = cases().fires(volume_breakout.DETECTOR, name, step)
    assert cases().rated(volume_breakout.DETECTOR, name, step)[1] == side
    assert [part["part"] for part in evidence["parts"]] == ["breakout", "volume"]
    assert evidence["volume"]["volume"] == pytest.approx(5000)


@pytest.mark.parametrize("name", ["burst, thin", "volume alone"])
def test_either_part_alone_is_no_breakout(name: str) -> None:
    assert cases().rated(volume_breakout.DETECTOR, name)[0] < 1


def test_the_channel_is_that_of_the_bars_before() -> None:
    """The bar's own high above its close does not hide the breakout."""
    highs = [bar[1] for bar in topped().bars[-21:-1]]
    evidence = cases().fires(volume_breakout.DETECTOR, "topped")
    assert evidence["donchian_upper_20_before"] == pytest.approx(max(highs))
