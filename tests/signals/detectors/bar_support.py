"""Bars made for detectors: quiet walks that end in an event, and each score computed from its evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import atanh, comb, log, log10, sqrt
from typing import Any

import numpy as np

from shared.models import HOUR
from shared.signals import windows
from shared.signals.bars import Bars, bars_of
from shared.signals.beside import nothing_beside
from shared.signals.detector import Detector
from shared.signals.play import Found, play_bars
from shared.signals.windows import Measured

LEADER = 1


class Path:
    """One asset's bars: a seeded Gaussian walk of `n` bars, then what a test adds."""

    def __init__(self, n: int, move: float = 0.002, seed: int = 1, price: float = 100.0) -> None:
        self.rng = np.random.default_rng(seed)
        self.bars: list[tuple[float, float, float, float, float]] = []
        self.price = price
        self.walk(n, move)

    def walk(self, n: int, move: float = 0.002) -> Path:
        for step in self.rng.normal(0, move, n):
            self.add(float(step), wick=0.5 * move, volume=100 * float(np.exp(self.rng.normal(0, 0.5))))
        return self

    def add(self, move: float, *, wick: float = 0.0005, volume: float = 100.0) -> Path:
        """A bar that closes `move` (log) away, with shadows of `wick` on both ends."""
        opened, close = self.price, self.price * float(np.exp(move))
        high, low = max(opened, close) * (1 + wick), min(opened, close) * (1 - wick)
        return self.bar(opened, high, low, close, volume)

    def bar(self, opened: float, high: float, low: float, close: float, volume: float) -> Path:
        self.bars.append((opened, high, low, close, volume))
        self.price = close
        return self

    def mirrored(self) -> Path:
        """The same moves the other way up: each price turned over at the first one."""
        other, twice = Path(0), 2 * self.bars[0][0]
        for opened, high, low, close, volume in self.bars:
            other.bar(twice - opened, twice - low, twice - high, twice - close, volume)
        return other


def bars_from(*paths: Path, step: int = HOUR) -> Bars:
    """Assets 1, 2, …; all end at the same bar."""
    longest = max(len(path.bars) for path in paths)
    rows: list[tuple[Any, ...]] = []
    for asset, path in enumerate(paths, LEADER):
        first = 1 + longest - len(path.bars)
        rows += [(asset, 1, (first + i) * step, *bar) for i, bar in enumerate(path.bars)]
    return bars_of(rows)


def measured(
    *paths: Path, step: int = HOUR, leader: int = LEADER, known: Mapping[str, Sequence[float]] | None = None
) -> Measured:
    """What detectors see of the bars; `known` are answers of the store, one a path."""
    bars = bars_from(*paths, step=step)
    assets = np.unique(bars.asset)
    lanes = windows.with_lanes(windows.empty(), assets, np.ones_like(assets))
    found = windows.step(lanes, step, bars, nothing_beside(bars, leader))
    asset = found.asset - LEADER
    found.columns.update({name: np.array(values)[asset] for name, values in (known or {}).items()})
    return found


def found_on(*paths: Path, step: int = HOUR) -> list[Found]:
    bars = bars_from(*paths, step=step)
    return play_bars(None, step, bars, nothing_beside(bars, LEADER)).found


def raised(type: str, *paths: Path) -> list[Found]:
    return [one for one in found_on(*paths) if one.finding.type == type and one.raises]


class Cases:
    """Paths by name, side by side as assets of their own: stepped once for all tests of a file."""

    def __init__(self, known: Mapping[str, Mapping[str, float]] | None = None, **paths: Path) -> None:
        self.names = list(paths)
        columns = {key for values in (known or {}).values() for key in values}
        given = {
            key: [(known or {}).get(name, {}).get(key, np.nan) for name in paths] for key in sorted(columns)
        }
        self.bars = measured(*paths.values(), leader=0, known=given)
        bars = bars_from(*paths.values())
        self.found = play_bars(None, HOUR, bars, nothing_beside(bars)).found

    def row(self, name: str) -> int:
        """The newest bar of a case."""
        return int(np.flatnonzero(self.bars.asset == self.names.index(name) + LEADER)[-1])

    def closes(self, name: str) -> Any:
        """All closes of a case, oldest first."""
        return self.bars.close[self.bars.asset == self.names.index(name) + LEADER]

    def rated(self, detector: Detector, name: str, step: int = HOUR) -> tuple[float, int]:
        """Score and side of the newest bar, by the levels of a bar length."""
        scores, row = detector.score(self.bars, step), self.row(name)
        return float(scores.score[row]), int(scores.side[row])

    def fires(self, detector: Detector, name: str, step: int = HOUR) -> dict[str, Any]:
        """The evidence of the newest bar, which must be rated beyond its level, and as its evidence says."""
        score, evidence = (
            self.rated(detector, name, step)[0],
            detector.evidence(self.bars, self.row(name), step),
        )
        assert score >= detector.raise_at[step] == evidence["threshold"]
        assert abs(AGAIN[detector.type](evidence) - score) <= 1e-9 * score
        return evidence

    def raised(self, type: str, name: str) -> list[Found]:
        own = self.names.index(name) + LEADER
        return [x for x in self.found if x.raises and (x.finding.type, x.finding.asset) == (type, own)]


def away(e: Any) -> float:
    return abs(e["value"] - e["median"]) / e["scale"]


def parts(e: Any) -> float:
    return min(part["score"] / part["level"] for part in e["parts"] if "score" in part)


def trend(e: Any) -> float:
    z = max(-e["clip"], min(e["clip"], log(e["close"] / e["previous_close"]) / e["scale"]))
    up = max(0.0, e["cusum_up_before"] + z - e["allowance"])
    return max(up, max(0.0, e["cusum_down_before"] - z - e["allowance"]))


def regime(e: Any) -> float:
    ratio = log(e["short_volatility"] / e["long_volatility"])
    return abs(ratio - e["median"]) / max(1.4826 * e["mad"], 0.22)


def exhaustion(e: Any) -> float:
    return abs(e["pivot_rsi_before"] - e["pivot_rsi"])


def cross(e: Any) -> float:
    histogram = e["macd_12_26_9"] - e["macd_signal_12_26_9"]
    assert histogram * e["macd_histogram_12_26_9_before"] < 0
    return abs(histogram) / e["atr_14"]


def squeeze(e: Any) -> float:
    return abs(e["close"] - e["squeeze_middle"]) / e["squeeze_deviation"]


def breakout(e: Any) -> float:
    edge = (
        "donchian_upper_20_before"
        if e["close"] > e["donchian_upper_20_before"]
        else "donchian_lower_20_before"
    )
    beyond = abs(e["close"] - e[edge]) / e["atr_14"]
    volume = (log(e["volume"]["volume"]) - e["volume"]["median"]) / e["volume"]["scale"]
    return min(beyond / e["parts"][0]["level"], volume / e["parts"][1]["level"])


def correlation(e: Any) -> float:
    def fisher(r: float) -> float:
        return atanh(max(-e["near_one"], min(e["near_one"], r)))

    error = sqrt(1 / (e["btc_pairs_short"] - 3) + 1 / (e["btc_pairs_long"] - 3))
    return abs(fisher(e["btc_correlation_short"]) - fisher(e["btc_correlation_long"])) / error


def burst(e: Any) -> float:
    """Price and volume of three bars, as pump_dump and liquidity_cascade rate them, and the parts."""
    move = abs(e["burst_return"]) / (sqrt(3) * e["scale"])
    volume = (e["burst_volume"] - e["volume_median"]) / e["volume_scale"]
    assert abs(move - e["parts"][0]["score"]) < 1e-9
    assert abs(volume - e["parts"][1]["score"]) < 1e-9
    return parts(e)


def accumulation(e: Any) -> float:
    told = [
        (e["held_volume"] - e["volume_median"]) / e["volume_scale"],
        e["expected_range"] / e["held_range"],
        (e["held_close"] - 0.5) / e["place_error"],
    ]
    return min(value / part["level"] for value, part in zip(told, e["parts"][:3], strict=True))


def stress(e: Any) -> float:
    n, k, p = e["assets"], e["beyond"], e["expected_share"]
    return -log10(sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1)))


AGAIN: dict[str, Callable[[Any], float]] = {
    "price_anomaly": away,
    "volume_spike": away,
    "volatility_regime": regime,
    "trend_change": trend,
    "momentum_exhaustion": exhaustion,
    "macd_cross": cross,
    "squeeze_breakout": squeeze,
    "volume_breakout": breakout,
    "correlation_break": correlation,
    "pump_dump": burst,
    "whale_accumulation": accumulation,
    "liquidity_cascade": burst,
    "market_stress": stress,
}
