"""Detectors on price with volume, and on several assets: each on a case made for it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from bar_support import AGAIN, Cases, Path, measured, raised

from shared.models import DAY, HOUR, MINUTE
from shared.signals.detectors import (
    correlation_break,
    liquidity_cascade,
    market_stress,
    pump_dump,
    whale_accumulation,
)

STEPS = pytest.mark.parametrize("step", [5 * MINUTE, HOUR, DAY])


def pumped(volume: float = 5000, move: float = 0.03, path: Path | None = None) -> Path:
    path = path or Path(200)
    for _ in range(3):
        path.add(move, volume=volume)
    return path


def restless() -> Path:
    """A pump that another move came before."""
    return pumped(path=Path(190).add(0.03, volume=5000).walk(9))


def accumulated(place: float = 0.9, volume: float = 400) -> Path:
    """Twelve bars of one range, each traded heavily and closed at one place of it."""
    path = Path(200)
    low, high = path.price * 0.999, path.price * 1.001
    for _ in range(12):
        path.bar(path.price, high, low, low + place * (high - low), volume)
    return path


def cascaded(side: int = -1) -> Path:
    path = Path(200)
    for _ in range(3):
        path.add(0.02 * side, wick=0.002, volume=2000)
    return path


def broken() -> Path:
    return Path(200).add(-0.03, volume=2000).add(0.01, volume=2000).add(-0.03, volume=2000)


PATHS = {
    "pumped": pumped,
    "pumped, then": lambda: pumped().walk(5),
    "pumped, thin": lambda: pumped(volume=100),
    "dumped": lambda: pumped(move=-0.03),
    "restless": restless,
    "accumulated": accumulated,
    "low closes": lambda: accumulated(place=0.1),
    "usual volume": lambda: accumulated(volume=100),
    "coins come in": accumulated,
    "coins go out": accumulated,
    "asks outweigh": accumulated,
    "cascaded 1": lambda: cascaded(1),
    "cascaded -1": lambda: cascaded(-1),
    "cascaded 1, then": lambda: cascaded(1).walk(5),
    "cascaded -1, then": lambda: cascaded(-1).walk(5),
    "broken": broken,
    "longs liquidated": lambda: cascaded(-1),
    "shorts liquidated": lambda: cascaded(-1),
    "shorts squeezed": lambda: cascaded(1),
}
LONGS = {"known_liquidations_long": 9.0, "known_liquidations_short": 1.0}
SHORTS = {"known_liquidations_long": 1.0, "known_liquidations_short": 9.0}
KNOWN = {
    "coins come in": {"known_netflow": 1e6},
    "coins go out": {"known_netflow": -1e6},
    "asks outweigh": {"known_netflow": -1e6, "known_book_balance": -0.3},
    "longs liquidated": LONGS,
    "shorts liquidated": SHORTS,
    "shorts squeezed": SHORTS,
}


@cache
def cases() -> Cases:
    return Cases(KNOWN, **{name: make() for name, make in PATHS.items()})


@STEPS
def test_an_explosion_out_of_nothing_is_expected_to_come_down(step: int) -> None:
    evidence = cases().fires(pump_dump.DETECTOR, "pumped", step)
    assert cases().rated(pump_dump.DETECTOR, "pumped", step)[1] == -1
    assert evidence["burst_return"] == pytest.approx(0.09)
    assert [part["part"] for part in evidence["parts"]] == ["price", "volume"]


def test_one_pump_is_one_signal() -> None:
    (signal,) = cases().raised("pump_dump", "pumped, then")
    assert signal.finding.direction == "down"


@pytest.mark.parametrize("name", ["pumped, thin", "dumped", "restless"])
def test_without_volume_downwards_or_without_quiet_it_is_no_pump(name: str) -> None:
    assert cases().rated(pump_dump.DETECTOR, name)[0] < 1


def test_volume_without_range_and_high_closes_are_accumulation() -> None:
    evidence = cases().fires(whale_accumulation.DETECTOR, "accumulated")
    assert cases().rated(whale_accumulation.DETECTOR, "accumulated")[1] == 1
    assert evidence["held_close"] == pytest.approx(0.9)
    assert evidence["parts"][3:] == [{"part": name, "status": "no data"} for name in ("outflow", "bids")]
    assert len(cases().raised("whale_accumulation", "accumulated")) == 1


def test_low_closes_usual_volume_or_coins_that_come_in_are_none() -> None:
    names = ("low closes", "coins come in", "asks outweigh", "usual volume", "coins go out")
    rated = [cases().rated(whale_accumulation.DETECTOR, name)[0] for name in names]
    assert rated[:3] == [0, 0, 0]
    assert rated[3] < 1
    assert rated[4] == 1
    told = whale_accumulation.evidence(cases().bars, cases().row("coins go out"), HOUR)
    assert told["parts"][3] == {"part": "outflow", "score": 1.0, "level": 1.0}


@STEPS
@pytest.mark.parametrize("side", [1, -1])
def test_wide_bars_that_run_one_way_on_volume_are_a_cascade(side: int, step: int) -> None:
    name = f"cascaded {side}"
    evidence = cases().fires(liquidity_cascade.DETECTOR, name, step)
    assert cases().rated(liquidity_cascade.DETECTOR, name, step)[1] == side
    assert [part["part"] for part in evidence["parts"]] == ["move", "volume", "ranges", "liquidations"]
    assert evidence["burst_against"] == 0
    assert len(cases().raised("liquidity_cascade", f"{name}, then")) == 1


def test_a_bar_that_goes_back_or_liquidations_of_the_other_side_are_no_cascade() -> None:
    def rated(name: str) -> float:
        return cases().rated(liquidity_cascade.DETECTOR, name)[0]

    assert rated("broken") == 0
    assert rated("longs liquidated") >= 1
    assert rated("shorts liquidated") < 1
    assert rated("shorts squeezed") >= 1


def pair(share: float, then: float, seed: int = 4) -> tuple[Path, Path]:
    """Bitcoin and an asset that shares so much of its moves for 230 bars, then so much for 24."""
    leader, other = Path(0, seed=seed), Path(0, seed=seed + 1)
    for shared in [share] * 230 + [then] * 24:
        common = float(leader.rng.normal(0, 0.004))
        leader.add(common)
        other.add(shared * common + (1 - abs(shared)) * float(other.rng.normal(0, 0.004)))
    return leader, other


@pytest.mark.parametrize(("before", "then", "change"), [(0.8, -0.8, "apart"), (0.0, 0.95, "closer")])
def test_a_correlation_that_breaks_is_told_without_a_side(before: float, then: float, change: str) -> None:
    bars = measured(*pair(before, then))
    scores = correlation_break.score(bars, HOUR)
    evidence = correlation_break.evidence(bars, len(bars) - 1, HOUR)
    assert scores.score[-1] == pytest.approx(AGAIN["correlation_break"](evidence))
    assert scores.score[-1] > evidence["threshold"]
    assert not scores.score[bars.asset == 1].any()  # bitcoin with itself
    assert (scores.side[-1], evidence["change"]) == (0, change)
    assert (evidence["btc_pairs_short"], evidence["btc_pairs_long"]) == (24, 168)
    moves = [np.diff(np.log(bars.close[bars.asset == asset])) for asset in (1, 2)]
    short = np.corrcoef(moves[0][-24:], moves[1][-24:])[0, 1]
    long = np.corrcoef(moves[0][-192:-24], moves[1][-192:-24])[0, 1]
    assert evidence["btc_correlation_short"] == pytest.approx(short, abs=1e-9)
    assert evidence["btc_correlation_long"] == pytest.approx(long, abs=1e-9)


def test_without_bitcoins_bars_there_is_no_correlation_to_break() -> None:
    leader, other = pair(0.8, -0.8)
    late = Path(0)
    for bar in leader.bars[-60:]:
        late.bar(*bar)
    assert not correlation_break.score(measured(late, other), HOUR).score.any()


def crowd(n: int, down: int, up: int = 0) -> list[Path]:
    """`n` assets of which some fall and some rise by far more than they do."""
    moves = [-0.05] * down + [0.05] * up + [0.001] * (n - down - up)
    return [Path(110, seed=seed).add(move) for seed, move in enumerate(moves)]


def row_of_leader(paths: list[Path]) -> tuple[float, int]:
    bars = measured(*paths)
    scores = market_stress.score(bars, HOUR)
    (row,) = np.flatnonzero((bars.asset == 1) & (bars.open_time == bars.open_time.max()))
    assert not np.delete(scores.score, row).any()
    return float(scores.score[row]), int(scores.side[row])


def test_many_anomalies_at_one_bar_are_stress_filed_once_under_bitcoin() -> None:
    score, side = row_of_leader(crowd(12, down=7, up=1))
    assert score > market_stress.RAISE_AT[HOUR]
    assert side == -1
    (signal,) = raised("market_stress", *crowd(12, down=7, up=1))
    told = signal.finding.evidence
    assert (signal.finding.asset, signal.finding.direction) == (1, "down")
    assert (told["assets"], told["beyond"], told["down"], told["up"]) == (12, 8, 7, 1)
    assert AGAIN["market_stress"](told) == pytest.approx(score)


def test_the_side_is_that_of_most_and_none_where_they_are_even() -> None:
    assert row_of_leader(crowd(12, down=1, up=7))[1] == 1
    assert row_of_leader(crowd(12, down=4, up=4))[1] == 0


def test_few_assets_or_a_small_share_are_no_market() -> None:
    assert row_of_leader(crowd(9, down=9)) == (0.0, 0)
    assert row_of_leader(crowd(12, down=3)) == (0.0, 0)


def test_the_improbability_is_that_of_the_binomial() -> None:
    from scipy.stats import binom

    for k, n, p in ((1, 10, 0.01), (5, 10, 0.01), (40, 130, 0.003)):
        assert market_stress.improbability(k, n, p) == pytest.approx(-np.log10(binom.sf(k - 1, n, p)))
    assert market_stress.improbability(0, 10, 0.01) == 0
