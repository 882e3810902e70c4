"""Evidence of every detector, made by the detectors themselves: the page must compute each score again.

Columns are drawn at random, most of them in logarithms, from where detectors find something; the
strongest and the weakest findings of each type are kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.models import DAY, HOUR
from shared.signals.detector import NO_BAR, Detector
from shared.signals.detectors import DETECTORS
from shared.signals.families.family import Rows
from shared.signals.moods import Moods
from shared.signals.windows import Measured

N, ASSETS = 4000, 20
NOW = 1_763_726_400_000
KEPT = 4  # of the weakest and of the strongest findings
Rng = np.random.Generator


def cases() -> list[dict[str, Any]]:
    """{type, raw_score, evidence} of several findings of every type, as JSON would carry them."""
    return [case for detector in DETECTORS for case in cases_of(detector)]


def cases_of(detector: Detector) -> list[dict[str, Any]]:
    step = HOUR if HOUR in detector.raise_at else NO_BAR
    rows = rows_for(detector.reads, np.random.default_rng(sum(detector.type.encode())))
    scores = detector.score(rows, step).score
    found = [row for row in np.argsort(scores).tolist() if scores[row] > 0]
    assert len(found) >= 2 * KEPT, f"nothing drawn at random is a {detector.type}"
    return [
        {
            "type": detector.type,
            "raw_score": float(scores[row]),
            "evidence": plain(detector.evidence(rows, row, step)),
        }
        for row in (*found[:KEPT], *found[-KEPT:])
    ]


def plain(value: Any) -> Any:
    """As the store and the API write it: NaN is null, numpy's numbers are numbers."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def rows_for(kind: str, rng: Rng) -> Any:
    if kind == "bars":
        return bars(rng)
    return moods(rng) if kind == "moods" else table(rng)


def near(rng: Rng, middle: float, spread: float = 1.0) -> Any:
    """Positive numbers around a middle, multiplied by up to e^spread."""
    return middle * np.exp(rng.uniform(-spread, spread, N))


def bars(rng: Rng) -> Measured:
    previous = near(rng, 100.0, 3)
    value = rng.standard_t(3, N) * 0.01
    elapsed = np.where(rng.random(N) < 0.2, 3.0, 1.0)
    ones, row = np.ones(N, np.int64), np.arange(N)
    at, asset = NOW - HOUR * (1 + row // ASSETS), 1 + row % ASSETS
    close = previous * np.exp(value * np.sqrt(elapsed))
    return Measured(
        ones, ones, asset, ones, at, close, previous, elapsed, value,
        median=rng.normal(0, 0.0002, N), mad=near(rng, 0.001, 1.5), volume=rng.normal(9, 2, N),
        volume_median=rng.normal(7, 1, N), volume_mad=near(rng, 0.2), base=at - 98 * HOUR,
        first=at - 97 * HOUR, last=at - HOUR, ready=np.ones(N, np.bool_),
        columns=columns(rng, close, previous), leader=1,
    )  # fmt: skip


def columns(rng: Rng, close: Any, previous: Any) -> dict[str, Any]:
    """The engine's columns that detectors read, around what each of them looks for."""
    macd, signal = rng.normal(0, 1, N), rng.normal(0, 1, N)
    z = np.clip(np.log(close / previous) / (scale := near(rng, 0.005)), -3, 3)
    before = rng.exponential(4, (2, N)) * (rng.random((2, N)) < 0.7)
    side, pivot = rng.choice((-1.0, 1.0), N), rng.uniform(20, 80, (2, N))
    short, long = near(rng, 0.01), near(rng, 0.004)
    maybe = rng.random(N) < 0.5
    return {
        "macd_12_26_9": macd, "macd_signal_12_26_9": signal, "macd_histogram_12_26_9": macd - signal,
        "macd_histogram_12_26_9_before": rng.normal(0, 1, N), "atr_14": near(rng, 1.0),
        "cusum_up": np.maximum(0, before[0] + z - 0.5), "cusum_down": np.maximum(0, before[1] - z - 0.5),
        "cusum_up_before": before[0], "cusum_down_before": before[1], "cusum_value": z, "cusum_scale": scale,
        "pivot_side": side, "pivot_close": near(rng, 100.0), "pivot_close_before": near(rng, 100.0),
        "pivot_rsi": pivot[0], "pivot_rsi_before": pivot[1], "pivot_bars": rng.integers(5, 60, N) * 1.0,
        "squeeze_middle": close * (1 + rng.normal(0, 0.02, N)), "squeeze_deviation": close * 0.003,
        "squeeze_width": near(rng, 0.01), "squeeze_age": rng.integers(0, 8, N) * 1.0,
        "btc_correlation_short": rng.uniform(-1, 1, N), "btc_correlation_long": rng.uniform(-1, 1, N),
        "btc_pairs_short": rng.integers(2, 25, N) * 1.0, "btc_pairs_long": rng.integers(20, 169, N) * 1.0,
        "turmoil_short": short, "turmoil_long": long, "turmoil_ratio": np.log(short / long),
        "turmoil_median": rng.normal(0, 0.1, N), "turmoil_mad": near(rng, 0.1),
        "donchian_upper_20_before": close * near(rng, 1.0, 0.02),
        "donchian_lower_20_before": close * near(rng, 0.99, 0.02),
        "burst_return": rng.normal(0, 0.05, N), "burst_volume": rng.normal(10, 2, N),
        "burst_against": near(rng, 0.0005), "burst_range": near(rng, 2.0), "base_range": near(rng, 0.01),
        "base_move": near(rng, 0.001), "base_volume": rng.normal(7, 0.5, N),
        "held_range": near(rng, 0.02), "held_close": rng.uniform(0.5, 1, N),
        "held_volume": rng.normal(9, 1, N), "known_netflow": np.where(maybe, rng.normal(0, 1, N), np.nan),
        "known_liquidations_long": np.where(maybe, near(rng, 10.0), np.nan),
        "known_liquidations_short": np.where(maybe, near(rng, 10.0), np.nan),
    }  # fmt: skip


def moods(rng: Rng) -> Moods:
    counts = rng.integers(3, 30, N) * 1.0, rng.integers(15, 200, N) * 1.0
    squares = near(rng, 2.0), near(rng, 20.0)
    at = np.full(N, NOW)
    return Moods(at, at, counts[0], rng.uniform(-1, 1, N), squares[0], counts[1],
                 rng.uniform(-0.3, 0.3, N), squares[1])  # fmt: skip


def table(rng: Rng) -> Rows:
    """Rows of any family: the columns of all of them together."""
    low = rng.normal(0, 2, N)
    events, slots = rng.integers(0, 300, N) * 1.0, rng.integers(48, 169, N) * 1.0
    made = {
        "n": np.full(N, 96.0), "at": np.full(N, float(NOW)), "since": NOW - near(rng, HOUR * 1.0),
        "first": np.full(N, float(NOW - 4 * DAY)), "last": np.full(N, float(NOW - HOUR)),
        "value": rng.normal(0, 2, N) * 10 ** rng.uniform(-4, 0, N), "median": rng.normal(0, 0.001, N),
        "mad": near(rng, 0.0001, 2), "before": rng.normal(0, 1, N), "before_at": NOW - near(rng, DAY * 1.0),
        "move_mad": near(rng, 0.005), "moves": np.full(N, 95.0),
        "count": rng.integers(0, 60, N) * 1.0, "feeds": rng.integers(1, 9, N) * 1.0, "events": events,
        "slots": slots, "variance": near(rng, 2.0, 2),
        "spread": near(rng, 100.0), "least": near(rng, 80.0), "looks": rng.integers(1, 9, N) * 1.0,
        "low": low, "high": low + near(rng, 0.2), "newest": low, "mid": near(rng, 100.0),
        "reach_bps": near(rng, 80.0), "bid_depth": near(rng, 1e6), "ask_depth": near(rng, 1e6),
        "away": near(rng, 0.01), "agree": rng.integers(2, 5, N) * 1.0, "usual": rng.normal(0, 0.003, N),
        "side": rng.choice((-1.0, 1.0), N),
        "score": rng.random(N), "points": rng.integers(0, 2, N) * 1.0,
    }  # fmt: skip
    return Rows(made, lambda row: {"votes": {"binance": 1.0}, "series": {"name": "tvl:x", "source": "x"}})
