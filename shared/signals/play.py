"""Bars through the detectors: state and columns in, state and findings out. Decides, never acts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from shared.models import HOUR, Finding
from shared.signals import episodes, windows
from shared.signals.bars import Bars, Bools
from shared.signals.beside import Beside
from shared.signals.detector import DIRECTIONS, EXPIRES, Detector, Scores
from shared.signals.detectors import ON_BARS
from shared.signals.detectors.price_anomaly import return_scale
from shared.signals.episodes import Episodes
from shared.signals.state import Carried
from shared.signals.windows import Measured

# Bars played at a time: each is a few hundred columns, and a long backfill shall not take gigabytes.
STRETCH = 4096


@dataclass(frozen=True, slots=True)
class Found:
    """A finding and the `at` of the signal it raises (its own) or belongs to."""

    finding: Finding
    opened: int
    source: int = 0

    @property
    def raises(self) -> bool:
        return self.opened == self.finding.at


def stretches(bars: Bars) -> Iterator[slice | Bools]:
    """Rows of bars to play one after the other: whole instants of time, about STRETCH bars each."""
    edges = np.unique(np.sort(bars.open_time)[STRETCH::STRETCH])
    if not len(edges):
        yield slice(None)
        return
    part = np.searchsorted(edges, bars.open_time, side="right")
    for number in range(len(edges) + 1):
        if (rows := part == number).any():
            yield rows


class Played(NamedTuple):
    """The state behind some bars, what was found on them, and the bars as they were measured."""

    carried: Carried
    found: list[Found]
    measured: Measured


def play_bars(
    carried: Carried | None,
    step: int,
    bars: Bars,
    beside: Beside | None = None,
    silent: Mapping[int, int] | None = None,
) -> Played:
    """Measure and judge, where nothing is asked in between."""
    moved, measured = measure_bars(carried, step, bars, beside)
    return judge_bars(moved, step, measured, silent)


def measure_bars(
    carried: Carried | None, step: int, bars: Bars, beside: Beside | None
) -> tuple[Carried, Measured]:
    """Step every asset over its new bars, with a cold lane for each that has none.

    What was carried is used up: its windows move on in place.
    """
    before = carried or Carried(windows.empty(), {})
    assets, first = np.unique(bars.asset, return_index=True)
    wider = windows.with_lanes(before.windows, assets, bars.source[first])
    lanes = before.windows.asset, wider.asset
    kept = {type: episodes.with_lanes(state, *lanes) for type, state in before.episodes.items()}
    return Carried(wider, kept), windows.step(wider, step, bars, beside)


def judge_bars(
    carried: Carried, step: int, measured: Measured, silent: Mapping[int, int] | None = None
) -> Played:
    """Measured bars through all detectors; `silent`: by asset, the open time up to which nothing is told."""
    kept, found = dict[str, Episodes](), list[Found]()
    for detector in ON_BARS:
        state = carried.episodes.get(detector.type) or episodes.empty(len(carried.windows.asset))
        scores = detector.score(measured, step)
        kept[detector.type], events = episodes.advance(
            state,
            measured.lane,
            measured.tick,
            measured.open_time + step,
            scores,
            ready=measured.ready & (measured.tick >= detector.warmup),
            raise_at=detector.raise_at[step],
            cooldown=detector.cooldown[step],
            expires=EXPIRES[step],
        )
        found += [bar_found(detector, measured, scores, event, step) for event in events]
    if silent:
        found = [one for one in found if one.finding.at - step > silent.get(one.finding.asset, -1)]
    return Played(Carried(carried.windows, kept), in_order(found), measured)


def bar_found(detector: Detector, bars: Measured, scores: Scores, event: episodes.Event, step: int) -> Found:
    evidence = detector.evidence(bars, event.row, step)
    # what one hour usually moves: the yardstick of its outcomes
    evidence["volatility_1h"] = float(return_scale(bars)[event.row]) * sqrt(HOUR / step)
    at, price = int(bars.open_time[event.row]) + step, float(bars.close[event.row])
    asset, source = int(bars.asset[event.row]), int(bars.source[event.row])
    return Found(
        finding(detector, scores, event.row, asset, at, step, evidence, price), event.open_at, source
    )


def finding(
    detector: Detector,
    scores: Scores,
    row: int,
    asset: int,
    at: int,
    step: int,
    evidence: dict[str, Any],
    price: float | None,
) -> Finding:
    direction, raw = DIRECTIONS[int(scores.side[row]) + 1], float(scores.score[row])
    return Finding(detector.type, asset, step, at, direction, raw, evidence, price)


def in_order(found: list[Found]) -> list[Found]:
    return sorted(found, key=lambda one: (one.finding.at, one.finding.asset, one.finding.type))
